import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { CatenaError } from '../../errors/catena-error.ts';
import { type BeforeCreating, ensureConsumer, ensureStream } from './ensure.ts';
import { isJetStreamAbsent, toBusError } from './nats-error.ts';
import type { WantedPart } from './topology.ts';

/** The streams and consumers that were created. */
export interface MadeParts {
  readonly streams: number;
  readonly consumers: number;
}

/**
 * How long nats-server may still delete what it does not find any more: it removes the files last, and with them those of what was
 * created meanwhile under the same name (seen with 2.9.10).
 */
const DELETING_MS = 250;

/** Creates the streams and consumers at the start, and again when they are missing. */
export class TopologyKeeper {
  readonly manager: JetStreamManager;
  readonly #connection: NatsConnection;
  readonly #wanted: readonly WantedPart[];
  #onRestored: ((made: MadeParts) => void) | undefined;
  #underWay: Promise<void> | undefined;
  /** What was created since the listener was told last: a round that fails has created some of it. */
  #made = { streams: 0, consumers: 0 };
  /** By name, streams that refused a message for want of their files: when each was created, and when that was seen. */
  readonly #withoutFiles = new Map<string, { readonly created: string; readonly seenAtMs: number }>();
  #remaking: Promise<void> | undefined;

  private constructor(connection: NatsConnection, manager: JetStreamManager, wanted: readonly WantedPart[]) {
    this.#connection = connection;
    this.manager = manager;
    this.#wanted = wanted;
  }

  /** Throws `bus.no_jetstream`, and what {@link ensureStream} and {@link ensureConsumer} throw. */
  static async open(
    connection: NatsConnection,
    wanted: readonly WantedPart[],
    timeoutMs: number,
  ): Promise<TopologyKeeper> {
    const manager = await openManager(connection, timeoutMs);
    const keeper = new TopologyKeeper(connection, manager, wanted);
    await keeper.#ensure();
    keeper.#made = { streams: 0, consumers: 0 };
    return keeper;
  }

  /** Sets the listener for streams and consumers that were created again. */
  listen(onRestored: (made: MadeParts) => void): void {
    this.#onRestored = onRestored;
  }

  /** Creates missing streams and consumers again; concurrent calls share one check. Throws as {@link TopologyKeeper.open}. */
  restore(): Promise<void> {
    this.#underWay ??= this.#restore().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  /**
   * Makes the stream of a subject anew after it refused a message for want of its files, as it would until the server starts again. It is
   * done when a message that was sent later, at `sentAtMs` of `performance.now()`, is refused too: another process may have done it
   * meanwhile. What waited in it is lost with the files, and notified again. Throws what the client and {@link TopologyKeeper.restore} throw.
   */
  remake(subject: string, sentAtMs: number): Promise<void> {
    this.#remaking ??= this.#remake(subject, sentAtMs).finally(() => {
      this.#remaking = undefined;
    });
    return this.#remaking;
  }

  async #remake(subject: string, sentAtMs: number): Promise<void> {
    const { streams } = this.manager;
    const name = await streams.find(subject);
    const { created } = await streams.info(name);
    const seen = this.#withoutFiles.get(name);
    if (seen?.created !== created) {
      this.#withoutFiles.set(name, { created, seenAtMs: performance.now() });
    } else if (sentAtMs > seen.seenAtMs) {
      await streams.delete(name);
      await this.restore();
    }
  }

  async #restore(): Promise<void> {
    let deleted: Promise<void> | undefined;
    await this.#ensure(() => {
      deleted ??= delay(DELETING_MS);
      return deleted;
    });
    const made = this.#made;
    this.#made = { streams: 0, consumers: 0 };
    if (made.streams + made.consumers > 0) this.#onRestored?.(made);
  }

  async #ensure(beforeCreating?: BeforeCreating): Promise<void> {
    const made = this.#made;
    const version = this.#connection.info?.version ?? '';
    for (const { stream, consumer } of this.#wanted) {
      if (await ensureStream(this.manager, stream, version, beforeCreating)) made.streams += 1;
      if (consumer === undefined) continue;
      if (await ensureConsumer(this.manager, stream.name, consumer, beforeCreating)) made.consumers += 1;
    }
  }
}

async function openManager(connection: NatsConnection, timeoutMs: number): Promise<JetStreamManager> {
  try {
    return await jetstreamManager(connection, { timeout: timeoutMs });
  } catch (thrown) {
    if (!isJetStreamAbsent(thrown) && connection.info?.jetstream === true) {
      throw toBusError(thrown, 'checking for JetStream');
    }
    throw new CatenaError('bus.no_jetstream', `${connection.getServer()} runs without JetStream`, {
      cause: thrown,
      remedy: 'start nats-server with -js and a storage folder, or enable JetStream for the account',
    });
  }
}
