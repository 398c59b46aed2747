/** Reads the nodes of a phase that are due soon; nothing is changed. What is leased is among them. */
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

/** Nodes that one script reads. */
const PAGE = 500;

/** Yields the nodes whose due time lies ahead by up to `withinMs`, page by page. Each page sees the phase as it is then. */
export async function* lookAhead(
  deps: RedisDeps,
  { runId, moduleId, phase, withinMs }: LookAhead,
): AsyncGenerator<readonly ChainNode[], void, undefined> {
  const { keys, runner } = deps;
  const key = keys.of(runId).due(moduleId, phase);
  const [seconds, micros] = await runner.ask('TIME', (redis) => redis.time());
  const nowMs = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  const ids = await runner.ask('ZRANGE', (redis) => redis.zrange(key, `${nowMs}`, `${nowMs + withinMs}`, 'BYSCORE'));
  for (let at = 0; at < ids.length; at += PAGE) yield await readNodes(deps, runId, ids.slice(at, at + PAGE));
}
