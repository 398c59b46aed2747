import { FairQueue, NO_SHARE, type Share } from './fair-queue.ts';
import { Fifo } from './fifo.ts';

/** A number of slots; when none is free, callers wait, and runs take turns. */
export class Slots {
  readonly size: number;
  readonly #waiting = new FairQueue<() => void>();
  readonly #returning = new Fifo<() => void>();
  #taken = 0;
  #aside = 0;
  #idle: (() => void)[] = [];

  constructor(size: number) {
    this.size = size;
  }

  /** Number of slot holders, including those that have lent their slot. */
  get taken(): number {
    return this.#taken + this.#aside;
  }

  /** Takes a slot if one is free and nobody waits for one. */
  tryTake(): boolean {
    if (this.#taken >= this.size || this.#waiting.size + this.#returning.size > 0) return false;
    this.#taken += 1;
    return true;
  }

  take(share: Share = NO_SHARE): Promise<void> | undefined {
    if (this.tryTake()) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve, share));
  }

  /** Lends the holder's slot to others during a wait. Afterwards the holder gets a slot back, before all who wait in line. */
  async aside<T>(wait: () => Promise<T>): Promise<T> {
    this.#aside += 1;
    this.give();
    try {
      return await wait();
    } finally {
      if (!this.tryTake()) await new Promise<void>((resolve) => this.#returning.push(resolve));
      this.#aside -= 1;
    }
  }

  /** Releases a slot: to the next in line, or to the pool. */
  give(): void {
    const next = this.#returning.shift() ?? this.#waiting.shift();
    if (next !== undefined) {
      next();
      return;
    }
    this.#taken -= 1;
    if (this.taken > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }

  /** Resolves when no slot is taken. */
  idle(): Promise<void> {
    if (this.taken === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}
