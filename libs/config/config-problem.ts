/** The origin of a value, for people: `default`, `catena.yaml line 3`, `CATENA_LEASE_MS`, `command line`. */
export type Origin = string;

/** One problem of the configuration. */
export interface ConfigProblem {
  /** The setting, or the unknown name, or the file. */
  readonly key: string;
  readonly origin: Origin;
  /** The value and the expected one, in words; secrets redacted. */
  readonly problem: string;
  readonly remedy: string;
}

/** The name most similar to a mistyped one; undefined if none is similar enough. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const name of names) {
    if (Math.abs(name.length - typed.length) >= fewest) continue;
    const edits = editDistance(typed, name);
    if (edits < fewest) {
      fewest = edits;
      nearest = name;
    }
  }
  return nearest;
}

/**
 * The number of insertions, deletions, replacements and exchanges of two neighbours that turn one text into the other, none of which
 * touches the same character twice (optimal string alignment, row by row).
 */
function editDistance(from: string, to: string): number {
  let twoAbove: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      const isExchange = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const exchanged = isExchange ? twoAbove[column - 2]! + 1 : replaced;
      current.push(Math.min(replaced, exchanged, above[column]! + 1, current[column - 1]! + 1));
    }
    twoAbove = above;
    above = current;
  }
  return above[to.length]!;
}
