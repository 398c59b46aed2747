import type { NatsConnection } from '@nats-io/transport-node';
import { FairQueue } from '../../concurrency/fair-queue.ts';
import type { ChainMessage, MessageTo } from '../../contracts/chain.ts';
import { isTracing, withReceived } from '../../telemetry/spans.ts';
import { withExtractedTrace } from '../../telemetry/trace-carrier.ts';
import type { Receiver, SubscribeOptions } from '../port.ts';
import { shareOf } from '../share-of.ts';
import { type ClassPlace, ClassSource } from './class-source.ts';
import type { Delivered } from './delivered.ts';
import type { HeldMessage } from './held-message.ts';
import { receivedFields } from './message-spans.ts';
import type { ReadDelivery, RefusedMessage } from './read-message.ts';

export interface StageSubscriptionOptions {
  readonly connection: NatsConnection;
  /** One of each class; that of nearly all messages first. */
  readonly places: readonly ClassPlace[];
  readonly subscriber: SubscribeOptions<Receiver>;
  readonly ackWaitMs: number;
  readonly read: (msg: Delivered) => ReadDelivery;
  /** A subject without the namespace of the deployment. */
  readonly plainSubject: (subject: string) => string;
  readonly onRefused: (refused: RefusedMessage) => Promise<void>;
  /** Called when a receiver throws, which it must not. */
  readonly onError: (error: unknown) => void;
  /** Creates the consumers again, if possible. Never rejects. */
  readonly restore: () => Promise<void>;
}

/** A message that waits here for a slot. */
interface Waiting {
  readonly source: ClassSource;
  readonly held: HeldMessage;
  readonly message: ChainMessage;
  readonly headers: Readonly<Record<string, string>>;
  /** Returns it when it has waited for too long. */
  late?: NodeJS.Timeout;
}

/** Signs of life per redelivery timeout. */
const SIGNS_PER_ACK_WAIT = 3;
/** Delay of a message that had no receiver. */
const RETRY_DELAY_MS = 1_000;
/** A message that found no slot here for so long is returned: another process may have one. */
const WAIT_MS = 1_000;

/**
 * One stage's subscription: requests as many messages as it has free slots, and holds the running ones. Each class has a queue of its
 * own at the server, and the subscription takes turns between those that have messages, by their weights.
 *
 * The class that sent a message last is requested for all free slots, the others for one: nearly always there is only one class, and
 * it must not wait for a second answer of the server. While messages of several classes wait, each has some here, up to its share of
 * the slots: only what is here can be chosen from.
 */
