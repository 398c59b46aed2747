import { chainKeys } from '../../keys/keys.ts';
import type { PurgeCommand, PurgeOutcome } from '../protocol/runs.ts';
import { findPlace, type KnownPlace, type RedisDeps } from './scripts/call.ts';
import { readList } from './scripts/read-reply.ts';
import { PurgeCode } from './scripts/script.ts';
import { purgeLookScript, purgeScript } from './scripts.ts';

/** A purge that others get ahead of so often leaves the rest to them. */
const MAX_LOOKS = 5;

/** The last nodes first, so that what is left can still be listed. The run itself goes with an empty batch. */
export async function runPurge(deps: RedisDeps, { runId, limit }: PurgeCommand): Promise<PurgeOutcome> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const place = await findPlace(deps, runId);
    if (place === undefined) return { deleted: 0, more: false };
    const ids = await deps.runner.ask('LRANGE', (redis) => redis.lrange(place.nodes, -limit, -1));
    const code = ids.length === 0 ? await purgeRun(deps, place) : await purgeNodes(deps, place, ids);
    if (code < 0) deps.places.forget(runId);
    if (code < 0 || code === PurgeCode.OTHER_BATCH) continue;
    if (code === PurgeCode.NOT_CLOSED) return { deleted: 0, more: false };
    if (ids.length === limit) return { deleted: ids.length, more: true };
    if (ids.length > 0) await purgeRun(deps, place);
    return { deleted: ids.length, more: false };
  }
  return { deleted: 0, more: true };
}

async function purgeNodes({ runner }: RedisDeps, place: KnownPlace, ids: readonly string[]): Promise<number> {
  const nodes = ids.map((id) => place.node(id));
  const tokens = readList<unknown>((await runner.run(purgeLookScript, nodes, [])).payload).map(readList<string>);
  const staged = ids.flatMap((id, at) => tokens[at]!.map((token) => chainKeys.staged(place.shard, id, token)));
  const keys = [place.run, place.nodes, ...nodes, ...staged];
  return (await runner.run(purgeScript, keys, [ids.length, ids.at(-1)!, place.stamp])).code;
}

async function purgeRun(deps: RedisDeps, place: KnownPlace): Promise<number> {
  const { runId, shard, run, plan, nodes, timeline, reorder } = place;
  const modules = [...place.modules.values()].flatMap(({ moduleId, exec, due }) => {
    return [exec, ...due, chainKeys.fallbackGate(shard, runId, moduleId)];
  });
  const keys = [run, nodes, plan, timeline, reorder, ...modules];
  const { code } = await deps.runner.run(purgeScript, keys, [0, '', place.stamp]);
  deps.places.forget(runId);
  return code;
}
