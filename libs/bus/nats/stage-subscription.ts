import type { NatsConnection } from '@nats-io/transport-node';
import type { ChainMessage, MessageTo } from '../../contracts/chain.ts';
import { isTracing, withReceived } from '../../telemetry/spans.ts';
import { withExtractedTrace } from '../../telemetry/trace-carrier.ts';
import type { Receiver, SubscribeOptions } from '../port.ts';
import type { Backlog } from './backlog.ts';
import type { Delivered } from './delivered.ts';
import { HeldMessage } from './held-message.ts';
import { receivedFields } from './message-spans.ts';
import { Pull } from './pull.ts';
import type { ReadDelivery, RefusedMessage } from './read-message.ts';
import type { StagePlace } from './topology.ts';

export interface StageSubscriptionOptions {
  readonly connection: NatsConnection;
  readonly place: StagePlace;
  readonly subscriber: SubscribeOptions<Receiver>;
  readonly backlog: Backlog;
  readonly ackWaitMs: number;
  readonly read: (msg: Delivered) => ReadDelivery;
  /** A subject without the namespace of the deployment. */
  readonly plainSubject: (subject: string) => string;
  readonly onRefused: (refused: RefusedMessage) => Promise<void>;
  /** Called when a receiver throws, which it must not. */
  readonly onError: (error: unknown) => void;
  /** Creates the consumer again, if possible. Never rejects. */
  readonly restore: () => Promise<void>;
}

/** Signs of life per redelivery timeout. */
const SIGNS_PER_ACK_WAIT = 3;
/** Delay of a message that had no receiver. */
const RETRY_DELAY_MS = 1_000;

/** One stage's subscription: requests as many messages as it has free slots, and holds the running ones. */
export class StageSubscription {
  readonly #options: StageSubscriptionOptions;
  readonly #held = new Set<HeldMessage>();
  readonly #heartbeat: NodeJS.Timeout;
  #slots: number;
  /** The largest number of slots so far: messages requested before it shrank are still accepted. */
  #mostSlots: number;
  #pull: Pull | undefined;
  #askSoon: NodeJS.Immediate | undefined;
  #stopped: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(options: StageSubscriptionOptions) {
    this.#options = options;
    this.#slots = options.subscriber.slots;
    this.#mostSlots = this.#slots;
    this.#heartbeat = setInterval(() => {
      for (const held of this.#held) held.keep();
    }, options.ackWaitMs / SIGNS_PER_ACK_WAIT);
    this.restart();
  }

  /** Starts new requests after a reconnect, and drops the old ones. */
  restart(): void {
    if (this.#stopped !== undefined || this.#options.connection.isClosed()) return;
    const old = this.#pull;
    this.#pull = new Pull({
      connection: this.#options.connection,
      place: this.#options.place,
      onMessage: (msg) => void this.#receive(msg),
      onExpired: () => this.#ask(),
      onLost: () => void this.#options.restore().then(() => this.restart()),
    });
    void old?.close();
    this.#ask();
  }

  resize(slots: number): void {
    this.#slots = slots;
    this.#mostSlots = Math.max(this.#mostSlots, slots);
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
    await this.#pull?.close();
  }

  async #stop(): Promise<void> {
    clearImmediate(this.#askSoon);
    await this.#pull?.close();
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
      const pull = this.#pull;
      if (pull !== undefined) pull.ask(this.#slots - this.#held.size - pull.outstanding);
    });
  }

  async #receive(msg: Delivered): Promise<void> {
    const { backlog, connection, onError } = this.#options;
    const held = new HeldMessage(msg, (subject, text) => connection.publish(subject, text));
    backlog.delivered(held.sequence, held.isRedelivered);
    // Messages of the old requests may arrive after the new ones have begun.
    if (this.#stopped !== undefined || this.#held.size >= this.#mostSlots) {
      this.#nak(held, 0);
      return;
    }
    this.#held.add(held);
    try {
      await this.#handle(held);
    } catch (thrown) {
      this.#nak(held, RETRY_DELAY_MS);
      onError(thrown);
    } finally {
      this.#held.delete(held);
      if (this.#held.size === 0) this.#idle?.();
      this.#ask();
    }
  }

  async #handle(held: HeldMessage): Promise<void> {
    const delivery = this.#options.read(held.msg);
    if ('refused' in delivery) {
      await this.#options.onRefused(delivery.refused);
      held.terminate();
      return;
    }
    const { message, headers } = delivery;
    if (!isTracing()) return this.#deliver(held, message);
    const { place, plainSubject } = this.#options;
    const { subject, data } = held.msg;
    const received = receivedFields({
      ...{ subject, plain: plainSubject(subject), bytes: data.byteLength },
      ...{ consumer: place.consumer, isRedelivered: held.isRedelivered },
    });
    return withExtractedTrace(headers, () => withReceived(received, () => this.#deliver(held, message)));
  }

  #deliver(held: HeldMessage, message: ChainMessage): Promise<void> {
    return this.#options.subscriber.receive({
      message: message as MessageTo<Receiver>,
      ack: () => held.ack(),
      nak: (delayMs) => this.#nak(held, delayMs),
    });
  }

  #nak(held: HeldMessage, delayMs: number): void {
    if (held.isAnswered) return;
    held.nak(delayMs);
    this.#options.backlog.givenBack(held.sequence, delayMs);
  }
}
