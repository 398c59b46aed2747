/**
 * Runs a function in rounds, one at a time, with a pause after each; a stop waits for the current round. The function handles its
 * own errors: a round that rejects ends the process like any unhandled rejection.
 */
export class Rounds {
  readonly #work: () => Promise<void>;
  readonly #pauseMs: number;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(work: () => Promise<void>, pauseMs: number) {
    this.#work = work;
    this.#pauseMs = pauseMs;
  }

  /** A round that takes long asks this, to end early. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Begins the first round after `delayMs`. Idempotent; does nothing once stopped. */
  start(delayMs = 0): void {
    if (this.#timer === undefined) this.#schedule(delayMs);
  }

  /** Begins no further round. A round may call it; it need not wait for itself. */
  end(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Begins no further round; resolves when the current one has ended. Idempotent. */
  async stop(): Promise<void> {
    this.end();
    await this.#round;
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#work().finally(() => this.#schedule(this.#pauseMs));
    }, delayMs);
  }
}
