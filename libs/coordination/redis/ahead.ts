/** Reads what is due soon; nothing is changed. */
import { chainKeys } from '../../keys/keys.ts';
import { type ChainNode, READY_HOP_MS } from '../protocol/node.ts';
import { readNodes } from './reads.ts';
import type { RedisDeps } from './scripts/call.ts';
import type { RedisClient } from './scripts/script.ts';

export interface LookAhead {
  readonly runId: string;
  readonly moduleId: string;
  readonly phase: number;
  /** How far ahead their due times may lie, in milliseconds. */
  readonly withinMs: number;
}

/** Nodes as they are when they are read, and when the look began, in Unix milliseconds of the server. */
export interface NodesAhead {
  readonly nodes: readonly ChainNode[];
  readonly nowMs: number;
}

/** How far the bands of a shard's due set are apart, as in `lua/lib/core.lua`. */
const BAND_MS = 1e15;

/** Nodes that one script reads. */
const PAGE = 500;

/** Yields the nodes whose due time lies ahead by up to `withinMs`, page by page. Each page sees the phase as it is then. */
export async function* lookAhead(
  deps: RedisDeps,
  { runId, moduleId, phase, withinMs }: LookAhead,
): AsyncGenerator<NodesAhead, void, undefined> {
  const { keys, runner } = deps;
  const key = keys.of(runId).due(moduleId, phase);
  const nowMs = await timeOf(deps);
  const ids = await runner.ask('ZRANGE', (redis) => redis.zrange(key, `${nowMs}`, `${nowMs + withinMs}`, 'BYSCORE'));
  for (let at = 0; at < ids.length; at += PAGE) {
    yield { nodes: await readNodes(deps, runId, ids.slice(at, at + PAGE)), nowMs };
  }
}

/** When the first entry of a shard is due, in milliseconds from now; undefined when nothing is. */
export async function nextDueInMs(deps: RedisDeps, shard: number): Promise<number | undefined> {
  const atMs = await firstDueAtMs(deps, shard);
  return atMs === undefined ? undefined : Math.max(0, atMs - (await timeOf(deps)));
}

/** When the first entry of a shard is due, in Unix milliseconds; undefined when nothing is due at a time. */
export async function firstDueAtMs(deps: RedisDeps, shard: number): Promise<number | undefined> {
  const key = chainKeys.shardDue(shard);
  const firstFrom = async (from: string): Promise<number> => {
    const range = (redis: RedisClient) => redis.zrange(key, from, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES');
    const [, score] = await deps.runner.ask('ZRANGE', range);
    return score === undefined ? Number.POSITIVE_INFINITY : Number(score);
  };
  const first = await firstFrom('-inf');
  // Nothing is in the set: what most shards of an idle deployment answer costs one command.
  if (first === Number.POSITIVE_INFINITY) return undefined;
  // The first of each band: times, phases, ends of runs. One that is of the next band only seems to be later than it is.
  const [phase, end] = await Promise.all([firstFrom('0'), firstFrom(`${BAND_MS}`)]);
  const atMs = Math.min(first + BAND_MS, phase, end - BAND_MS);
  return atMs < READY_HOP_MS ? atMs : undefined;
}

/** Unix milliseconds of the server, or of the test. */
export async function timeOf({ runner, now }: RedisDeps): Promise<number> {
  const given = now();
  if (given !== '') return Number(given);
  const [seconds, micros] = await runner.ask('TIME', (redis) => redis.time());
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}
