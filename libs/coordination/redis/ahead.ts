/** Reads what is due soon; nothing is changed. */
import { chainKeys } from '../../keys/keys.ts';
import type { ChainNode } from '../protocol/node.ts';
import { readNodes } from './reads.ts';
import type { RedisDeps } from './scripts/call.ts';

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
  const key = chainKeys.shardDue(shard);
  const [, score] = await deps.runner.ask('ZRANGE', (redis) => redis.zrange(key, '0', '0', 'WITHSCORES'));
  return score === undefined ? undefined : Math.max(0, Number(score) - (await timeOf(deps)));
}

/** Unix milliseconds of the server, or of the test. */
export async function timeOf({ runner, now }: RedisDeps): Promise<number> {
  const given = now();
  if (given !== '') return Number(given);
  const [seconds, micros] = await runner.ask('TIME', (redis) => redis.time());
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}
