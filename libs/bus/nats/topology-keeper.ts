import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { CatenaError } from '../../errors/catena-error.ts';
import { ensureConsumer, ensureStream } from './ensure.ts';
import { isJetStreamAbsent, toBusError } from './nats-error.ts';
import type { WantedPart } from './topology.ts';

/** The streams and consumers that were created. */
export interface MadeParts {
  readonly streams: number;
  readonly consumers: number;
}

/** Creates the streams and consumers at the start, and again when they are missing. */
export class TopologyKeeper {
  readonly manager: JetStreamManager;
  readonly #connection: NatsConnection;
  readonly #wanted: readonly WantedPart[];
  #onRestored: ((made: MadeParts) => void) | undefined;
  #underWay: Promise<void> | undefined;
  /** What was created since the listener was told last: a round that fails has created some of it. */
  #made = { streams: 0, consumers: 0 };

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

  async #restore(): Promise<void> {
    await this.#ensure();
    const made = this.#made;
    this.#made = { streams: 0, consumers: 0 };
    if (made.streams + made.consumers > 0) this.#onRestored?.(made);
  }

  async #ensure(): Promise<void> {
    const made = this.#made;
    const version = this.#connection.info?.version ?? '';
    for (const { stream, consumer } of this.#wanted) {
      if (await ensureStream(this.manager, stream, version)) made.streams += 1;
      if (consumer === undefined) continue;
      if (await ensureConsumer(this.manager, stream.name, consumer)) made.consumers += 1;
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
