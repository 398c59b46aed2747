import { createInbox, type Msg, type NatsConnection, nanos, type Subscription } from '@nats-io/transport-node';
import type { StagePlace } from './topology.ts';

export interface PullOptions {
  readonly connection: NatsConnection;
  readonly place: StagePlace;
  readonly onMessage: (msg: Msg) => void;
  /** Fewer messages are on their way than were asked for: ask again. */
  readonly onExpired: () => void;
  /** Nothing more will come: the consumer has gone, or it is silent. Called at most once. */
  readonly onLost: () => void;
}

/** How long the server keeps a request that it cannot fill. */
const EXPIRES_MS = 2_000;
/** What a server may be late by with its answer to a request that expired. */
const SILENCE_MS = EXPIRES_MS + 1_000;
const REQUEST_REFUSED_PAUSE_MS = 250;

/**
 * Requests for messages, exactly as many as were asked for. All requests share an inbox, whose last token says how many
 * messages a request was for: a refusal without a count speaks of all of them.
 *
 * A server that does not know the consumer answers nothing at all; hence the watch for silence. An object serves one spell:
 * after a reconnect and when it is lost, a new one with a new inbox takes its place, so that old requests fall to nobody.
 */
export class Pull {
  readonly #options: PullOptions;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  readonly #subject: string;
  readonly #timers = new Set<NodeJS.Timeout>();
  #outstanding = 0;
  #heardAtMs = performance.now();
  #closed = false;

  constructor(options: PullOptions) {
    this.#options = options;
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

  /** Messages that were asked for and have not come. */
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

  /** Asks for nothing more. What the server has sent already is still handed on, before this resolves. */
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
      this.#options.onMessage(msg);
      return;
    }
    if (this.#closed || msg.headers === undefined) return;
    const { code, description } = msg.headers;
    if (code === 408) this.#unfilled(msg, 0);
    // Too many requests wait at the consumer; this one was not taken.
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
