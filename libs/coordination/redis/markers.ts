/**
 * Evidence of lost writes. A marker is raised each second in Redis, then in the store: a failover that loses the writes of a second
 * leaves one that is behind. A primary also has a replication id, which changes with every failover and every restart.
 */
import { chainKeys } from '../../keys/keys.ts';
import { primariesOf } from './capabilities.ts';
import type { ScriptRunner } from './scripts/runner.ts';
import type { RedisClient } from './scripts/script.ts';

export interface Markers {
  /** The markers as Redis has them: the lowest of all primaries, and the highest; 0 where there is none. */
  read(): Promise<{ readonly lowest: number; readonly highest: number }>;
  /** Raises every marker to this number; a marker is never lowered. */
  raise(marker: number): Promise<void>;
  /** The replication ids of the primaries, as one text. */
  primaries(): Promise<string>;
}

const MEMBER = 'marker';

export function markersIn(runner: ScriptRunner, redis: RedisClient, shards: number): Markers {
  // All shards of a single primary share its replication, so one marker says it all.
  const count = 'nodes' in redis ? shards : 1;
  const keys = Array.from({ length: count }, (_, shard) => chainKeys.marker(shard));
  return {
    read: async () => {
      const scores = await Promise.all(keys.map((key) => runner.ask('ZSCORE', (client) => client.zscore(key, MEMBER))));
      const markers = scores.map((score) => Number(score ?? 0));
      return { lowest: Math.min(...markers), highest: Math.max(...markers) };
    },
    raise: async (marker) => {
      await Promise.all(keys.map((key) => runner.ask('ZADD', (client) => client.zadd(key, 'GT', marker, MEMBER))));
    },
    primaries: async () => {
      const infos = await runner.ask('INFO', async (client) =>
        Promise.all((await primariesOf(client)).map((primary) => primary.info('replication'))),
      );
      return infos
        .map((info) => /^master_replid:(\S+)/m.exec(info)?.[1] ?? '')
        .sort()
        .join(' ');
    },
  };
}
