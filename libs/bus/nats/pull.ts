import { type Msg, type NatsConnection, nanos, type Subscription } from '@nats-io/transport-node';
import { newInbox } from './connect.ts';
import { type Delivered, delivered } from './delivered.ts';
import type { StagePlace } from './topology.ts';

export interface PullOptions {
  readonly connection: NatsConnection;
  readonly place: StagePlace;
  readonly onMessage: (msg: Delivered) => void;
  /** Called when fewer messages will come than were requested; request again. */
  readonly onExpired: () => void;
  /** Called at most once, when nothing more will come: the consumer is missing or silent. */
  readonly onLost: () => void;
}

/** How long the server holds a request that it cannot fill. */
const EXPIRES_MS = 2_000;
/** How late the server may report an expired request. */
const SILENCE_MS = EXPIRES_MS + 1_000;
const REQUEST_REFUSED_PAUSE_MS = 250;

/**
 * Pull requests for an exact number of messages. All requests share an inbox; the last token of its subject is the number of
 * messages of a request, so that a refusal without a count applies to all of them.
 *
 * A server that does not know the consumer never answers, so silence is watched. An object serves one connection period: after a
 * reconnect or a loss, a new one with a new inbox replaces it, so that messages of old requests reach nobody.
 */
export class Pull {
  readonly #options: PullOptions;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #subject: string;
  readonly #timers = new Set<NodeJS.Timeout>();
  #outstanding = 0;
  #heardAtMs = performance.now();
  #closed = false;

  constructor(options: PullOptions) {
    this.#options = options;
    this.#inbox = newInbox(options.connection);
    const { stream, consumer } = options.place;
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#subscription = options.connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, msg) => {
        if (error === null) this.#receive(msg);
      },
    });
    const watch = setInterval(() => this.#watch(), SILENCE_MS / 4);
    this.#timers.add(watch);
  }

  /** Requested messages that have not arrived. */
  get outstanding(): number {
    return this.#outstanding;
  }

  ask(count: number): void {
    if (this.#closed || count <= 0 || this.#options.connection.isClosed()) return;
    if (this.#outstanding === 0) this.#heardAtMs = performance.now();
    this.#outstanding += count;
    const request = JSON.stringify({ batch: count, expires: nanos(EXPIRES_MS) });
    this.#options.connection.publish(this.#subject, request, { reply: `${this.#inbox}.${count}` });
  }

  /** Requests nothing more. Messages that the server has already sent are delivered before this resolves. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#subscription.drain().catch(() => undefined);
  }

  #receive(msg: Msg): void {
    this.#heardAtMs = performance.now();
    if (msg.reply?.startsWith('$JS.ACK.') === true) {
      this.#outstanding = Math.max(0, this.#outstanding - 1);
      this.#options.onMessage(delivered(msg));
      return;
    }
    if (this.#closed || msg.headers === undefined) return;
    const { code, description } = msg.headers;
    if (code === 408) this.#unfilled(msg, 0);
    // Too many requests wait at the consumer; it refused this one.
    else if (code === 409 && description === 'Exceeded MaxWaiting') this.#unfilled(msg, REQUEST_REFUSED_PAUSE_MS);
    else if (code >= 400) this.#lose();
  }

  #unfilled(msg: Msg, pauseMs: number): void {
    const count = Number(msg.headers!.get('Nats-Pending-Messages') || msg.subject.split('.').at(-1));
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#outstanding = Math.max(0, this.#outstanding - count);
      this.#options.onExpired();
    }, pauseMs);
    this.#timers.add(timer);
  }

  #watch(): void {
    if (this.#outstanding > 0 && performance.now() - this.#heardAtMs > SILENCE_MS) this.#lose();
  }

  #lose(): void {
    if (this.#closed) return;
    void this.close();
    this.#options.onLost();
  }
}
