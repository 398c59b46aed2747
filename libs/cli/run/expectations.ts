/** What a user expects of a run, for scripts: `--expect-items` and `--max-empty`. A run that misses it ends with code 3. */
import { nearestName } from '../../config/config-problem.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { StepPages } from '../status/step-tally.ts';
import { countOf, formatCount } from '../terminal/format.ts';

export interface Expectations {
  /** The fewest items, by type; under the empty name those of all types together. */
  readonly leastItems: ReadonlyMap<string, number>;
  /** The largest share of pages for which a step may yield nothing, 0–1; under the empty name for every other step. */
  readonly mostEmpty: ReadonlyMap<string, number>;
}

export interface ExpectationOptions {
  readonly expectItems?: readonly string[];
  readonly maxEmpty?: readonly string[];
}

/** Throws `cli.bad_expectation` for a wrong number, and for a type or a step that the module does not have. */
export function parseExpectations(
  { expectItems = [], maxEmpty = [] }: ExpectationOptions,
  { itemTypes, steps }: { readonly itemTypes: readonly string[]; readonly steps: readonly { readonly name: string }[] },
): Expectations {
  const names = steps.map(({ name }) => name);
  return {
    leastItems: parse('--expect-items', expectItems, itemTypes, 'type of item', (text) =>
      /^\d{1,15}$/.test(text) ? Number(text) : undefined,
    ),
    mostEmpty: parse('--max-empty', maxEmpty, names, 'step', shareOf),
  };
}

function parse(
  option: string,
  given: readonly string[],
  names: readonly string[],
  what: string,
  numberOf: (text: string) => number | undefined,
): ReadonlyMap<string, number> {
  return new Map(
    given.map((text) => {
      const at = text.lastIndexOf('=');
      const name = at < 0 ? '' : text.slice(0, at);
      const number = numberOf(text.slice(at + 1));
      if (name !== '' && !names.includes(name)) throw unknownName(option, name, names, what);
      if (number === undefined || at === 0) throw badNumber(option, text, names[0] ?? 'name');
      return [name, number];
    }),
  );
}

/** `0.1` and `10%`. */
function shareOf(text: string): number | undefined {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const share = percent === '%' ? Number(digits) / 100 : Number(digits);
  return share <= 1 ? share : undefined;
}

function unknownName(option: string, name: string, names: readonly string[], what: string): CatenaError {
  const nearest = nearestName(name, names);
  return new CatenaError('cli.bad_expectation', `${option} names "${name}", but the module has no such ${what}`, {
    remedy: nearest === undefined ? `there are ${names.join(', ') || 'none'}` : `did you mean ${nearest}?`,
  });
}

function badNumber(option: string, text: string, name: string): CatenaError {
  return new CatenaError('cli.bad_expectation', `${option} got "${text}"`, {
    remedy:
      option === '--max-empty'
        ? `write a share from 0 to 1, or per cent: 0.1, 10%, ${name}=0`
        : `write a whole number: 100, ${name}=100`,
  });
}

export interface Reached {
  readonly items: number;
  readonly itemsByType: ReadonlyMap<string, number>;
  /** Undefined if this process did not parse the pages. */
  readonly steps: readonly StepPages[] | undefined;
}

export interface Judgement {
  /** A sentence for each expectation that is not met. */
  readonly unmet: readonly string[];
  /** Expectations that cannot be judged, in words. */
  readonly unknown: readonly string[];
}

export function judge({ leastItems, mostEmpty }: Expectations, { items, itemsByType, steps }: Reached): Judgement {
  const fewer = [...leastItems].flatMap(([type, least]) => {
    const found = type === '' ? items : (itemsByType.get(type) ?? 0);
    const what = type === '' ? '' : ` of type ${type}`;
    return found >= least
      ? []
      : [`expected at least ${countOf(least, 'item')}${what}, but there are ${formatCount(found)}`];
  });
  if (mostEmpty.size === 0) return { unmet: fewer, unknown: [] };
  if (steps === undefined || steps.length === 0) {
    const unknown = '--max-empty is not judged: this command has parsed no page; add --fresh to run it again';
    return { unmet: fewer, unknown: [unknown] };
  }
  const emptier = steps.flatMap(({ step, pages, empty }) => {
    const most = mostEmpty.get(step) ?? mostEmpty.get('');
    if (most === undefined || empty / pages <= most) return [];
    return [
      `expected at most ${percent(most)} of the pages of step ${step} to yield nothing, but ${emptyText({ pages, empty })} did`,
    ];
  });
  return { unmet: [...fewer, ...emptier], unknown: [] };
}

/** `2 of 5 (40 %)`. */
export function emptyText({ pages, empty }: Pick<StepPages, 'pages' | 'empty'>): string {
  return `${formatCount(empty)} of ${formatCount(pages)} (${percent(empty / pages)})`;
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}
