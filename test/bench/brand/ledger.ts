/** What a provider knows of the calls that reached it: the witness that no bookkeeping of ours can talk round. */

export interface LedgerEntry {
  readonly id: string;
  readonly model: string;
  readonly question: string;
  readonly nth: number;
  /** On the provider's monotonic clock, in milliseconds. */
  readonly startedMs: number;
  /** How long the answer takes, whole, whether it was waited for or not. */
  readonly wholeMs: number;
  /** `cut`: the caller went away before the last word. */
  outcome: 'under_way' | 'answered' | 'cut';
  endedMs: number | null;
  /** Of the whole answer, in millionths of the currency. */
  readonly costMillionths: number;
}

/** How many calls of each model were under way at once, at most. */
export function mostAtOnce(entries: readonly LedgerEntry[]): ReadonlyMap<string, number> {
  return perModel(entries, (own) => {
    const ends = own.map(({ endedMs }) => endedMs ?? Number.POSITIVE_INFINITY);
    return Math.max(
      ...own.map(
        ({ startedMs }) => own.filter((each, at) => each.startedMs <= startedMs && ends[at]! > startedMs).length,
      ),
    );
  });
}

/** How many calls of each model began within any span of so many milliseconds, at most. */
export function mostStarts(entries: readonly LedgerEntry[], spanMs: number): ReadonlyMap<string, number> {
  return perModel(entries, (own) => {
    const starts = own.map(({ startedMs }) => startedMs).sort((a, b) => a - b);
    let first = 0;
    let most = 0;
    for (const [at, start] of starts.entries()) {
      while (starts[first]! <= start - spanMs) first += 1;
      most = Math.max(most, at - first + 1);
    }
    return most;
  });
}

function perModel(
  entries: readonly LedgerEntry[],
  figure: (own: LedgerEntry[]) => number,
): ReadonlyMap<string, number> {
  const models = Map.groupBy(entries, ({ model }) => model);
  return new Map([...models].map(([model, own]) => [model, figure(own)]));
}
