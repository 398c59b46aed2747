import { FairQueue } from '../concurrency/fair-queue.ts';
import { type ChainMessage, type MessageTo, RECEIVER } from '../contracts/chain.ts';
import { CatenaError } from '../errors/catena-error.ts';
import { captureContext, isTracing, type TraceContext, withContext } from '../telemetry/spans.ts';
import type { Bus, Delivery, Receiver, ResponseName, SubscribeOptions, Subscription } from './port.ts';
import { ResponseNames } from './response-names.ts';
import { shareOf } from './share-of.ts';

export interface MemoryBusOptions {
  /** Capacity of each stage's queue, in messages. */
  readonly capacity: number;
}

/** One stage's queue and its subscriber. */
interface Lane {
  readonly waiting: FairQueue<ChainMessage>;
  readonly returned: Set<NodeJS.Timeout>;
  subscriber: SubscribeOptions<Receiver> | undefined;
  slots: number;
  inHand: number;
  idle: (() => void) | undefined;
}

/** The bus of one process: bounded queues in memory, in which runs take turns. Its messages are lost with the process; the due index has their nodes. */
export class MemoryBus implements Bus {
  readonly #capacity: number;
  readonly #lanes = new Map<Receiver, Lane>();
  /** The trace of each message's publisher; empty while tracing is off. */
  readonly #traces = new WeakMap<ChainMessage, TraceContext>();
  /** Responses that wait or are being handled. */
  readonly #responses = new ResponseNames();
  #closed = false;

  constructor({ capacity }: MemoryBusOptions) {
    this.#capacity = capacity;
    for (const stage of new Set(Object.values(RECEIVER))) {
      this.#lanes.set(stage, {
        waiting: new FairQueue(),
        returned: new Set(),
        subscriber: undefined,
        slots: 0,
        inHand: 0,
        idle: undefined,
      });
    }
  }

  room(stage: Receiver): number {
    return Math.max(0, this.#capacity - this.depth(stage));
  }

  depth(stage: Receiver): number {
    const lane = this.#lane(stage);
    return lane.waiting.size + lane.returned.size;
  }

  othersWait(stage: Receiver, runId: string): boolean {
    const { waiting } = this.#lane(stage);
    return waiting.size > waiting.sizeOf(runId);
  }

  async hasResponse({ requestId }: ResponseName): Promise<boolean> {
    return this.#responses.has(requestId);
  }

  async publish(message: ChainMessage): Promise<boolean> {
    const stage = RECEIVER[message.kind];
    if (this.#closed || this.room(stage) === 0) return false;
    const lane = this.#lane(stage);
    if (isTracing()) this.#traces.set(message, captureContext());
    this.#responses.add(message);
    lane.waiting.push(message, shareOf(message));
    this.#deliver(lane);
    return true;
  }

  subscribe<S extends Receiver>(options: SubscribeOptions<S>): Subscription {
    const lane = this.#lane(options.stage);
    if (lane.subscriber !== undefined) {
      throw new CatenaError('bus.subscribed_twice', `${options.stage} is subscribed already`, {
        remedy: 'stop the first subscription before the second begins',
      });
    }
    lane.subscriber = options as unknown as SubscribeOptions<Receiver>;
    lane.slots = options.slots;
    queueMicrotask(() => this.#deliver(lane));
    let stopped: Promise<void> | undefined;
    return {
      stop: () => {
        stopped ??= this.#stop(lane);
        return stopped;
      },
      resize: (slots) => {
        if (stopped !== undefined) return;
        lane.slots = slots;
        this.#deliver(lane);
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const lane of this.#lanes.values()) {
      lane.waiting.clear();
      for (const timer of lane.returned) clearTimeout(timer);
      lane.returned.clear();
    }
  }

  #lane(stage: Receiver): Lane {
    return this.#lanes.get(stage)!;
  }

  #stop(lane: Lane): Promise<void> {
    lane.subscriber = undefined;
    if (lane.inHand === 0) return Promise.resolve();
    return new Promise((resolve) => {
      lane.idle = resolve;
    });
  }

  #deliver(lane: Lane): void {
    while (lane.subscriber !== undefined && lane.inHand < lane.slots && lane.waiting.size > 0) {
      const message = lane.waiting.shift()!;
      lane.inHand += 1;
      void this.#hand(lane.subscriber, this.#delivery(lane, message)).finally(() => {
        lane.inHand -= 1;
        if (lane.inHand === 0) lane.idle?.();
        this.#deliver(lane);
      });
    }
  }

  /** Delivers in the trace of the publisher, not in that of the execution that freed the slot. */
  #hand({ receive }: SubscribeOptions<Receiver>, delivery: Delivery<Receiver>): Promise<void> {
    if (!isTracing()) return receive(delivery);
    return withContext(this.#traces.get(delivery.message), () => receive(delivery));
  }

  #delivery(lane: Lane, message: ChainMessage): Delivery<Receiver> {
    return {
      message: message as MessageTo<Receiver>,
      ack: () => this.#responses.delete(message),
      nak: (delayMs) => {
        if (this.#closed) return;
        const timer = setTimeout(() => {
          lane.returned.delete(timer);
          lane.waiting.push(message, shareOf(message));
          this.#deliver(lane);
        }, delayMs);
        lane.returned.add(timer);
      },
    };
  }
}
