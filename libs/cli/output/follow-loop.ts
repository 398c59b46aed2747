import type { ItemFollower } from './follower.ts';

export interface FollowLoopOptions {
  readonly follower: Pick<ItemFollower, 'poll' | 'finish'>;
  readonly intervalMs: number;
  /** Called once, with the error that ended the loop. */
  readonly onError: (thrown: unknown) => void;
}

/** Calls a follower repeatedly, one call at a time. */
export class FollowLoop {
  readonly #options: FollowLoopOptions;
  #timer: NodeJS.Timeout | undefined;
  #look: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(options: FollowLoopOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#timer !== undefined || this.#isOver) return;
    this.#schedule();
  }

  /** Ends the loop and writes the remaining rows. Throws the errors of the output. */
  async finish(): Promise<void> {
    await this.stop();
    await this.#options.follower.finish();
  }

  /** Ends the loop after the current call. Idempotent. */
  async stop(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#look;
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#look = this.#lookOnce();
    }, this.#options.intervalMs);
  }

  async #lookOnce(): Promise<void> {
    try {
      await this.#options.follower.poll();
      if (!this.#isOver) this.#schedule();
    } catch (thrown) {
      this.#isOver = true;
      this.#options.onError(thrown);
    }
  }
}
