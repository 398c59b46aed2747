/**
 * Compares what two coordinators say stands due. WakeUps must be the same. Of what a scope or a lease needs, each side may
 * choose how soon it says so again: one may stay silent about what it has said a moment ago, but not for longer. A look for what a cap
 * leaves out may find nothing, so each side may look when it likes.
 */
import type { DueEntry, DueTakeOutcome } from '../../../libs/coordination/protocol/sweep.ts';
import { canonical } from './normal-form.ts';

export class DueLooks {
  /** When each side last said it, on the coordinators' clock. */
  readonly #left = new Map<string, number>();
  readonly #right = new Map<string, number>();
  readonly #patienceMs: number;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** What differs beyond that, and the union of both to act on. */
  compare(
    left: DueTakeOutcome,
    right: DueTakeOutcome,
    nowMs: number,
    isOfCap: (entry: DueEntry) => boolean = () => false,
  ): { found: string[]; entries: DueEntry[] } {
    const inLeft = byKey(left.entries);
    const inRight = byKey(right.entries);
    const found: string[] = [];
    if (left.more || right.more) found.push(`more: ${left.more} | ${right.more}, though the limit was not reached`);
    if (inLeft.size < left.entries.length) found.push('the left side says something twice');
    if (inRight.size < right.entries.length) found.push('the right side says something twice');
    for (const [key, entry] of inLeft) {
      if (!inRight.has(key) && !isOfCap(entry) && !this.#saidLately(this.#right, entry, key, nowMs))
        found.push(`${key} | nothing`);
    }
    for (const [key, entry] of inRight) {
      if (!inLeft.has(key) && !isOfCap(entry) && !this.#saidLately(this.#left, entry, key, nowMs))
        found.push(`nothing | ${key}`);
    }
    for (const key of inLeft.keys()) this.#left.set(key, nowMs);
    for (const key of inRight.keys()) this.#right.set(key, nowMs);
    return { found, entries: [...new Map([...inLeft, ...inRight]).values()] };
  }

  #saidLately(side: ReadonlyMap<string, number>, entry: DueEntry, key: string, nowMs: number): boolean {
    if (entry.kind === 'notify') return false;
    const saidAtMs = side.get(key);
    return saidAtMs !== undefined && nowMs - saidAtMs < this.#patienceMs;
  }
}

function byKey(entries: readonly DueEntry[]): Map<string, DueEntry> {
  return new Map(entries.map((entry) => [canonical(entry), entry]));
}
