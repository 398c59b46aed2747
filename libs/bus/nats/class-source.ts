import type { NatsConnection } from '@nats-io/transport-node';
import { CLASS_WEIGHT } from '../../contracts/priority.ts';
import type { Backlog } from './backlog.ts';
import type { Delivered } from './delivered.ts';
import { HeldMessage } from './held-message.ts';
import { Pull } from './pull.ts';
import type { StagePlace } from './topology.ts';

/** Where the messages of one class come from, and how many of them are estimated to wait. */
export interface ClassPlace extends StagePlace {
  readonly backlog: Backlog;
}

export interface ClassSourceOptions {
  readonly connection: NatsConnection;
  readonly place: ClassPlace;
  readonly onMessage: (source: ClassSource, held: HeldMessage) => void;
  /** Called when fewer messages will come than were requested; request again. */
  readonly onExpired: () => void;
  /** Called when nothing more will come. */
  readonly onLost: () => void;
}

/** The messages of one stage and class: those that stand at the server, that are requested, and that this process has. */
export class ClassSource {
  readonly #options: ClassSourceOptions;
  #pull: Pull | undefined;
  #standing = 0;
  /** Messages of this class that wait here for a slot. */
  waiting = 0;

  constructor(options: ClassSourceOptions) {
    this.#options = options;
  }

  get consumer(): string {
    return this.#options.place.consumer;
  }

  get weight(): number {
    return CLASS_WEIGHT[this.#options.place.priorityClass];
  }

  /** Whether messages of this class wait, here or at the server as far as is known. */
  get isWaiting(): boolean {
    return this.waiting > 0 || this.#standing > 0;
  }

  /** Messages that stood at the server when it sent the last one. */
  get standing(): number {
    return this.#standing;
  }

  /** Starts new requests, and drops the old ones. */
  restart(): void {
    const old = this.#pull;
    this.#standing = 0;
    this.#pull = new Pull({
      connection: this.#options.connection,
      place: this.#options.place,
      onMessage: (msg) => this.#receive(msg),
      onExpired: () => {
        this.#standing = 0;
        this.#options.onExpired();
      },
      onLost: this.#options.onLost,
    });
    void old?.close();
  }

  /** Requests so many messages, together with those that were requested before. */
  request(count: number): void {
    if (this.#pull !== undefined) this.#pull.ask(count - this.#pull.outstanding);
  }

  giveBack(held: HeldMessage, delayMs: number): void {
    if (held.isAnswered) return;
    held.nak(delayMs);
    this.#options.place.backlog.givenBack(held.sequence, delayMs);
  }

  /** Requests nothing more. */
  async close(): Promise<void> {
    await this.#pull?.close();
  }

  #receive(msg: Delivered): void {
    const { connection, place, onMessage } = this.#options;
    const held = new HeldMessage(msg, (subject, text) => connection.publish(subject, text));
    place.backlog.delivered(held.sequence, held.isRedelivered);
    this.#standing = held.standing;
    onMessage(this, held);
  }
}
