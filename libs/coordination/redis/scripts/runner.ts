/** Runs scripts in Redis: by hash, in bounded time, and with one retryable error for every failure of Redis. */
import { CatenaError } from '../../../errors/catena-error.ts';
import { bounded, evaluate } from './evaluate.ts';
import type { RedisClient, Reply, Script, ScriptArgument } from './script.ts';
import { readScript } from './source.ts';

export interface ScriptRunner {
  /** Throws `coordinator.unavailable` (retryable): it is unknown what Redis did, but repeating the call is safe. */
  run(script: Script, keys: readonly string[], args: readonly ScriptArgument[]): Promise<Reply>;
  /** Sends another command, with the same errors. */
  ask<T>(what: string, command: (redis: RedisClient) => Promise<T>): Promise<T>;
}

export interface ScriptRunnerOptions {
  readonly redis: RedisClient;
  /** All scripts of the runner. */
  readonly scripts: readonly Script[];
  readonly timeoutMs: number;
  /** Called for each script that answered. */
  readonly onScript: (script: string, code: number, durationMs: number) => void;
}

/** Creates a runner, and loads its scripts on each master. */
export async function startScriptRunner(options: ScriptRunnerOptions): Promise<ScriptRunner> {
  const { redis, scripts, timeoutMs, onScript } = options;
  const sources = new Map(scripts.map((script) => [script.name, readScript(script)]));
  const nodes = 'nodes' in redis ? redis.nodes('master') : [redis];
  const loads = nodes.flatMap((node) => [...sources.values()].map(({ text }) => node.script('LOAD', text)));
  await bounded(Promise.all(loads), timeoutMs, (cause) => unavailable('SCRIPT LOAD', cause));
  return {
    async run(script, keys, args) {
      const startedMs = performance.now();
      const call = evaluate(redis, sources.get(script.name)!, [keys.length, ...keys, ...args]);
      const [code, , payload, ...texts] = (await bounded(call, timeoutMs, (cause) =>
        unavailable(script.name, cause),
      )) as Answer;
      onScript(script.name, code, performance.now() - startedMs);
      return { code, payload: payload === '' ? undefined : JSON.parse(payload), texts };
    },
    ask: (what, command) => bounded(command(redis), timeoutMs, (cause) => unavailable(what, cause)),
  };
}

type Answer = readonly [code: number, msg: string, payload: string, ...texts: string[]];

function unavailable(what: string, cause: unknown): CatenaError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CatenaError('coordinator.unavailable', `Redis did not run ${what}: ${message}`, {
    class: 'retryable',
    cause,
    data: { call: what },
    remedy:
      'check that Redis runs, can be reached and takes writes (memory, disk, no replica); the call may be sent again',
  });
}
