import { Rounds } from '../../concurrency/rounds.ts';
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
  readonly #rounds: Rounds;

  constructor(options: FollowLoopOptions) {
    this.#options = options;
    this.#rounds = new Rounds(() => this.#look(), options.intervalMs);
  }

  start(): void {
    this.#rounds.start(this.#options.intervalMs);
  }

  /** Ends the loop and writes the remaining rows. Throws the errors of the output. */
  async finish(): Promise<void> {
    await this.stop();
    await this.#options.follower.finish();
  }

  /** Ends the loop after the current call. Idempotent. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #look(): Promise<void> {
    try {
      await this.#options.follower.poll();
    } catch (thrown) {
      this.#rounds.end();
      this.#options.onError(thrown);
    }
  }
}
