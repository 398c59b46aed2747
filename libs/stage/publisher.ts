import type { Bus, Receiver } from '../bus/port.ts';
import { type ChainMessage, RECEIVER, type Stage } from '../contracts/chain.ts';
import { failpoint } from '../failpoints/failpoint.ts';

export interface PublisherOptions {
  readonly bus: Bus;
  /** How long to wait before a full queue is tried again, in milliseconds. */
  readonly retryDelayMs: number;
  /** Messages of one outcome that are published at once; default 1. */
  readonly concurrency?: number;
  /** Told of every refusal, for its metric. */
  readonly onBackpressure: (sender: Stage, receiver: Receiver) => void;
}

/** After so many refusals a bell is left to the sweeper: its node stands in the due index. */
const MAX_REFUSALS = 5;

/** Publishes what follows a commit. A full queue makes its sender wait, and is counted; no bell is worth more than that. */
export class Publisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** How many messages a stage's queue takes now. */
  room(stage: Receiver): number {
    return this.#options.bus.room(stage);
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
      await new Promise((resolve) => setTimeout(resolve, this.#options.retryDelayMs));
    }
  }
}
