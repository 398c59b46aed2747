/**
 * Reads the event stream from a place on, and finds its place again after restarts of the server, and in a stream that was
 * made anew, whose numbers begin at one.
 */

import {
  type Consumer,
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { pause } from '../../concurrency/abort.ts';

export interface EventFollowerOptions {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  /** Of the subjects one only; servers before 2.10 know no list. */
  readonly filter: string | undefined;
  readonly onMessage: (message: JsMsg) => Promise<void>;
  /** Told when the stream could not be read; it is tried again. */
  readonly onError: (error: unknown) => void;
}

/** A place in a stream: `created` tells the streams of one name apart. */
interface Place {
  readonly created: string;
  readonly next: number;
}

/** A server that says nothing for twice as long has forgotten its reader. */
const HEARTBEAT_MS = 2_000;
const RETRY_MS = 500;
const LOST: readonly string[] = [
  'heartbeats_missed',
  'consumer_not_found',
  'stream_not_found',
  'consumer_deleted',
  'no_responders',
  'ordered_consumer_recreated',
];

export class EventFollower {
  readonly #options: EventFollowerOptions;
  readonly #stopping = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #place: Place | undefined;
  #messages: ConsumerMessages | undefined;

  constructor(options: EventFollowerOptions) {
    this.#options = options;
  }

  /** Resolves when events from `from` on will be read. Throws what the client throws. */
  async start(from: 'new' | 'all'): Promise<void> {
    const { created, state } = await this.#info();
    this.#place = { created, next: from === 'all' ? 1 : state.last_seq + 1 };
    const consumer = await this.#open();
    void this.#run(consumer);
    void this.#watchConnection();
  }

  /** Idempotent; resolves when the event in hand has been handled. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#messages?.stop();
    await this.#ended.promise;
  }

  #info() {
    const { manager, stream } = this.#options;
    return manager.streams.info(stream);
  }

  async #run(first: Consumer): Promise<void> {
    let consumer: Consumer | undefined = first;
    while (!this.#stopping.signal.aborted) {
      try {
        consumer ??= await this.#open();
        await this.#read(consumer);
      } catch (error) {
        if (!this.#stopping.signal.aborted) this.#options.onError(error);
        await pause(RETRY_MS, this.#stopping.signal);
      }
      consumer = undefined;
    }
    this.#ended.resolve();
  }

  /** A reader at the place, or at the begin of a stream that has taken the old one's place. */
  async #open(): Promise<Consumer> {
    const { manager, stream, filter } = this.#options;
    const { created } = await this.#info();
    if (created !== this.#place?.created) this.#place = { created, next: 1 };
    return manager.jetstream().consumers.get(stream, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#place.next,
      ...(filter === undefined ? {} : { filter_subjects: filter }),
    });
  }

  async #read(consumer: Consumer): Promise<void> {
    const { created } = this.#place!;
    const messages = await consumer.consume({ idle_heartbeat: HEARTBEAT_MS, expires: 4 * HEARTBEAT_MS });
    this.#messages = messages;
    // Stopping may have been asked for while there was nothing yet to stop.
    if (this.#stopping.signal.aborted) messages.stop();
    void watch(messages);
    for await (const message of messages) {
      await this.#options.onMessage(message);
      this.#place = { created, next: message.seq + 1 };
    }
  }

  async #watchConnection(): Promise<void> {
    for await (const { type } of this.#options.connection.status()) {
      if (this.#stopping.signal.aborted) return;
      if (type === 'reconnect') this.#messages?.stop();
      else if (type === 'close') return void this.stop();
    }
  }
}

/** Ends a reading that was lost, so that a new one begins at its place. */
async function watch(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) if (LOST.includes(type)) messages.stop();
}