export class StageSubscription {
  readonly #options: StageSubscriptionOptions;
  readonly #sources: readonly ClassSource[];
  readonly #held = new Set<HeldMessage>();
  readonly #waiting = new FairQueue<Waiting>();
  readonly #heartbeat: NodeJS.Timeout;
  #slots: number;
  /** The largest number of slots so far: messages requested before it shrank are still accepted. */
  #mostSlots: number;
  #running = 0;
  /** The class that sent a message last. */
  #latest: ClassSource;
  /** Whether messages may be requested without a free slot: not after one was returned, until a slot becomes free. */
  #mayWait = true;
  #askSoon: NodeJS.Immediate | undefined;
  #stopped: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(options: StageSubscriptionOptions) {
    this.#options = options;
    this.#slots = options.subscriber.slots;
    this.#mostSlots = this.#slots;
    this.#sources = options.places.map(
      (place) =>
        new ClassSource({
          ...{ connection: options.connection, place },
          onMessage: (source, held) => void this.#receive(source, held),
          onExpired: () => this.#ask(),
          onLost: () => void this.#options.restore().then(() => this.restart()),
        }),
    );
    this.#latest = this.#sources[0]!;
    this.#heartbeat = setInterval(() => {
      for (const held of this.#held) held.keep();
    }, options.ackWaitMs / SIGNS_PER_ACK_WAIT);
    this.restart();
  }

  /** Starts new requests after a reconnect, and drops the old ones. */
  restart(): void {
    if (this.#stopped !== undefined || this.#options.connection.isClosed()) return;
    for (const source of this.#sources) source.restart();
    this.#ask();
  }

  /** Answers nothing that is held now: its stream is gone. */
  forgetHeld(): void {
    for (const held of this.#held) held.forget();
  }

  /** Whether a message of another run waits here for a slot. */
  othersWait(runId: string): boolean {
    return this.#waiting.size > this.#waiting.sizeOf(runId);
  }

  resize(slots: number): void {
    this.#slots = slots;
    this.#mostSlots = Math.max(this.#mostSlots, slots);
    this.#fill();
    this.#ask();
  }

  /** Takes no more deliveries; resolves when the running ones have ended. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Stops requests and drops the held messages, because they can no longer be acked. */
  async abandon(): Promise<void> {
    void this.stop();
    clearInterval(this.#heartbeat);
    await Promise.all(this.#sources.map((source) => source.close()));
  }

  async #stop(): Promise<void> {
    clearImmediate(this.#askSoon);
    await Promise.all(this.#sources.map((source) => source.close()));
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#return(next);
    if (this.#held.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    clearInterval(this.#heartbeat);
  }

  /** Slots that become free in one turn of the event loop share one request. */
  #ask(): void {
    if (this.#stopped !== undefined) return;
    this.#askSoon ??= setImmediate(() => {
      this.#askSoon = undefined;
      const free = Math.max(0, this.#slots - this.#held.size);
      for (const source of this.#sources) source.request(this.#wanted(source, free));
    });
  }

  /** How many messages of a class should be on their way. */
  #wanted(source: ClassSource, free: number): number {
    if (free > 0) return source === this.#latest || source.standing > 0 ? free : 1;
    const contending = this.#sources.filter(({ isWaiting }) => isWaiting);
    if (contending.length < 2 || !this.#mayWait) return 0;
    const weights = contending.reduce((sum, { weight }) => sum + weight, 0);
    const share = Math.max(1, Math.round((this.#slots * source.weight) / weights));
    return Math.min(source.standing, share - source.waiting);
  }

  async #receive(source: ClassSource, held: HeldMessage): Promise<void> {
    this.#latest = source;
    // Messages of the old requests may arrive after the new ones have begun.
    if (this.#stopped !== undefined || source.waiting >= this.#mostSlots) {
      source.giveBack(held, 0);
      return;
    }
    this.#held.add(held);
    const delivery = this.#options.read(held.msg);
    if ('refused' in delivery) {
      await this.#refuse(source, held, delivery.refused);
      return;
    }
    this.#wait(source, held, delivery);
    this.#ask();
  }

  /** Gives a message its slot, or lets it wait for one. */
  #wait(
    source: ClassSource,
    held: HeldMessage,
    { message, headers }: Extract<ReadDelivery, { message: unknown }>,
  ): void {
    const waiting: Waiting = { source, held, message, headers };
    const queued = this.#waiting.push(waiting, shareOf(message));
    source.waiting += 1;
    this.#fill();
    if (!queued.link.isListed) return;
    waiting.late = setTimeout(() => {
      this.#waiting.remove(queued);
      this.#mayWait = false;
      this.#return(waiting);
    }, WAIT_MS);
  }

  /** Gives the free slots to those that wait, in their turn. */
  #fill(): void {
    while (this.#running < this.#slots && this.#stopped === undefined) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      clearTimeout(next.late);
      next.source.waiting -= 1;
      void this.#run(next);
    }
  }

  async #run(waiting: Waiting): Promise<void> {
    const { source, held } = waiting;
    this.#running += 1;
    try {
      await this.#traced(waiting);
    } catch (thrown) {
      source.giveBack(held, RETRY_DELAY_MS);
      this.#options.onError(thrown);
    } finally {
      this.#running -= 1;
      this.#mayWait = true;
      this.#release(held);
    }
  }

  async #refuse(source: ClassSource, held: HeldMessage, refused: RefusedMessage): Promise<void> {
    try {
      await this.#options.onRefused(refused);
      held.terminate();
    } catch (thrown) {
      source.giveBack(held, RETRY_DELAY_MS);
      this.#options.onError(thrown);
    } finally {
      this.#release(held);
    }
  }

  /** Delivers it within the trace that it belongs to. */
  #traced({ source, held, message, headers }: Waiting): Promise<void> {
    if (!isTracing()) return this.#deliver(source, held, message);
    const { subject, data } = held.msg;
    const received = receivedFields({
      ...{ subject, plain: this.#options.plainSubject(subject), bytes: data.byteLength },
      ...{ consumer: source.consumer, isRedelivered: held.isRedelivered },
    });
    return withExtractedTrace(headers, () => withReceived(received, () => this.#deliver(source, held, message)));
  }

  #deliver(source: ClassSource, held: HeldMessage, message: ChainMessage): Promise<void> {
    return this.#options.subscriber.receive({
      message: message as MessageTo<Receiver>,
      ack: () => held.ack(),
      nak: (delayMs) => source.giveBack(held, delayMs),
    });
  }

  #release(held: HeldMessage): void {
    this.#held.delete(held);
    if (this.#held.size === 0) this.#idle?.();
    this.#fill();
    this.#ask();
  }

  /** Returns a message that waited. */
  #return({ source, held, late }: Waiting): void {
    clearTimeout(late);
    source.waiting -= 1;
    source.giveBack(held, 0);
    this.#release(held);
  }
}
