/**
 * A queue that serves in turn: classes by their weights, within a class the accounts, within an account the runs, within a run
 * what came first. So one run with many entries does not keep the others waiting, and no class waits for ever.
 *
 * Classes are served by stride: each service moves a class on by 1 / weight, and the one that is least far on is next. A class that
 * was empty begins where the others are.
 */
import { type Link, LinkedList } from './linked-list.ts';

/** Whose turn an entry takes. */
export interface Share {
  /** Greater weights are served more often, in proportion. */
  readonly weight: number;
  readonly account: string;
  readonly runId: string;
}

/** For what belongs to no run. */
export const NO_SHARE: Share = { weight: 4, account: '', runId: '' };

/** An entry that waits. */
export interface Queued<T> {
  readonly runId: string;
  readonly link: Link<T>;
}

export class FairQueue<T> {
  readonly #classes = new Map<number, ClassOfRuns<T>>();
  readonly #runs = new Map<string, EntriesOfRun<T>>();
  #size = 0;
  /** How far on the class is that was served last. */
  #reached = 0;

  get size(): number {
    return this.#size;
  }

  /** Number of entries of a run. */
  sizeOf(runId: string): number {
    return this.#runs.get(runId)?.entries.size ?? 0;
  }

  /** Number of runs with entries. */
  get runs(): number {
    return this.#runs.size;
  }

  /** Returns what {@link remove} needs. Entries of a run that waits already join it, whatever their share says. */
  push(value: T, share: Share = NO_SHARE): Queued<T> {
    const { runId } = share;
    const run = this.#runs.get(runId) ?? this.#begin(share);
    this.#size += 1;
    return { runId, link: run.entries.push(value) };
  }

  shift(): T | undefined {
    const next = this.#nextClass();
    if (next === undefined) return undefined;
    const [weight, ofClass] = next;
    this.#reached = ofClass.passed;
    ofClass.passed += 1 / weight;
    const [account, runs] = ofClass.accounts.next();
    const [runId, run] = runs.next();
    const value = run.entries.shift();
    if (run.entries.size > 0) runs.back(runId, run);
    else this.#runs.delete(runId);
    if (!runs.isEmpty) ofClass.accounts.back(account, runs);
    this.#size -= 1;
    return value;
  }

  /** Takes an entry out that waits; does nothing for one that was served or removed before. */
  remove({ runId, link }: Queued<T>): void {
    if (!link.isListed) return;
    const { entries, share } = this.#runs.get(runId)!;
    entries.remove(link);
    this.#size -= 1;
    if (entries.size > 0) return;
    this.#runs.delete(runId);
    const { accounts } = this.#classes.get(share.weight)!;
    const runs = accounts.get(share.account)!;
    runs.remove(runId);
    if (runs.isEmpty) accounts.remove(share.account);
  }

  clear(): void {
    this.#classes.clear();
    this.#runs.clear();
    this.#size = 0;
  }

  #begin(share: Share): EntriesOfRun<T> {
    const run: EntriesOfRun<T> = { share, entries: new LinkedList() };
    this.#runs.set(share.runId, run);
    const ofClass = this.#classOf(share.weight);
    if (ofClass.accounts.isEmpty) ofClass.passed = Math.max(ofClass.passed, this.#reached);
    ofClass.accounts.of(share.account, () => new Turns<EntriesOfRun<T>>()).back(share.runId, run);
    return run;
  }

  #classOf(weight: number): ClassOfRuns<T> {
    const known = this.#classes.get(weight);
    if (known !== undefined) return known;
    const created: ClassOfRuns<T> = { passed: 0, accounts: new Turns() };
    this.#classes.set(weight, created);
    return created;
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

interface EntriesOfRun<T> {
  readonly share: Share;
  readonly entries: LinkedList<T>;
}

interface ClassOfRuns<T> {
  passed: number;
  readonly accounts: Turns<Turns<EntriesOfRun<T>>>;
}

/** What takes turns, by name. */
class Turns<Member> {
  readonly #order = new LinkedList<readonly [name: string, member: Member]>();
  readonly #links = new Map<string, Link<readonly [name: string, member: Member]>>();

  get isEmpty(): boolean {
    return this.#order.size === 0;
  }

  get(name: string): Member | undefined {
    return this.#links.get(name)?.value[1];
  }

  /** The member of this name; a new one comes last. */
  of(name: string, create: () => Member): Member {
    const known = this.get(name);
    if (known !== undefined) return known;
    const created = create();
    this.back(name, created);
    return created;
  }

  /** Takes the next one out. There must be one. */
  next(): readonly [name: string, member: Member] {
    const first = this.#order.shift()!;
    this.#links.delete(first[0]);
    return first;
  }

  /** Puts one in: it comes last. */
  back(name: string, member: Member): void {
    this.#links.set(name, this.#order.push([name, member]));
  }

  remove(name: string): void {
    this.#order.remove(this.#links.get(name)!);
    this.#links.delete(name);
  }
}
