/**
 * A bus for a process that hosts several stages. A message for a stage with a free slot here, or soon one, is delivered locally
 * without the broker. Any route is allowed, because a wake-up is only a hint. Several such processes scale out, because messages
 * without room here go to the broker, for any process.
 */
import { type MessageTo, RECEIVER } from '../contracts/chain.ts';
import type { PriorityClass } from '../contracts/priority.ts';
import type { Dispatched } from '../contracts/subjects.ts';
import { LocalLane } from './local-lane.ts';
import type { Bus, Delivery, Receiver, ResponseName, SubscribeOptions, Subscription } from './port.ts';
import { ResponseNames } from './response-names.ts';

/** Counts of local deliveries, and of deliveries by the inner bus. */
export interface DeliveryCounts {
  readonly local: number;
  readonly remote: number;
}

/** When a returned response is tried again that found no room. */
const FULL_DELAY_MS = 50;

export class LocalFirstBus implements Bus {
  readonly #inner: Bus;
  readonly #lanes = new Map<Receiver, LocalLane>();
  readonly #givenBack = new Map<NodeJS.Timeout, Receiver>();
  /** Local responses that are being handled, or were returned. */
  readonly #responses = new ResponseNames();
  readonly #counts = new Map<Receiver, { local: number; remote: number }>();
  #closed = false;

  constructor(inner: Bus) {
    this.#inner = inner;
  }

  counts(stage: Receiver): DeliveryCounts {
    return { ...this.#countsOf(stage) };
  }

  room(stage: Receiver, of?: PriorityClass): number {
    return this.#inner.room(stage, of);
  }

  depth(stage: Receiver): number {
    const waiting = this.#lanes.get(stage)?.waiting ?? 0;
    let givenBack = 0;
    for (const receiver of this.#givenBack.values()) if (receiver === stage) givenBack += 1;
    return this.#inner.depth(stage) + waiting + givenBack;
  }

  othersWait(stage: Receiver, runId: string): boolean {
    return this.#lanes.get(stage)?.othersWait(runId) === true || this.#inner.othersWait(stage, runId);
  }

  async hasResponse(name: ResponseName): Promise<boolean> {
    return this.#responses.has(name.requestId) || (await this.#inner.hasResponse(name));
  }

  async publish(message: Dispatched): Promise<boolean> {
    if (this.#closed) return false;
    const stage = RECEIVER[message.kind];
    const lane = this.#lanes.get(stage);
    // A run's first message is not in the due index yet, so the broker must keep it; a response that waits, because with this
    // process its page would be lost.
    const mayWait = message.kind !== 'response';
    this.#responses.add(message);
    const isTaken = message.kind !== 'task' && lane?.offer(this.#localDelivery(stage, message), mayWait) === true;
    if (!isTaken) {
      this.#responses.delete(message);
      return this.#inner.publish(message);
    }
    this.#countsOf(stage).local += 1;
    return true;
  }

  subscribe<S extends Receiver>(options: SubscribeOptions<S>): Subscription {
    const { stage } = options;
    const inner = this.#inner.subscribe<S>({
      ...options,
      receive: (delivery) => {
        this.#countsOf(stage).remote += 1;
        return lane.receiveRemote(delivery as unknown as Delivery<Receiver>);
      },
    });
    const lane = new LocalLane({
      slots: options.slots,
      receive: options.receive as unknown as SubscribeOptions<Receiver>['receive'],
      onRemoteSlots: (slots) => inner.resize(slots),
    });
    this.#lanes.set(stage, lane);
    let stopped: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      if (this.#lanes.get(stage) === lane) this.#lanes.delete(stage);
      await Promise.all([inner.stop(), lane.stop()]);
    };
    return {
      stop: () => {
        stopped ??= stop();
        return stopped;
      },
      resize: (slots) => lane.resize(slots),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#givenBack.keys()) clearTimeout(timer);
    this.#givenBack.clear();
    for (const lane of this.#lanes.values()) void lane.stop();
    await this.#inner.close();
  }

  #localDelivery(stage: Receiver, message: Dispatched): Delivery<Receiver> {
    return {
      message: message as MessageTo<Receiver>,
      ack: () => this.#responses.delete(message),
      nak: (delayMs) => this.#nak(stage, message, delayMs),
    };
  }

  /**
   * Publishes a returned message again after its delay, to any process with a slot. Without room, or if this process ends first,
   * a wake-up is dropped: its node is in the due index. A response tries until there is room. The wake-up's number is dropped
   * too, because the broker may have seen it.
   */
  #nak(stage: Receiver, { kind, model }: Dispatched, delayMs: number): void {
    if (this.#closed) return;
    const message = { kind, model } as Dispatched;
    const again = (waitMs: number): void => {
      const timer = setTimeout(async () => {
        this.#givenBack.delete(timer);
        const isPublished = await this.publish(message).catch(() => false);
        if (kind === 'response' && !isPublished && !this.#closed) again(FULL_DELAY_MS);
        else this.#responses.delete(message);
      }, waitMs);
      this.#givenBack.set(timer, stage);
    };
    again(delayMs);
  }

  #countsOf(stage: Receiver): { local: number; remote: number } {
    const counts = this.#counts.get(stage) ?? { local: 0, remote: 0 };
    this.#counts.set(stage, counts);
    return counts;
  }
}
