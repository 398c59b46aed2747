/**
 * One round of a work at a time per key. Whoever asks while a round is under way gets the next one, which all who wait
 * share: it begins after they asked, so it sees everything that had happened before.
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
    // How the earlier round ended is the business of those who joined it.
    await current.catch(() => undefined);
    this.#next.delete(key);
    await this.#begin(key);
  }
}
