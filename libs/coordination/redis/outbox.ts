/** Events on their way to the bus: whoever publishes takes some, publishes them, and trims them after. */
import type { ChainEvent } from '../../contracts/events.ts';
import { chainKeys } from '../../keys/keys.ts';
import type { RedisDeps } from './scripts/call.ts';

export interface OutboxEntry {
  /** What {@link trimEvents} is told. */
  readonly entry: string;
  readonly event: ChainEvent;
}

/** The oldest events of a shard. Several publishers may take the same ones: their stable ids tell copies apart. */
export async function takeEvents(
  { runner }: RedisDeps,
  { shard, limit }: { readonly shard: number; readonly limit: number },
): Promise<readonly OutboxEntry[]> {
  const key = chainKeys.events(shard);
  const entries = await runner.ask('ZRANGE', (redis) => redis.zrange(key, 0, `${limit - 1}`));
  return entries.map((entry) => ({ entry, event: JSON.parse(entry) as ChainEvent }));
}

/** Forgets events that were published; idempotent. */
export async function trimEvents(
  { runner }: RedisDeps,
  { shard, entries }: { readonly shard: number; readonly entries: readonly string[] },
): Promise<void> {
  if (entries.length === 0) return;
  const key = chainKeys.events(shard);
  await runner.ask('ZREM', (redis) => redis.zrem(key, ...entries));
}
