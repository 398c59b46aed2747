/** Reads what waits in all shards; nothing is changed. */
import { MAX_BUFFERED_RUNS } from '../protocol/backlog.ts';
import { firstDueAtMs, timeOf } from './ahead.ts';
import { liveRuns } from './reads.ts';
import type { RedisDeps } from './scripts/call.ts';

/** A paused run is in no shard's due set. */
export async function oldestOverdueMs(deps: RedisDeps, shards: number): Promise<number> {
  const firsts = await Promise.all(Array.from({ length: shards }, (_, shard) => firstDueAtMs(deps, shard)));
  const due = firsts.filter((atMs) => atMs !== undefined);
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
