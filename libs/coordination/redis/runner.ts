/** Runs scripts in Redis: by their hash, bounded in time, and with every failure of Redis as one retryable error. */
import type { Cluster, Redis } from 'ioredis';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Reply, Script } from './script.ts';
import { SCRIPTS } from './scripts.ts';
import { readScript, type ScriptSource } from './source.ts';

export type RedisClient = Redis | Cluster;
export type ScriptArgument = string | number;

export interface ScriptRunner {
  /** Throws `coordinator.unavailable` (retryable): what Redis did is not known, and sending the call again is safe. */
  run(script: Script, keys: readonly string[], args: readonly ScriptArgument[]): Promise<Reply>;
  /** Any other command, with the same errors. */
  ask<T>(what: string, command: (redis: RedisClient) => Promise<T>): Promise<T>;
}

export interface ScriptRunnerOptions {
  readonly redis: RedisClient;
  readonly timeoutMs: number;
  /** Told of each script that answered. */
  readonly onScript: (script: string, code: number, durationMs: number) => void;
}

/** A runner whose scripts are loaded on every master. */
export async function startScriptRunner(options: ScriptRunnerOptions): Promise<ScriptRunner> {
  const { redis, timeoutMs, onScript } = options;
  const sources = new Map(SCRIPTS.map((script) => [script.name, readScript(script.name)]));
  const nodes = 'nodes' in redis ? redis.nodes('master') : [redis];
  const loads = nodes.flatMap((node) => [...sources.values()].map(({ text }) => node.script('LOAD', text)));
  await bounded('SCRIPT LOAD', timeoutMs, Promise.all(loads));
  return {
    async run(script, keys, args) {
      const startedMs = performance.now();
      const call = evaluate(redis, sources.get(script.name)!, [keys.length, ...keys, ...args]);
      const [code, , payload, ...texts] = (await bounded(script.name, timeoutMs, call)) as Answer;
      onScript(script.name, code, performance.now() - startedMs);
      return { code, payload: payload === '' ? undefined : JSON.parse(payload), texts };
    },
    ask: (what, command) => bounded(what, timeoutMs, command(redis)),
  };
}

type Answer = readonly [code: number, msg: string, payload: string, ...texts: string[]];

/** A master that does not know the script, after a restart or a failover, gets it with the call. */
function evaluate(redis: RedisClient, { sha, text }: ScriptSource, rest: [number, ...ScriptArgument[]]) {
  return redis.evalsha(sha, ...rest).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(text, ...rest);
  });
}

function bounded<T>(what: string, timeoutMs: number, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const expire = () => reject(unavailable(what, new Error(`no answer within ${timeoutMs} ms`)));
    const timer = setTimeout(expire, timeoutMs);
    const fail = (error: unknown) => {
      clearTimeout(timer);
      reject(unavailable(what, error));
    };
    call.then((answer) => {
      clearTimeout(timer);
      resolve(answer);
    }, fail);
  });
}

function unavailable(what: string, cause: unknown): CatenaError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CatenaError('coordinator.unavailable', `Redis did not run ${what}: ${message}`, {
    class: 'retryable',
    cause,
    data: { call: what },
    remedy: 'check that Redis runs and can be reached; sending the call again is safe',
  });
}
