/**
 * What cut-off answers do to a report. Every labelled answer is given to the four models of the latency profile as their answer to a
 * question of its own, and is cut where the profile says that the time was over. The same answers whole are the truth. A report is
 * right about a figure if the truth lies in its printed interval, and about an order of two brands if the whole answers say the same.
 */
import { extractAnswer } from '../../libs/brand/extraction/extract-answer.ts';
import type { AnswerRow } from '../../libs/brand/figures/answer-row.ts';
import { type BrandFigures, brandFigures } from '../../libs/brand/figures/brand-figures.ts';
import type { FigureName } from '../../libs/brand/figures/observation.ts';
import { type BrandScore, brandScores } from '../../libs/brand/figures/scores.ts';
import { BRANDS as DEMO_BRANDS, QUESTIONS as DEMO_QUESTIONS, makeAnswer } from '../brand-flow/answers.ts';
import { drawLatencyMs, MODEL_LATENCY } from '../brand-flow/latency.ts';
import { FIRST_WORD } from '../brand-flow/models.ts';
import { Random } from '../brand-flow/random.ts';
import { brandsOf, type LabelledAnswer } from './labelled-answers.ts';

/** When calls end: 20 seconds less the reserve for the analysis. */
export const CALLS_END_MS = 17_000;
/** The same for a report that waits for its answers: 60 seconds less the reserve. */
export const LATE_END_MS = 57_000;
/** Each answer has its own brands; they are counted by their place in its list. No answer has fewer. */
const ROLES = ['brand 1', 'brand 2', 'brand 3'] as const;
export const JUDGED: readonly FigureName[] = ['mentionRate', 'averageRank', 'shareOfVoice', 'interception'];

/** Calls as they are and as they were heard. */
export interface HeardRun {
  readonly brands: readonly string[];
  readonly whole: readonly AnswerRow[];
  readonly heard: readonly AnswerRow[];
  /** The heard rows as they were read before: a cut-off answer like a whole one. */
  readonly asWhole: readonly AnswerRow[];
}

/** One draw of the latency profile over the given answers, cut after so many milliseconds. */
export function labelledRun(answers: readonly LabelledAnswer[], seed: number, endMs: number = CALLS_END_MS): HeardRun {
  const random = new Random(seed);
  const calls = answers.flatMap((answer) =>
    Object.keys(MODEL_LATENCY).map((model) => {
      const brands = brandsOf(answer).slice(0, ROLES.length);
      const { id: question, text, question: asked, citations } = answer;
      const given = citations.map(({ url, title }) => ({ url, ...(title === undefined ? {} : { title }) }));
      const read = (heard: string, isWhole: boolean) => {
        const found = extractAnswer({ text: heard, question: asked, brands, citations: given, isWhole });
        return { ...found, brands: found.brands.map((each, role) => ({ ...each, brand: ROLES[role] ?? '' })) };
      };
      return heardCall({ question, model, text, read }, random, endMs);
    }),
  );
  return heardRun(ROLES, calls);
}

/** How many findings of beginnings of answers are still true of the whole answers. */
export interface Stability {
  readonly mentions: Kept;
  /** Numbers of list items. */
  readonly listRanks: Kept;
  /** Places in the order of first mentions. */
  readonly mentionRanks: Kept;
}

export interface Kept {
  readonly kept: number;
  readonly all: number;
}

/** Every answer cut at 20 places, evenly spaced. */
export function stabilityOf(answers: readonly LabelledAnswer[], places = 20): Stability {
  const counts = { mentions: [0, 0], listRanks: [0, 0], mentionRanks: [0, 0] } satisfies Record<
    keyof Stability,
    number[]
  >;
  const count = (name: keyof Stability, isKept: boolean): void => {
    counts[name][0] = (counts[name][0] ?? 0) + Number(isKept);
    counts[name][1] = (counts[name][1] ?? 0) + 1;
  };
  for (const answer of answers) {
    const read = (text: string, isWhole: boolean) =>
      extractAnswer({ text, question: answer.question, brands: brandsOf(answer), isWhole }).brands;
    const whole = read(answer.text, true);
    for (let place = 1; place <= places; place += 1) {
      const heard = read(answer.text.slice(0, Math.floor((answer.text.length * place) / (places + 1))), false);
      for (const [index, found] of heard.entries()) {
        const own = whole[index];
        if (!found.mentioned || own === undefined) continue;
        count('mentions', own.mentioned);
        if (!own.mentioned) continue;
        if (found.rankSource === 'list') count('listRanks', own.rank === found.rank);
        count('mentionRanks', own.mentionRank === found.mentionRank);
      }
    }
  }
  const kept = ([right = 0, all = 0]: readonly number[]): Kept => ({ kept: right, all });
  return {
    mentions: kept(counts.mentions),
    listRanks: kept(counts.listRanks),
    mentionRanks: kept(counts.mentionRanks),
  };
}

