export interface BacklogOptions {
  /** Messages that may wait. */
  readonly capacity: number;
  /** Asks the server how many messages it has not delivered yet. */
  readonly countPending: () => Promise<number>;
  /** A clock that never jumps, in milliseconds. */
  readonly monotonic: () => number;
}

const FRESH_MS = 1_000;
/** While a queue seems full, senders wait for better news. */
const FRESH_WHEN_FULL_MS = 50;
/** How late a message that was given back may come before it is thought to be with somebody else. */
const GIVEN_BACK_GRACE_MS = 1_000;

/**
 * How many messages wait for a stage, as far as this process knows: what the server said last, and what this process sent,
 * took and gave back since. Between two answers the other processes' doings are missing, so these are estimates; the
 * stream's own limit is what holds.
 */
export class Backlog {
  readonly #options: BacklogOptions;
  readonly #givenBack = new Map<number, number>();
  #pending = 0;
  #changes = 0;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #disturbed = 0;

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  get depth(): number {
    this.#refresh();
    return this.#estimate();
  }

  get room(): number {
    return Math.max(0, this.#options.capacity - this.depth);
  }

  /** Counts a message that is being sent; {@link withdraw} when it was not kept. */
  add(): void {
    this.#pending += 1;
    this.#changes += 1;
  }

  withdraw(): void {
    this.#pending -= 1;
    this.#changes += 1;
  }

  /** A delivery came, under its number in the stream. */
  delivered(sequence: number, redelivered: boolean): void {
    this.#changes += 1;
    if (!redelivered) this.#pending -= 1;
    else this.#givenBack.delete(sequence);
  }

  givenBack(sequence: number, delayMs: number): void {
    this.#givenBack.set(sequence, this.#options.monotonic() + delayMs + GIVEN_BACK_GRACE_MS);
  }

  /** Reads the server's count now; resolves when it is in, or could not be had. */
  read(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  #refresh(): void {
    const ageMs = this.#options.monotonic() - this.#readAtMs;
    const isFull = this.#estimate() >= this.#options.capacity;
    if (ageMs >= (isFull ? FRESH_WHEN_FULL_MS : FRESH_MS)) void this.read();
  }

  async #read(): Promise<void> {
    const before = this.#changes;
    try {
      const pending = await this.#options.countPending();
      // An answer that was given while messages moved may count some twice. Taken all the same when there is no quieter one.
      this.#disturbed = this.#changes === before ? 0 : this.#disturbed + 1;
      if (this.#disturbed === 0 || this.#disturbed > 2) this.#pending = pending;
    } catch {
      // The last estimate stands; whoever publishes or pulls finds out what is wrong.
    }
    this.#readAtMs = this.#options.monotonic();
  }

  #estimate(): number {
    const now = this.#options.monotonic();
    for (const [sequence, untilMs] of this.#givenBack) if (untilMs < now) this.#givenBack.delete(sequence);
    return Math.max(0, this.#pending) + this.#givenBack.size;
  }
}
