import { setTimeout as delay } from 'node:timers/promises';
import type { Bus, Receiver } from '../../bus/port.ts';
import { pause } from '../../concurrency/abort.ts';
import { type ChainMessage, RECEIVER, type Stage } from '../../contracts/chain.ts';
import type { PriorityClass } from '../../contracts/priority.ts';
import { toCatenaError } from '../../errors/catena-error.ts';
import { failpoint } from '../../failpoints/failpoint.ts';

export interface PublisherOptions {
  readonly bus: Bus;
  /** Delay before a full queue is tried again, in milliseconds. */
  readonly retryDelayMs: number;
  /** Messages of one outcome that are published at the same time; default 1. */
  readonly concurrency?: number;
  /** How often a response that waits is kept from being taken for lost, in milliseconds: well below its grace. Default 10 seconds. */
  readonly keepEveryMs?: number;
  /** Called for each refusal, for its metric. */
  readonly onBackpressure: (sender: Stage, receiver: Receiver, reason: BackpressureReason) => void;
}

/** Why a message has to wait: its queue has no room, or the bus does not answer. */
export type BackpressureReason = 'queue_full' | 'queue_closed';

const KEEP_EVERY_MS = 10_000;

/** Reserved room in a stage's queue. */
export interface Grant {
  readonly count: number;
  /** Idempotent. */
  release(): void;
}

/** After so many refusals a wake-up is left to the sweeper, which sends it later: its node is in the due index. */
const MAX_REFUSALS = 5;

/** What happens to a message that has to wait. */
export interface Waiting {
  /** Called from time to time while it waits, so that nobody takes it for lost. */
  keep(): Promise<void>;
  /** Called when the process stops before there was room. */
  giveUp(): Promise<void>;
}

/**
 * Publishes what follows a commit. A full queue makes the sender wait, and the wait is counted. A wake-up waits a few times, then
 * the sweeper takes over: if all queues are full at once, this is what keeps the stages moving. A response waits until there is
 * room, also while the bus does not answer, because its page would have to be downloaded again.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #reserved = new Map<Receiver, number>();
  readonly #stopping = new AbortController();
  readonly #waiting = new Set<Promise<void>>();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** How many messages of a class a stage's queue takes now, without reserved room; without a class: of any. */
  room(stage: Receiver, of?: PriorityClass): number {
    return Math.max(0, this.#options.bus.room(stage, of) - (this.#reserved.get(stage) ?? 0));
  }

  /**
   * Reserves room for up to `wanted` messages to a stage, so that a commit can name the number of wake-ups that it will send.
   * Otherwise concurrent commits would all use the same room; what is reserved for one class counts for all, since classes may share
   * a queue. Release the grant when the messages are published.
   */
  grant(stage: Receiver, wanted: number, of?: PriorityClass): Grant {
    const count = Math.min(wanted, this.room(stage, of));
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

  /**
   * Resolves when all messages are published or left to the sweeper. A response waits aside if its sender must not wait for the
   * parser: the parser itself, and the sweeper, which the parser may need.
   */
  async publish(sender: Stage, messages: readonly ChainMessage[], waiting?: Waiting): Promise<void> {
    if (messages.length === 0) return;
    failpoint('publish.before');
    const { concurrency = 1 } = this.#options;
    for (let at = 0; at < messages.length; at += concurrency) {
      const together = messages.slice(at, at + concurrency);
      await Promise.all(together.map((message) => this.#publishOne(sender, message, waiting)));
    }
    failpoint('publish.after');
  }

  /** Gives up what still waits for room; resolves when that is done, with the number of messages. Idempotent. */
  async stop(): Promise<number> {
    const left = this.#waiting.size;
    this.#stopping.abort();
    await Promise.allSettled(this.#waiting);
    return left;
  }

  async #publishOne(sender: Stage, message: ChainMessage, waiting?: Waiting): Promise<void> {
    const { bus, onBackpressure, retryDelayMs } = this.#options;
    if (message.kind === 'response') {
      if (await this.#isAccepted(sender, message)) return;
      const waits = this.#waitForRoom(sender, message, waiting);
      const isAside = sender === 'sweeper' || sender === RECEIVER.response;
      if (!isAside) await waits;
      return;
    }
    for (let refusals = 0; refusals < MAX_REFUSALS; refusals++) {
      if (await bus.publish(message)) return;
      onBackpressure(sender, RECEIVER[message.kind], 'queue_full');
      await delay(retryDelayMs);
    }
  }

  #waitForRoom(sender: Stage, message: ChainMessage, waiting: Waiting | undefined): Promise<void> {
    const wait = this.#untilAccepted(sender, message, waiting).finally(() => this.#waiting.delete(wait));
    this.#waiting.add(wait);
    return wait;
  }

  async #untilAccepted(sender: Stage, message: ChainMessage, waiting: Waiting | undefined): Promise<void> {
    const { retryDelayMs, keepEveryMs = KEEP_EVERY_MS } = this.#options;
    let keptAtMs = performance.now();
    do {
      await pause(retryDelayMs, this.#stopping.signal);
      if (performance.now() - keptAtMs < keepEveryMs) continue;
      keptAtMs = performance.now();
      // Without an answer the node is looked for at its due time, which costs no more than a look.
      await waiting?.keep().catch(() => undefined);
    } while (!this.#stopping.signal.aborted && !(await this.#isAccepted(sender, message)));
    if (this.#stopping.signal.aborted) await waiting?.giveUp();
  }

  /** Publishes a response; false when it has to wait. Throws what no wait would mend. */
  async #isAccepted(sender: Stage, message: ChainMessage): Promise<boolean> {
    const { bus, onBackpressure } = this.#options;
    let reason: BackpressureReason = 'queue_full';
    try {
      if (await bus.publish(message)) return true;
    } catch (thrown) {
      if (toCatenaError(thrown, 'bus.failed', 'fatal').class !== 'retryable') throw thrown;
      reason = 'queue_closed';
    }
    onBackpressure(sender, RECEIVER[message.kind], reason);
    return false;
  }
}
