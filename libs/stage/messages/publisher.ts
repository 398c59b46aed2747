import { setTimeout as delay } from 'node:timers/promises';
import type { Bus, Receiver } from '../../bus/port.ts';
import { type ChainMessage, RECEIVER, type Stage } from '../../contracts/chain.ts';
import { failpoint } from '../../failpoints/failpoint.ts';

export interface PublisherOptions {
  readonly bus: Bus;
  /** How long to wait before a full queue is tried again, in milliseconds. */
  readonly retryDelayMs: number;
  /** Messages of one outcome that are published at once; default 1. */
  readonly concurrency?: number;
  /** Told of every refusal, for its metric. */
  readonly onBackpressure: (sender: Stage, receiver: Receiver) => void;
}

/** Room in a stage's queue that is kept for messages to come. */
export interface Grant {
  readonly count: number;
  /** Idempotent. */
  release(): void;
}

/** After so many refusals a wake-up is left to the sweeper: its node stands in the due index. */
const MAX_REFUSALS = 5;

/** Publishes what follows a commit. A full queue makes its sender wait, and is counted; no wake-up is worth more than that. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #promised = new Map<Receiver, number>();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** How many messages a stage's queue takes now, beside those that were promised room. */
  room(stage: Receiver): number {
    return Math.max(0, this.#options.bus.room(stage) - (this.#promised.get(stage) ?? 0));
  }

  /**
   * Promises room for up to `wanted` messages to a stage, so that a commit may say how many wake-ups it will send: without it,
   * commits at the same time would all count on the same room. Give the grant back when they are published.
   */
  grant(stage: Receiver, wanted: number): Grant {
    const count = Math.min(wanted, this.room(stage));
    this.#promise(stage, count);
    let open = true;
    return {
      count,
      release: () => {
        if (open) this.#promise(stage, -count);
        open = false;
      },
    };
  }

  #promise(stage: Receiver, count: number): void {
    this.#promised.set(stage, (this.#promised.get(stage) ?? 0) + count);
  }

  async publish(sender: Stage, messages: readonly ChainMessage[]): Promise<void> {
    if (messages.length === 0) return;
    failpoint('publish.before');
    const { concurrency = 1 } = this.#options;
    for (let at = 0; at < messages.length; at += concurrency) {
      await Promise.all(messages.slice(at, at + concurrency).map((message) => this.#publishOne(sender, message)));
    }
    failpoint('publish.after');
  }

  async #publishOne(sender: Stage, message: ChainMessage): Promise<void> {
    for (let refusals = 0; refusals < MAX_REFUSALS; refusals++) {
      if (await this.#options.bus.publish(message)) return;
      this.#options.onBackpressure(sender, RECEIVER[message.kind]);
      await delay(this.#options.retryDelayMs);
    }
  }
}
