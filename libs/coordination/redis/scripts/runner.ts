/** Runs scripts in Redis: by their hash, bounded in time, and with every failure of Redis as one retryable error. */
import { CatenaError } from '../../../errors/catena-error.ts';
import { bounded, evaluate } from './evaluate.ts';
import type { RedisClient, Reply, Script, ScriptArgument } from './script.ts';
import { readScript } from './source.ts';

export interface ScriptRunner {
  /** Throws `coordinator.unavailable` (retryable): what Redis did is not known, and sending the call again is safe. */
  run(script: Script, keys: readonly string[], args: readonly ScriptArgument[]): Promise<Reply>;
  /** Any other command, with the same errors. */
  ask<T>(what: string, command: (redis: RedisClient) => Promise<T>): Promise<T>;
}

export interface ScriptRunnerOptions {
  readonly redis: RedisClient;
  /** All that will be run. */
  readonly scripts: readonly Script[];
  readonly timeoutMs: number;
  /** Told of each script that answered. */
  readonly onScript: (script: string, code: number, durationMs: number) => void;
}

/** A runner whose scripts are loaded on every master. */
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
