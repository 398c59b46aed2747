/**
 * What was asked of the site: the effect that a run has on the world outside, counted where it arrives. Entries are only
 * ever appended, so that a test can hold it against what the engine says it did.
 */

import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { FaultKind } from './faults.ts';

/** How a request was answered. */
export type Outcome = 'served' | FaultKind;

export interface SiteStats {
  /** Requests for pages of the shop; robots.txt, unknown paths and the statistics themselves are not among them. */
  readonly requests: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** How many different pages were asked for. */
  readonly paths: number;
  /** How often the page that was asked for most was asked for. */
  readonly mostOften: number;
  /** Requests of paths that do not exist. */
  readonly unknown: number;
}

/**
 * A new ledger. With a path, every entry is also appended to that file, as a line of JSON: `{path, nth, outcome}`; throws
 * Node's error when that cannot be opened.
 */
export async function openLedger(path?: string): Promise<Ledger> {
  if (path === undefined) return new Ledger();
  const file = createWriteStream(path, { flags: 'a' });
  await once(file, 'open');
  return new Ledger(file);
}

export class Ledger {
  readonly #counts = new Map<string, number>();
  readonly #outcomes: Record<Outcome, number> = { served: 0, error: 0, timeout: 0, malformed: 0, throttled: 0 };
  readonly #file: WriteStream | undefined;
  #unknown = 0;

  constructor(file?: WriteStream) {
    this.#file = file;
  }

  /** Counts a request and answers how often its path has been asked for, this one included. */
  arrived(path: string): number {
    const nth = this.countOf(path) + 1;
    this.#counts.set(path, nth);
    return nth;
  }

  record(path: string, nth: number, outcome: Outcome): void {
    this.#outcomes[outcome] += 1;
    this.#file?.write(`${JSON.stringify({ path, nth, outcome })}\n`);
  }

  recordUnknown(): void {
    this.#unknown += 1;
  }

  /** How often a path was asked for. */
  countOf(path: string): number {
    return this.#counts.get(path) ?? 0;
  }

  stats(): SiteStats {
    let requests = 0;
    let mostOften = 0;
    for (const count of this.#counts.values()) {
      requests += count;
      mostOften = Math.max(mostOften, count);
    }
    const outcomes = { ...this.#outcomes };
    return { requests, outcomes, paths: this.#counts.size, mostOften, unknown: this.#unknown };
  }

  /** Resolves when every entry is in the file. */
  async close(): Promise<void> {
    if (this.#file === undefined || this.#file.closed) return;
    this.#file.end();
    await once(this.#file, 'close');
  }
}
