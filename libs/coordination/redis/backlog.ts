/** Reads what waits in all shards; nothing is changed. */
import { chainKeys } from '../../keys/keys.ts';
import { MAX_BUFFERED_RUNS } from '../protocol/backlog.ts';
import { timeOf } from './ahead.ts';
import { liveRuns } from './reads.ts';
import type { RedisDeps } from './scripts/call.ts';

/** The sets of the shards have their next due times as scores; a paused run is in none of them. */
export async function oldestOverdueMs(deps: RedisDeps, shards: number): Promise<number> {
  const heads = Array.from({ length: shards }, (_, shard) =>
    deps.runner.ask('ZRANGE', (redis) => redis.zrange(chainKeys.shardDue(shard), '0', '0', 'WITHSCORES')),
  );
  const due = (await Promise.all(heads)).flatMap(([, score]) => (score === undefined ? [] : [Number(score)]));
  if (due.length === 0) return 0;
  return Math.max(0, (await timeOf(deps)) - Math.min(...due));
}

export async function bufferedResponses(deps: RedisDeps, shards: number): Promise<number> {
  let buffered = 0;
  let left = MAX_BUFFERED_RUNS;
  for (let shard = 0; shard < shards && left > 0; shard += 1) {
    const buffers: string[] = [];
    for await (const runId of liveRuns(deps, shard)) {
      if (buffers.length === left) break;
      buffers.push(deps.keys.of(runId).reorder);
    }
    left -= buffers.length;
    // They are sent together; a Cluster needs no more, since the keys of a shard have one slot.
    const sizes = await Promise.all(buffers.map((key) => deps.runner.ask('HLEN', (redis) => redis.hlen(key))));
    for (const size of sizes) buffered += size;
  }
  return buffered;
}