/** The run that `npm run demo:brand` makes with its seed; its answers and times are drawn in the same order. */
export function demoRun(seed: number): HeardRun {
  const random = new Random(seed);
  const brands = DEMO_BRANDS.map((name) => ({ name }));
  const calls = DEMO_QUESTIONS.flatMap((question) =>
    Object.keys(MODEL_LATENCY).map((model) => {
      const text = makeAnswer(question, random);
      const read = (heard: string, isWhole: boolean) => extractAnswer({ text: heard, question, brands, isWhole });
      return { branded: question.includes(DEMO_BRANDS[0]), ...heardCall({ question, model, text, read }, random) };
    }),
  );
  return heardRun(
    DEMO_BRANDS,
    calls.filter(({ branded }) => !branded),
  );
}

interface Asked {
  readonly question: string;
  readonly model: string;
  readonly text: string;
  readonly read: (heard: string, isWhole: boolean) => AnswerRow['findings'] & object;
}

type HeardCall = Readonly<Record<'whole' | 'heard' | 'asWhole', AnswerRow>>;

function heardCall({ question, model, text, read }: Asked, random: Random, endMs: number = CALLS_END_MS): HeardCall {
  const wholeMs = drawLatencyMs(MODEL_LATENCY[model] ?? { p50: 1, p90: 2 }, random);
  const share = (endMs / wholeMs - FIRST_WORD) / (1 - FIRST_WORD);
  const row = { question, model, branded: false, repeat: 1 };
  const whole: AnswerRow = { ...row, status: 'whole', findings: read(text, true) };
  if (share >= 1) return { whole, heard: whole, asWhole: whole };
  const heard = text.slice(0, Math.max(0, Math.floor(share * text.length)));
  const failed: AnswerRow = { ...row, status: 'failed', findings: null };
  if (heard.trim() === '') return { whole, heard: failed, asWhole: failed };
  return {
    whole,
    heard: { ...row, status: 'partial', findings: read(heard, false) },
    asWhole: { ...row, status: 'whole', findings: read(heard, true) },
  };
}

function heardRun(brands: readonly string[], calls: readonly HeardCall[]): HeardRun {
  const rows = (which: keyof HeardCall) => calls.map((call) => call[which]);
  return { brands, whole: rows('whole'), heard: rows('heard'), asWhole: rows('asWhole') };
}

export interface Told {
  readonly figures: readonly BrandFigures[];
  readonly scores: readonly BrandScore[];
}

/** What a report says of these rows. */
export function told(brands: readonly string[], rows: readonly AnswerRow[]): Told {
  const figures = brands.map((brand) => brandFigures(rows, brand));
  return { figures, scores: brandScores(figures) };
}

/** How far a report is right: counts, to be added up over runs. */
export interface Verdict {
  /** Figures that the truth has a value of, by name. */
  readonly figures: Readonly<Record<string, { readonly right: number; readonly all: number }>>;
  /** Whether the truth lies in the interval of every figure. */
  readonly isRight: boolean;
  /** Whether it lies between the least and the most of every figure. */
  readonly isInBounds: boolean;
  /** Orders of two brands that the report claims, and those that the whole answers contradict. */
  readonly orders: number;
  readonly wrongOrders: number;
}

/** Rounding of a sum of doubles. */
const EPSILON = 1e-9;

export function verdictOn(
  report: Told,
  truth: Told,
  claims: (scores: readonly BrandScore[]) => readonly Order[],
): Verdict {
  const judged = JUDGED.flatMap((name) =>
    truth.figures.flatMap((own, index) => {
      const { value } = own[name];
      const figure = report.figures[index]?.[name];
      return value === null || figure === undefined ? [] : [{ name, figure, value }];
    }),
  );
  const figures = Object.fromEntries(
    JUDGED.map((name) => {
      const own = judged.filter((each) => each.name === name);
      const right = own.filter(({ figure: { low, high }, value }) => holds(low, high, value)).length;
      return [name, { right, all: own.length }];
    }),
  );
  const orders = claims(report.scores);
  const scoreOf = (brand: string): number => truth.scores.find((each) => each.brand === brand)?.score ?? 0;
  return {
    figures,
    isRight: Object.values(figures).every(({ right, all }) => right === all),
    isInBounds: judged.every(({ figure: { least, most }, value }) => holds(least, most, value)),
    orders: orders.length,
    wrongOrders: orders.filter(({ ahead, behind }) => scoreOf(ahead) <= scoreOf(behind)).length,
  };
}

/** A figure that prints no interval claims nothing. */
function holds(low: number | null, high: number | null, value: number): boolean {
  return low === null || high === null || (low <= value + EPSILON && high >= value - EPSILON);
}

export interface Order {
  readonly ahead: string;
  readonly behind: string;
}

/** The orders that places claim: one brand surely before another. */
export function byPlace(scores: readonly BrandScore[]): Order[] {
  return pairs(
    scores,
    (one, other) => one.place !== null && other.place !== null && one.place.worst < other.place.best,
  );
}

/** The orders that scores claimed before: the higher one is ahead. */
export function byScore(scores: readonly BrandScore[]): Order[] {
  return pairs(scores, (one, other) => (one.score ?? 0) > (other.score ?? 0));
}

function pairs(scores: readonly BrandScore[], isAhead: (one: BrandScore, other: BrandScore) => boolean): Order[] {
  return scores.flatMap((one) =>
    scores.filter((other) => isAhead(one, other)).map((other) => ({ ahead: one.brand, behind: other.brand })),
  );
}
