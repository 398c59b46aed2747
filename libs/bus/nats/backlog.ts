export interface BacklogOptions {
  /** Capacity, in messages. */
  readonly capacity: number;
  /** Asks the server for the number of undelivered messages. */
  readonly countPending: () => Promise<number>;
  /** A clock that never jumps, in milliseconds. */
  readonly monotonic: () => number;
}

const FRESH_MS = 1_000;
/** How often the count is read again while the queue seems full. */
const FRESH_WHEN_FULL_MS = 50;
/** How late a returned message may come before another process is assumed to have it. */
const RETURNED_GRACE_MS = 1_000;

/**
 * An estimate of the messages that wait for a stage: the server's last count, plus what this process has sent, received and
 * returned since. It misses the other processes between two counts; the stream's own limit is exact.
 */
export class Backlog {
  readonly #options: BacklogOptions;
  readonly #returned = new Map<number, number>();
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

  /** Counts a message that is being sent; {@link withdraw} it when the server did not store it. */
  add(): void {
    this.#pending += 1;
    this.#changes += 1;
  }

  withdraw(): void {
    this.#pending -= 1;
    this.#changes += 1;
  }

  /** Counts a delivery, by its number in the stream. */
  delivered(sequence: number, redelivered: boolean): void {
    this.#changes += 1;
    if (!redelivered) this.#pending -= 1;
    else this.#returned.delete(sequence);
  }

  givenBack(sequence: number, delayMs: number): void {
    this.#returned.set(sequence, this.#options.monotonic() + delayMs + RETURNED_GRACE_MS);
  }

  /** Reads the server's count; resolves when it arrived or failed. */
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
      // A count taken while messages moved may count some twice. It is used only when no better one arrives.
      this.#disturbed = this.#changes === before ? 0 : this.#disturbed + 1;
      if (this.#disturbed === 0 || this.#disturbed > 2) this.#pending = pending;
    } catch {
      // The last estimate stays; the next publish or pull reports the failure.
    }
    this.#readAtMs = this.#options.monotonic();
  }

  #estimate(): number {
    const now = this.#options.monotonic();
    for (const [sequence, untilMs] of this.#returned) if (untilMs < now) this.#returned.delete(sequence);
    return Math.max(0, this.#pending) + this.#returned.size;
  }
}
