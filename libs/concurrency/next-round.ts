/**
 * Runs at most one round of work at a time per key. Callers during a round share the next one. It begins after their calls, so it
 * sees everything that happened before.
 */
export class NextRound {
  readonly #work: (key: string) => Promise<void>;
  readonly #current = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  constructor(work: (key: string) => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when a round that began after this call has ended. */
  join(key: string): Promise<void> {
    const current = this.#current.get(key);
    if (current === undefined) return this.#begin(key);
    const waiting = this.#next.get(key) ?? this.#after(key, current);
    this.#next.set(key, waiting);
    return waiting;
  }

  #begin(key: string): Promise<void> {
    const round = this.#work(key).finally(() => {
      if (this.#current.get(key) === round) this.#current.delete(key);
    });
    this.#current.set(key, round);
    return round;
  }

  async #after(key: string, current: Promise<void>): Promise<void> {
    // Only the callers of the earlier round get its error.
    await current.catch(() => undefined);
    this.#next.delete(key);
    await this.#begin(key);
  }
}
