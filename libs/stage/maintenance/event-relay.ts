/**
 * Publishes the events of each shard's outbox to the bus. Any number of processes may run it: an event stays in the outbox until
 * it is published and trimmed, so it is published at least once, under its stable id.
 */
import { Rounds } from '../../concurrency/rounds.ts';
import type { ChainEvent } from '../../contracts/events.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ShardPace } from './shard-pace.ts';

/** An event as the outbox holds it. */
export interface OutboxEvent {
  /** The id by which it is trimmed. */
  readonly entry: string;
  readonly event: ChainEvent;
}

/** The outbox to which transitions append their events. */
export interface EventOutbox {
  /** Reads the oldest events of a shard; they stay until they are trimmed. */
  takeEvents(take: { readonly shard: number; readonly limit: number }): Promise<readonly OutboxEvent[]>;
  /** Removes entries; missing entries are ignored. */
  trimEvents(trim: { readonly shard: number; readonly entries: readonly string[] }): Promise<void>;
}

export interface EventRelayOptions {
  readonly outbox: EventOutbox;
  /** Publishes an event; resolves when the bus has stored it. */
  readonly publish: (event: ChainEvent) => Promise<void>;
  /** Which shards to look at in a round. */
  readonly pace: ShardPace;
  readonly intervalMs: number;
  readonly log: Log;
}

/** Events read at once. */
const BATCH = 200;

export class EventRelay {
  readonly #options: EventRelayOptions;
  readonly #rounds: Rounds;
  #isFailing = false;

  constructor(options: EventRelayOptions) {
    this.#options = options;
    this.#rounds = new Rounds(() => this.#relay(), options.intervalMs);
  }

  /** Idempotent; does nothing once stopped. */
  start(): void {
    this.#rounds.start();
  }

  /** Stops; resolves when the current round has ended. Idempotent. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #relay(): Promise<void> {
    const { pace } = this.#options;
    const due = pace.due();
    const relay = async (shard: number) => pace.looked(shard, { found: await this.#relayShard(shard) });
    const results = await Promise.allSettled(due.map(relay));
    for (const [at, { status }] of results.entries()) if (status === 'rejected') pace.failed(due[at]!);
    const failure = results.find((result) => result.status === 'rejected');
    // Logged once per outage, not in every round.
    if (failure !== undefined && !this.#isFailing) {
      this.#options.log.warn('the event relay could not publish events; they stay in the outbox', {
        error: failure.reason,
      });
    }
    this.#isFailing = failure !== undefined;
  }

  /** Whether there was any event. */
  async #relayShard(shard: number): Promise<boolean> {
    const { outbox, publish } = this.#options;
    let found = false;
    for (let more = true; more && !this.#rounds.isStopped; ) {
      const taken = await outbox.takeEvents({ shard, limit: BATCH });
      if (taken.length === 0) return found;
      found = true;
      await Promise.all(taken.map(({ event }) => publish(event)));
      await outbox.trimEvents({ shard, entries: taken.map(({ entry }) => entry) });
      more = taken.length === BATCH;
    }
    return found;
  }
}
