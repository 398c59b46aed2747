/** Brands that nobody asked for and that answers put beside those that somebody did: offered as rivals of the next run. */
import { fold } from '../extraction/fold.ts';
import { type AnswerRow, answered } from './answer-row.ts';

export interface DiscoveredBrand {
  /** As most answers write it; the common beginning, where answers name several products of it. */
  readonly name: string;
  /** Answers that put it into a list with given brands, of … */
  readonly answers: number;
  /** … so many answers. Cut-off answers may have named more. */
  readonly of: number;
  readonly models: readonly string[];
}

const MAX_SHOWN = 10;
/** A name in a single answer may be anything. */
const FEWEST_ANSWERS = 2;

/** Over questions that name no brand; those in most answers first, then by name. */
export function discoveredBrands(rows: readonly AnswerRow[]): DiscoveredBrand[] {
  const answers = answered(rows).filter(({ branded }) => !branded);
  const found = answers.flatMap(({ model, findings }, answer) =>
    findings.unlisted.map((name) => ({ name, model, answer, key: fold(name.split(' ')[0] ?? '').text })),
  );
  return [...Map.groupBy(found, ({ key }) => key).values()]
    .map((each) => ({
      name: commonBeginning(each.map(({ name }) => name)),
      answers: new Set(each.map(({ answer }) => answer)).size,
      of: answers.length,
      models: [...new Set(each.map(({ model }) => model))].sort(),
    }))
    .filter((each) => each.answers >= FEWEST_ANSWERS)
    .sort((a, b) => b.answers - a.answers || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_SHOWN);
}

/** The words with which all names begin; at least the first word of the first name. */
function commonBeginning(names: readonly string[]): string {
  const [first = [], ...others] = names.map((name) => name.split(' '));
  let count = first.length;
  for (const other of others) {
    while (count > 1 && fold(first.slice(0, count).join(' ')).text !== fold(other.slice(0, count).join(' ')).text)
      count -= 1;
  }
  return first.slice(0, count).join(' ');
}
