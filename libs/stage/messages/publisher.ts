import { setTimeout as delay } from 'node:timers/promises';
import type { Bus, Receiver } from '../../bus/port.ts';
import { type ChainMessage, RECEIVER, type Stage } from '../../contracts/chain.ts';
import { failpoint } from '../../failpoints/failpoint.ts';

export interface PublisherOptions {
  readonly bus: Bus;
  /** Delay before a full queue is tried again, in milliseconds. */
  readonly retryDelayMs: number;
  /** Messages of one outcome that are published at the same time; default 1. */
  readonly concurrency?: number;
  /** Called for each refusal, for its metric. */
  readonly onBackpressure: (sender: Stage, receiver: Receiver) => void;
}

/** Reserved room in a stage's queue. */
export interface Grant {
  readonly count: number;
  /** Idempotent. */
  release(): void;
}

/** After so many refusals a wake-up is dropped; the sweeper sends it later, because its node is in the due index. */
const MAX_REFUSALS = 5;

/** Publishes what follows a commit. A full queue delays the sender a few times and is counted; then the sweeper takes over. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #reserved = new Map<Receiver, number>();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** How many messages a stage's queue takes now, without reserved room. */
  room(stage: Receiver): number {
    return Math.max(0, this.#options.bus.room(stage) - (this.#reserved.get(stage) ?? 0));
  }

  /**
   * Reserves room for up to `wanted` messages to a stage, so that a commit can name the number of wake-ups that it will send.
   * Otherwise concurrent commits would all use the same room. Release the grant when the messages are published.
   */
  grant(stage: Receiver, wanted: number): Grant {
    const count = Math.min(wanted, this.room(stage));
    this.#reserve(stage, count);
    let open = true;
    return {
      count,
      release: () => {
        if (open) this.#reserve(stage, -count);
        open = false;
      },
    };
  }

  #reserve(stage: Receiver, count: number): void {
    this.#reserved.set(stage, (this.#reserved.get(stage) ?? 0) + count);
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
