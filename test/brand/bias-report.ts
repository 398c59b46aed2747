/** `npm run eval:brand -- --bias`: the tables of {@link ./bias.ts}. */
import { table } from '../bench/table.ts';
import { MODEL_LATENCY } from '../brand-flow/latency.ts';
import {
  byPlace,
  byScore,
  demoRun,
  type HeardRun,
  JUDGED,
  type Kept,
  LATE_END_MS,
  labelledRun,
  stabilityOf,
  told,
  type Verdict,
  verdictOn,
} from './bias.ts';
import type { LabelledAnswer } from './labelled-answers.ts';

export const DRAWS = 12;
/** Questions of a run that is as small as the demo's. */
const FEW_QUESTIONS = 3;
const DEMO_SEED = 3;
/** The truth must lie in the printed bounds in this share of runs. */
const GATE = 0.95;

interface Judged {
  readonly before: Verdict;
  readonly now: Verdict;
}

/** The report, and whether it passes. */
export function biasReport(answers: readonly LabelledAnswer[]): { readonly text: string; readonly passes: boolean } {
  const runs = Array.from({ length: DRAWS }, (_, draw) => labelledRun(answers, draw + 1));
  const late = Array.from({ length: DRAWS }, (_, draw) => labelledRun(answers, draw + 1, LATE_END_MS));
  const small = runs.flatMap((run) => parts(run, FEW_QUESTIONS));
  const models = runs.flatMap((run) =>
    Object.keys(MODEL_LATENCY).map((model) => only(run, (row) => row.model === model)),
  );
  const groups = [
    [`runs of ${answers.length} questions`, runs.map(judge)],
    ['the same, each model alone', models.map(judge)],
    [`runs of ${FEW_QUESTIONS} questions`, small.map(judge)],
    [`runs of ${answers.length} questions, heard for 57 s`, late.map(judge)],
  ] as const;
  const rows = groups.flatMap(([name, judged]) =>
    (['before', 'now'] as const).map((which) => [name, which, ...cells(judged.map((each) => each[which]))]),
  );
  const passes = groups.every(([, judged]) => isGood(judged.map(({ now }) => now)));
  const head = ['', '', 'runs', 'in bounds', 'right', ...JUDGED, 'orders', 'wrong'];
  return {
    passes,
    text: [
      `${answers.length} answers × ${Object.keys(MODEL_LATENCY).length} models × ${DRAWS} draws of the latency profile`,
      `after 17 s: ${shares(runs)}; after 57 s: ${shares(late)}`,
      '',
      'in bounds: runs in which the truth lies between least and most of all figures; right: in all their intervals;',
      'by figure: figures in whose interval it lies; orders: of two brands, that the report claims',
      table(head, rows),
      '',
      stabilityText(answers),
      '',
      `the demo, seed ${DEMO_SEED}: questions that name no brand`,
      demoTable(),
    ].join('\n'),
  };
}

function judge({ brands, whole, heard, asWhole }: HeardRun): Judged {
  const truth = told(brands, whole);
  return {
    before: verdictOn(told(brands, asWhole), truth, byScore),
    now: verdictOn(told(brands, heard), truth, byPlace),
  };
}

function isGood(verdicts: readonly Verdict[]): boolean {
  const right = verdicts.filter(({ isRight, isInBounds }) => isRight && isInBounds).length;
  return right / verdicts.length >= GATE && verdicts.every(({ wrongOrders }) => wrongOrders === 0);
}

function cells(verdicts: readonly Verdict[]): string[] {
  const sum = (of: (verdict: Verdict) => number): number => verdicts.reduce((total, each) => total + of(each), 0);
  const right = sum(({ isRight }) => Number(isRight));
  return [
    String(verdicts.length),
    percent(sum(({ isInBounds }) => Number(isInBounds)) / verdicts.length),
    percent(right / verdicts.length),
    ...JUDGED.map((name) =>
      percent(sum(({ figures }) => figures[name]?.right ?? 0) / sum(({ figures }) => figures[name]?.all ?? 0)),
    ),
    String(sum(({ orders }) => orders)),
    String(sum(({ wrongOrders }) => wrongOrders)),
  ];
}

/** A run cut into runs of so many questions. */
function parts(run: HeardRun, count: number): HeardRun[] {
  const questions = [...new Set(run.whole.map(({ question }) => question))];
  return Array.from({ length: Math.floor(questions.length / count) }, (_, part) => {
    const own = new Set(questions.slice(part * count, (part + 1) * count));
    return only(run, ({ question }) => own.has(question));
  });
}

function only(
  { brands, whole, heard, asWhole }: HeardRun,
  holds: (row: HeardRun['whole'][number]) => boolean,
): HeardRun {
  return { brands, whole: whole.filter(holds), heard: heard.filter(holds), asWhole: asWhole.filter(holds) };
}

function shares(runs: readonly HeardRun[]): string {
  const of = (status: 'whole' | 'partial' | 'failed'): string => percent(share(runs, status));
  return `${of('whole')} whole, ${of('partial')} cut off, ${of('failed')} without text`;
}

function share(runs: readonly HeardRun[], status: 'whole' | 'partial' | 'failed'): number {
  const rows = runs.flatMap(({ heard }) => heard);
  return rows.filter((row) => row.status === status).length / rows.length;
}

function stabilityText(answers: readonly LabelledAnswer[]): string {
  const { mentions, listRanks, mentionRanks } = stabilityOf(answers);
  const said = ({ kept, all }: Kept): string => `${kept} of ${all}`;
  return `of answers cut at 20 places the whole answer bears out: mentions ${said(mentions)}, numbers of list items ${said(listRanks)}, order of first mentions ${said(mentionRanks)}`;
}

function demoTable(): string {
  const run = demoRun(DEMO_SEED);
  const [truth, before, now] = [run.whole, run.asWhole, run.heard].map((rows) => told(run.brands, rows));
  const rows = run.brands.map((brand, index) => {
    const mention = now?.figures[index]?.mentionRate;
    const place = now?.scores[index]?.place;
    return [
      brand,
      percent(truth?.figures[index]?.mentionRate.value ?? 0),
      percent(before?.figures[index]?.mentionRate.value ?? 0),
      `${percent(mention?.least ?? 0)}–${percent(mention?.most ?? 1)}`,
      String(truth?.scores[index]?.score),
      String(before?.scores[index]?.score),
      `${now?.scores[index]?.least}–${now?.scores[index]?.most}`,
      String(rankBy(truth?.scores ?? [], index)),
      String(rankBy(before?.scores ?? [], index)),
      place === null || place === undefined ? '–' : `${place.best}–${place.worst}`,
    ];
  });
  return table(['', 'mentioned', 'before', 'now', 'score', 'before', 'now', 'place', 'before', 'now'], rows);
}

function rankBy(scores: ReturnType<typeof told>['scores'], index: number): number {
  const own = scores[index]?.score ?? 0;
  return 1 + scores.filter(({ score }) => (score ?? 0) > own).length;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)}%`;
}
