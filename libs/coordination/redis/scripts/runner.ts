/** Runs scripts in Redis: by hash, in bounded time, and with one retryable error for every failure of Redis. */
import { NextRound } from '../../../concurrency/next-round.ts';
import { CatenaError } from '../../../errors/catena-error.ts';
import { inCallSpan } from '../../../telemetry/spans.ts';
import { codeName } from '../../protocol/outcome.ts';
import { primariesOf } from '../capabilities.ts';
import { answered, evaluate } from './evaluate.ts';
import { redisSpan } from './redis-span.ts';
import { LookCode, type RedisClient, type Reply, type Script, type ScriptArgument } from './script.ts';
import { readScript } from './source.ts';

export interface ScriptRunner {
  /** Throws `coordinator.unavailable` or, without memory left, `coordinator.full` (both retryable): it is unknown what Redis did, but repeating the call is safe. */
  run(script: Script, keys: readonly string[], args: readonly ScriptArgument[]): Promise<Reply>;
  /** Sends another command, with the same errors. */
  ask<T>(what: string, command: (redis: RedisClient) => Promise<T>): Promise<T>;
}

export interface ScriptRunnerOptions {
  readonly redis: RedisClient;
  /** All scripts of the runner. */
  readonly scripts: readonly Script[];
  readonly timeoutMs: number;
  /** Replicas that must have what a script wrote before it counts as answered; 0: none. */
  readonly replicas: number;
  /** Called for each script that answered. */
  readonly onScript: (script: string, code: number, durationMs: number) => void;
  /** Called for each command that failed or got no answer, whether it is sent again or not. */
  readonly onFailure?: (() => void) | undefined;
}

/** Creates a runner, and loads its scripts on each master. */
export async function startScriptRunner(options: ScriptRunnerOptions): Promise<ScriptRunner> {
  const { redis, scripts, timeoutMs, onScript, onFailure } = options;
  const sources = new Map(scripts.map((script) => [script.name, readScript(script)]));
  await answered(
    redis,
    () =>
      load(
        redis,
        [...sources.values()].map(({ text }) => text),
      ),
    timeoutMs,
    (cause) => unavailable('SCRIPT LOAD', cause),
    onFailure,
  );
  const replicated = replication(options);
  const runScript: ScriptRunner['run'] = async (script, keys, args) => {
    const startedMs = performance.now();
    const source = sources.get(script.name)!;
    const [code, , payload, ...texts] = (await answered(
      redis,
      () => evaluate(redis, source, [keys.length, ...keys, ...args]),
      timeoutMs,
      (cause) => unavailable(script.name, cause),
      onFailure,
    )) as Answer;
    if (replicated !== undefined && script.codes !== LookCode) await replicated(keys[0]!);
    onScript(script.name, code, performance.now() - startedMs);
    return { code, payload: payload === '' ? undefined : JSON.parse(payload), texts };
  };
  return {
    run: (script, keys, args) =>
      inCallSpan(
        () => redisSpan(redis, 'EVALSHA', script.name),
        () => runScript(script, keys, args),
        { answered: ({ code }) => ({ code: codeName(script.codes, code) }) },
      ),
    ask: (what, command) =>
      inCallSpan(
        () => redisSpan(redis, what),
        () =>
          answered(
            redis,
            () => command(redis),
            timeoutMs,
            (cause) => unavailable(what, cause),
            onFailure,
          ),
      ),
  };
}

type Answer = readonly [code: number, msg: string, payload: string, ...texts: string[]];

/** A WAIT may take this share of the time of a call. */
const WAITS_PER_CALL = 8;

async function load(redis: RedisClient, texts: readonly string[]): Promise<void> {
  const nodes = await primariesOf(redis);
  await Promise.all(nodes.flatMap((node) => texts.map((text) => node.script('LOAD', text))));
}

/**
 * Waits until enough replicas have everything that this process has written where a key is. Calls share a WAIT: it covers all
 * earlier writes of its connection. Undefined when nobody has to wait.
 */
function replication({
  redis,
  replicas,
  timeoutMs,
  onFailure,
}: ScriptRunnerOptions): ((key: string) => Promise<void>) | undefined {
  if (replicas === 0) return undefined;
  // Shorter than the silence after which the connection is left.
  const waitMs = String(Math.ceil(timeoutMs / WAITS_PER_CALL));
  const rounds = new NextRound(async (key) => {
    // The read makes a Cluster choose the node of the key, and with it the connection that wrote.
    const batch = redis.pipeline().exists(key).call('WAIT', String(replicas), waitMs);
    const results = await answered(
      redis,
      () => batch.exec(),
      timeoutMs,
      (cause) => unavailable('WAIT', cause),
      onFailure,
    );
    const [error, count] = results?.[1] ?? [];
    if (error) throw unavailable('WAIT', error);
    if (Number(count) < replicas) throw tooFewReplicas(Number(count), replicas);
  });
  return (key) => rounds.join(shardTagOf(key));
}

/** A key of the same slot that all calls of a shard share. */
function shardTagOf(key: string): string {
  return /^[^{]*\{[^}]*\}/.exec(key)?.[0] ?? key;
}

function tooFewReplicas(found: number, wanted: number): CatenaError {
  return new CatenaError('coordinator.not_replicated', `${found} of ${wanted} replicas of Redis have a change`, {
    class: 'retryable',
    data: { found, wanted },
    remedy: 'check the replicas of Redis, or lower cache.replicas; the call may be sent again',
  });
}

function unavailable(what: string, cause: unknown): CatenaError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/\bOOM command not allowed\b/.test(message)) return full(what, message, cause);
  const isCluster = /\bMOVED\b/.test(message);
  return new CatenaError('coordinator.unavailable', `Redis did not run ${what}: ${message}`, {
    class: 'retryable',
    cause,
    data: { call: what },
    remedy: isCluster
      ? 'this Redis is a node of a Cluster: set cache.topology to cluster'
      : 'check that Redis runs, can be reached and takes writes (memory, disk, no replica); the call may be sent again',
  });
}

function full(what: string, message: string, cause: unknown): CatenaError {
  return new CatenaError('coordinator.full', `Redis has no memory left for ${what} (maxmemory): ${message}`, {
    class: 'retryable',
    cause,
    data: { call: what },
    remedy:
      'give Redis more memory, or let runs end and their nodes expire (retention.finished_run_ms); nothing is lost meanwhile',
  });
}
