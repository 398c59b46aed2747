/**
 * Sums failures up: those of one kind are one entry, with the author's line and one example. A run of a thousand pages that all fail
 * in the same line has one thing to say.
 */

/** A failure of a node. */
export interface FailureSeen {
  /** `name@version`. */
  readonly moduleId: string;
  readonly step: string;
  readonly code: string;
  readonly message: string;
  /** `file:line:column` of the author's code, if the failure has one. */
  readonly at?: string | undefined;
}

/** Failures of one kind: the same step and code, at the same line or, without a line, with messages of one pattern. */
export interface FailureKind<Seen extends FailureSeen = FailureSeen> extends FailureSeen {
  /** The message without what differs from node to node: `…` for each number, address, path and quoted text. */
  readonly pattern: string;
  readonly count: number;
  /** The first failure of the kind; `message` is its message. */
  readonly example: Seen;
}

/** Codes of nodes that did not fail by themselves: they follow from other failures, and say nothing about the cause. */
const CONSEQUENCES: ReadonlySet<string> = new Set(['terminated', 'cancelled', 'deadline_exceeded']);

/** The most kinds that are told apart; a run with more of them is described by these well enough. */
export const MAX_KINDS = 200;

interface Group<Seen> {
  readonly example: Seen;
  readonly pattern: string;
  count: number;
}

/** Sums failures up one by one, in bounded memory. */
export class FailureKinds<Seen extends FailureSeen> {
  readonly #groups = new Map<string, Group<Seen>>();
  #rest = 0;

  /** Counts a failure; returns whether it is the first of its kind. */
  add(failure: Seen): boolean {
    const pattern = patternOf(failure.message);
    const { moduleId, step, code, at } = failure;
    const key = [moduleId, step, code, at ?? pattern].join('\n');
    const group = this.#groups.get(key);
    if (group !== undefined) {
      group.count += 1;
      return false;
    }
    if (this.#groups.size >= MAX_KINDS) {
      this.#rest += 1;
      return false;
    }
    this.#groups.set(key, { example: failure, pattern, count: 1 });
    return true;
  }

  /** How many failures were of further kinds, which are not told apart. */
  get rest(): number {
    return this.#rest;
  }

  /** The kinds so far: causes before consequences, then the most frequent first. */
  list(): FailureKind<Seen>[] {
    const kinds = [...this.#groups.values()].map(({ example, pattern, count }): FailureKind<Seen> => {
      const { moduleId, step, code, message, at } = example;
      return { moduleId, step, code, message, ...(at === undefined ? {} : { at }), pattern, count, example };
    });
    return kinds.sort(
      (one, other) => Number(isConsequence(one)) - Number(isConsequence(other)) || other.count - one.count,
    );
  }
}

/** Sums failures up. */
export function groupFailures<Seen extends FailureSeen>(failures: Iterable<Seen>): FailureKind<Seen>[] {
  const kinds = new FailureKinds<Seen>();
  for (const failure of failures) kinds.add(failure);
  return kinds.list();
}

/** Whether a node did not fail by itself: the end of its run, its module or its phase ended it. */
export function isConsequence({ code }: Pick<FailureSeen, 'code'>): boolean {
  return CONSEQUENCES.has(code);
}

/** Longer messages differ in their tails only by what they quote. */
const PATTERN_CHARS = 400;

/** Addresses, paths with a position, quoted text, ids and numbers: what differs between nodes that failed the same way. */
const DIFFERING =
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'`()<>]+|(?:[A-Za-z]:)?[\\/][^\s"'`()<>]*:\d+(?::\d+)?|"(?:[^"\\]|\\.)*"|'[^'\n]*'|`[^`\n]*`|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b|\d+(?:[.,]\d+)*/gi;

/** A message without what differs from node to node. */
export function patternOf(message: string): string {
  return message.slice(0, PATTERN_CHARS).replace(DIFFERING, '…');
}

/** A kind in one line, for the end of a run and for its record: `20 × page  parse.threw: … at shop.ts:12:7`. */
export function kindText({ count, step, code, message }: FailureKind): string {
  return `${count} × ${step}  ${code}: ${message}`;
}
