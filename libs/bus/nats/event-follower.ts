/**
 * Reads the event stream from a position, and finds it again after restarts of the server, and in a stream that was created
 * again, whose numbers start at one.
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
  /** One subject; servers before 2.10 do not accept a list. */
  readonly filter: string | undefined;
  readonly onMessage: (message: JsMsg) => Promise<void>;
  /** Called when the stream could not be read; reading is retried. */
  readonly onError: (error: unknown) => void;
}

/** A position in a stream; `created` distinguishes streams of the same name. */
interface Place {
  readonly created: string;
  readonly next: number;
}

/** Heartbeat interval; a server that is silent for twice as long has lost its reader. */
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

  /** Resolves when reading from `from` has begun. Throws what the client throws. */
  async start(from: 'new' | 'all'): Promise<void> {
    const { created, state } = await this.#info();
    this.#place = { created, next: from === 'all' ? 1 : state.last_seq + 1 };
    const consumer = await this.#open();
    void this.#run(consumer);
    void this.#watchConnection();
  }

  /** Stops; resolves when the current event has been handled. Idempotent. */
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

  /** Opens a reader at the position, or at the start of a stream that has replaced the old one. */
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
    // `stop` may have been called before there was a reader to stop.
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

/** Ends a lost reader, so that a new one continues at its position. */
async function watch(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) if (LOST.includes(type)) messages.stop();
}
