/** What is done to messages on their way: thrown away, sent again under other names, held back. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../../libs/bus/nats/connect.ts';
import { STREAMS } from '../../libs/contracts/subjects.ts';

export interface MessageCounts {
  purged: number;
  duplicated: number;
  delayed: number;
}

/** Says that a message is a copy, so that copies are not copied. */
const COPY_HEADER = 'Chaos-Copy';
const ID_HEADER = 'Nats-Msg-Id';
/** Messages of a stream that are held back at once. */
const HELD_BACK = 20;
const LOOK_AGAIN_MS = 50;
/** How long a purge waits for something to purge. */
const PURGE_PATIENCE_MS = 20_000;

export class Messages {
  readonly counts: MessageCounts = { purged: 0, duplicated: 0, delayed: 0 };
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #late = new Set<NodeJS.Timeout>();

  private constructor(connection: NatsConnection, manager: JetStreamManager) {
    this.#connection = connection;
    this.#manager = manager;
  }

  static async open(url: string): Promise<Messages> {
    const connection = await connectNats({ url, name: 'chaos' });
    return new Messages(connection, await jetstreamManager(connection));
  }

  /** Throws away what waits for the downloader, or for any stage, as soon as there is something. */
  async purge(what: 'requests' | 'everything'): Promise<number> {
    const streams = STREAMS.filter(({ consumer }) => what === 'everything' || consumer === 'downloader');
    const untilMs = performance.now() + PURGE_PATIENCE_MS;
    for (;;) {
      // A cluster that elects a leader answers later.
      const purging = streams.map(({ name }) => this.#manager.streams.purge(name).catch(() => ({ purged: 0 })));
      const answers = await Promise.all(purging);
      const purged = answers.reduce((sum, answer) => sum + answer.purged, 0);
      this.counts.purged += purged;
      if (purged > 0 || performance.now() > untilMs) return purged;
      await delay(LOOK_AGAIN_MS);
    }
  }

  /** Sends every nth message again under a new id, at once and once more after a while. */
  async duplicate({ nth, forMs, delayMs }: Readonly<Record<'nth' | 'forMs' | 'delayMs', number>>): Promise<number> {
    const before = this.counts.duplicated;
    let seen = 0;
    const subscriptions = STREAMS.flatMap(({ subjects }) => subjects).map((subject) =>
      this.#connection.subscribe(subject, {
        callback: (error, message) => {
          if (error !== null || message.headers?.has(COPY_HEADER)) return;
          seen += 1;
          if (seen % nth !== 0) return;
          this.counts.duplicated += 1;
          this.#sendCopy(message.subject, message.data, message.headers);
          this.#later(delayMs, () => this.#sendCopy(message.subject, message.data, message.headers));
        },
      }),
    );
    await delay(forMs);
    for (const subscription of subscriptions) subscription.unsubscribe();
    return this.counts.duplicated - before;
  }

  /** Takes messages out of their streams, whether they wait or are in hand, and puts them back after a while. */
  async holdBack({ forMs, delayMs }: Readonly<Record<'forMs' | 'delayMs', number>>): Promise<number> {
    const before = this.counts.delayed;
    const untilMs = performance.now() + forMs;
    while (performance.now() < untilMs) {
      for (const { name } of STREAMS) await this.#holdBackOf(name, delayMs);
      await delay(LOOK_AGAIN_MS);
    }
    return this.counts.delayed - before;
  }

  /** Sends nothing more. */
  async close(): Promise<void> {
    for (const timer of this.#late) clearTimeout(timer);
    await this.#connection.close();
  }

  async #holdBackOf(stream: string, delayMs: number): Promise<void> {
    const { state } = await this.#manager.streams.info(stream);
    for (let seq = state.first_seq; seq <= Math.min(state.last_seq, state.first_seq + HELD_BACK); seq++) {
      const message = await this.#manager.streams.getMessage(stream, { seq }).catch(() => undefined);
      if (message === undefined || message === null || message.header.has(COPY_HEADER)) continue;
      // It may have been acknowledged since.
      const isTaken = await this.#manager.streams.deleteMessage(stream, seq).catch(() => false);
      if (!isTaken) continue;
      this.counts.delayed += 1;
      this.#later(delayMs, () => this.#sendCopy(message.subject, message.data, message.header));
    }
  }

  #sendCopy(subject: string, data: Uint8Array, original: MsgHdrs | undefined): void {
    const sent = headers();
    for (const [name, values] of original ?? []) for (const value of values) sent.append(name, value);
    sent.set(ID_HEADER, randomUUID());
    sent.set(COPY_HEADER, '1');
    // With the server down the client keeps it for the reconnection.
    if (!this.#connection.isClosed()) this.#connection.publish(subject, data, { headers: sent });
  }

  #later(delayMs: number, send: () => void): void {
    const timer = setTimeout(() => {
      this.#late.delete(timer);
      send();
    }, delayMs);
    this.#late.add(timer);
  }
}
