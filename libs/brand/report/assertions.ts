/**
 * Statements about a report that hold or do not, for pipelines: `mention(Acme) >= 0.3`. A statement is judged by the bounds of its
 * figure: it holds if it holds whatever was not heard, fails if it fails whatever was not heard, and is unknown otherwise.
 */
import { CatenaError } from '../../errors/catena-error.ts';
import type { Figure } from '../figures/figure.ts';
import type { FigureName } from '../figures/observation.ts';
import { BRAND_SCALES } from '../figures/observation.ts';
import type { ReportItem } from '../module/items.ts';
import { interval, valueText } from './numbers.ts';

/** The names of figures in statements. */
const NAMES: Readonly<Record<string, FigureName>> = {
  mention: 'mentionRate',
  first: 'firstMentionRate',
  rank: 'averageRank',
  top3: 'top3Rate',
  voice: 'shareOfVoice',
  citation: 'citationRate',
  recommended: 'recommendationRate',
  sentiment: 'sentiment',
  interception: 'interception',
};
const SCORE = 'score';
const STATEMENT = /^\s*([a-z\d]+)\s*\(\s*(.*?)\s*\)\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)(\s*%)?\s*$/i;
const COMPARE: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '>=': (value, limit) => value >= limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '<': (value, limit) => value < limit,
};

export interface Assertion {
  /** As written. */
  readonly text: string;
  readonly figure: FigureName | typeof SCORE;
  readonly brand: string;
  readonly operator: string;
  readonly limit: number;
}

export interface Judgement {
  readonly text: string;
  readonly verdict: 'holds' | 'fails' | 'unknown';
  /** What the report says of the figure. */
  readonly found: string;
}

/** Throws `brand.bad_assertion`, with what may be written. */
export function parseAssertion(text: string, brands: readonly string[]): Assertion {
  const [, name = '', brand = '', operator = '', number = '', percent] = STATEMENT.exec(text) ?? [];
  const known = [...Object.keys(NAMES), SCORE].join(', ');
  const bad = (what: string, remedy: string): CatenaError =>
    new CatenaError('brand.bad_assertion', `"${text}" cannot be checked: ${what}`, {
      data: { assertion: text },
      remedy,
    });
  if (operator === '')
    throw bad('it is no comparison', `write a figure, a brand and a number, as in "mention(Acme) >= 0.3"`);
  const lower = name.toLowerCase();
  const figure = lower === SCORE ? SCORE : Object.hasOwn(NAMES, lower) ? NAMES[lower] : undefined;
  if (figure === undefined) throw bad(`there is no figure "${name}"`, `the figures are ${known}`);
  if (!brands.includes(brand)) throw bad(`no brand "${brand}" is diagnosed`, `the brands are ${brands.join(', ')}`);
  return { text: text.trim(), figure, brand, operator, limit: Number(number) / (percent === undefined ? 1 : 100) };
}

/** Of the questions that name no brand. */
export function judged({ text, figure, brand, operator, limit }: Assertion, report: ReportItem): Judgement {
  const { brands } = report.figures.bare.overall;
  const own = brands.find((each) => each.brand === brand);
  const score = report.scores.find((each) => each.brand === brand);
  const bounds = figure === SCORE ? score : own?.[figure];
  const holds = COMPARE[operator] as (value: number, limit: number) => boolean;
  const { least = null, most = null } = bounds ?? {};
  if (least === null || most === null) return { text, verdict: 'unknown', found: 'no answer says anything of it' };
  const [atLeast, atMost] = [holds(least, limit), holds(most, limit)];
  const found = figure === SCORE ? `${least}–${most} of 100` : described(own?.[figure] as Figure, figure);
  return { text, verdict: atLeast === atMost ? (atLeast ? 'holds' : 'fails') : 'unknown', found };
}

function described(figure: Figure, name: FigureName): string {
  const scale = BRAND_SCALES[name];
  const unheard = figure.unknown === 0 ? '' : `, ${figure.unknown} of them cut off before it was known`;
  const answers = `${figure.denominator} counted${unheard}`;
  return `${valueText(figure, scale)}, 95 % interval ${interval(figure, scale)}, ${answers}`;
}
