/** The event outbox: a publisher reads some events, publishes them, and then trims them. */
import type { ChainEvent } from '../../contracts/events.ts';
import { chainKeys } from '../../keys/keys.ts';
import type { RedisDeps } from './scripts/call.ts';

export interface OutboxEntry {
  /** The argument of {@link trimEvents}. */
  readonly entry: string;
  readonly event: ChainEvent;
}

/** Reads the oldest events of a shard. Several publishers may read the same ones: their stable ids identify copies. */
export async function takeEvents(
  { runner }: RedisDeps,
  { shard, limit }: { readonly shard: number; readonly limit: number },
): Promise<readonly OutboxEntry[]> {
  const key = chainKeys.events(shard);
  const entries = await runner.ask('ZRANGE', (redis) => redis.zrange(key, 0, `${limit - 1}`));
  return entries.map((entry) => ({ entry, event: JSON.parse(entry) as ChainEvent }));
}

/** Deletes published events; idempotent. */
export async function trimEvents(
  { runner }: RedisDeps,
  { shard, entries }: { readonly shard: number; readonly entries: readonly string[] },
): Promise<void> {
  if (entries.length === 0) return;
  const key = chainKeys.events(shard);
  await runner.ask('ZREM', (redis) => redis.zrem(key, ...entries));
}
