/**
 * A queue that serves in turn: classes by their weights, within a class the accounts, within an account the runs, within a run
 * what came first. So one run with many entries does not keep the others waiting, and no class waits for ever.
 *
 * Classes are served by stride: each service moves a class on by 1 / weight, and the one that is least far on is next. A class that
 * was empty begins where the others are.
 */
import { Fifo } from './fifo.ts';

/** Whose turn an entry takes. */
export interface Share {
  /** Greater weights are served more often, in proportion. */
  readonly weight: number;
  readonly account: string;
  readonly runId: string;
}

/** For what belongs to no run. */
export const NO_SHARE: Share = { weight: 4, account: '', runId: '' };

export class FairQueue<T> {
  readonly #classes = new Map<number, ClassOfRuns<T>>();
  readonly #sizes = new Map<string, number>();
  #size = 0;
  /** How far on the class is that was served last. */
  #reached = 0;

  get size(): number {
    return this.#size;
  }

  /** Number of entries of a run. */
  sizeOf(runId: string): number {
    return this.#sizes.get(runId) ?? 0;
  }

  /** Number of runs with entries. */
  get runs(): number {
    return this.#sizes.size;
  }

  push(value: T, share: Share = NO_SHARE): void {
    let ofClass = this.#classes.get(share.weight);
    if (ofClass === undefined) {
      ofClass = { passed: 0, accounts: new Turns() };
      this.#classes.set(share.weight, ofClass);
    }
    if (ofClass.accounts.isEmpty) ofClass.passed = Math.max(ofClass.passed, this.#reached);
    const runs = ofClass.accounts.of(share.account, () => new Turns<Fifo<T>>());
    runs.of(share.runId, () => new Fifo<T>()).push(value);
    this.#sizes.set(share.runId, this.sizeOf(share.runId) + 1);
    this.#size += 1;
  }

  shift(): T | undefined {
    const next = this.#nextClass();
    if (next === undefined) return undefined;
    const [weight, ofClass] = next;
    this.#reached = ofClass.passed;
    ofClass.passed += 1 / weight;
    const [account, runs] = ofClass.accounts.next();
    const [runId, values] = runs.next();
    const value = values.shift();
    if (values.size > 0) runs.back(runId, values);
    if (!runs.isEmpty) ofClass.accounts.back(account, runs);
    const left = this.sizeOf(runId) - 1;
    if (left === 0) this.#sizes.delete(runId);
    else this.#sizes.set(runId, left);
    this.#size -= 1;
    return value;
  }

  clear(): void {
    this.#classes.clear();
    this.#sizes.clear();
    this.#size = 0;
  }

  #nextClass(): [weight: number, ofClass: ClassOfRuns<T>] | undefined {
    let first: [number, ClassOfRuns<T>] | undefined;
    for (const entry of this.#classes) {
      if (entry[1].accounts.isEmpty) continue;
      if (first === undefined || entry[1].passed < first[1].passed) first = entry;
    }
    return first;
  }
}

interface ClassOfRuns<T> {
  passed: number;
  readonly accounts: Turns<Turns<Fifo<T>>>;
}

/** What takes turns, by name: a map keeps the order of insertion, so the first key is the one that waits longest. */
class Turns<Member> {
  readonly #members = new Map<string, Member>();

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** The member of this name; a new one comes last. */
  of(name: string, create: () => Member): Member {
    const known = this.#members.get(name);
    if (known !== undefined) return known;
    const created = create();
    this.#members.set(name, created);
    return created;
  }

  /** Takes the next one out. There must be one. */
  next(): [name: string, member: Member] {
    const [first] = this.#members;
    this.#members.delete(first![0]);
    return first!;
  }

  /** Puts one back that was taken out: it comes last. */
  back(name: string, member: Member): void {
    this.#members.set(name, member);
  }
}
