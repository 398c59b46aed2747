/** Checks whether a Redis can hold runs safely. */
import { CatenaError } from '../../errors/catena-error.ts';
import { chainKeys, KEY_LAYOUT_VERSION } from '../../keys/keys.ts';
import { type RedisSource, redisClientFor } from './connection/source.ts';
import { notedLayout } from './layout.ts';
import { answered } from './scripts/evaluate.ts';
import type { RedisClient } from './scripts/script.ts';

/** Scripts need `ZADD … LT`, added in 6.2. */
const LEAST_VERSION = [6, 2] as const;

/** A problem of a Redis, and its remedy. */
export interface RedisProblem {
  /** `fatal`: Catena cannot run on it. `loss`: it can, but the named data could be lost. */
  readonly level: 'fatal' | 'loss';
  readonly problem: string;
  readonly remedy: string;
}

/** Settings of the server; undefined if the server hides them. */
export interface RedisFacts {
  readonly version: string | undefined;
  readonly maxmemoryPolicy: string | undefined;
  readonly appendonly: string | undefined;
  readonly appendfsync: string | undefined;
}

export interface RedisNeeds {
  /** Whether a change of a run must be on disk before it counts. */
  readonly isStrict?: boolean;
}

/**
 * Checks a Redis, or each master of a Cluster, for what the coordinator relies on. Returns an empty list without problems.
 * Throws `coordinator.unavailable` (retryable) when it does not answer.
 */
export async function checkRedis(
  redis: RedisClient,
  { isStrict = false }: RedisNeeds = {},
): Promise<readonly RedisProblem[]> {
  const ask = () => Promise.all([askAll(redis), notedLayout(redis)]);
  const [facts, layout] = await answered(redis, ask, CHECK_TIMEOUT_MS, unanswered);
  const problems = facts.flatMap((each) => problemsOf(each, { isStrict }));
  return [...new Map(problems.map((each) => [each.problem, each])).values(), ...layoutProblems(layout)];
}

async function askAll(redis: RedisClient): Promise<readonly RedisFacts[]> {
  return Promise.all((await primariesOf(redis)).map((node) => readFacts(node)));
}

/** The one server, or every primary of a Cluster. */
export async function primariesOf(redis: RedisClient): Promise<readonly RedisNode[]> {
  if (!('nodes' in redis)) return [redis];
  // A Cluster knows its nodes once it has answered.
  await redis.exists(chainKeys.marker(0));
  return redis.nodes('master');
}

function unanswered(cause: unknown): CatenaError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CatenaError('coordinator.unavailable', `Redis did not answer INFO: ${message}`, {
    class: 'retryable',
    cause,
    remedy: 'check that Redis runs and can be reached, and that its user may call INFO',
  });
}

/** As {@link checkRedis}, over a connection of its own. */
export async function checkRedisAt(source: RedisSource, needs: RedisNeeds = {}): Promise<readonly RedisProblem[]> {
  const { redis, close } = redisClientFor(source, { timeoutMs: CHECK_TIMEOUT_MS });
  try {
    return await checkRedis(redis, needs);
  } finally {
    close();
  }
}

const CHECK_TIMEOUT_MS = 5_000;

export type RedisNode = Pick<Extract<RedisClient, { readonly status: string }>, 'info' | 'call' | 'script'>;

export async function readFacts(node: RedisNode): Promise<RedisFacts> {
  const [info, maxmemoryPolicy, appendonly, appendfsync] = await Promise.all([
    node.info('server'),
    askSetting(node, 'maxmemory-policy'),
    askSetting(node, 'appendonly'),
    askSetting(node, 'appendfsync'),
  ]);
  const version = /^redis_version:(\S+)/m.exec(info)?.[1];
  return { version, maxmemoryPolicy, appendonly, appendfsync };
}

/** Undefined when the server forbids CONFIG, as managed servers do. */
async function askSetting(node: RedisNode, name: string): Promise<string | undefined> {
  try {
    const [, value] = (await node.call('CONFIG', 'GET', name)) as readonly string[];
    return value;
  } catch (error) {
    const refused = error instanceof Error && /^(ERR unknown command|NOPERM)/i.test(error.message);
    if (refused) return undefined;
    throw error;
  }
}

/** Lists the problems of these settings. */
export function problemsOf(
  { version, maxmemoryPolicy, appendonly, appendfsync }: RedisFacts,
  { isStrict = false }: RedisNeeds = {},
): RedisProblem[] {
  const problems: RedisProblem[] = [];
  const say = (level: RedisProblem['level'], problem: string, remedy: string) =>
    problems.push({ level, problem, remedy });
  if (!isAtLeast(version, LEAST_VERSION)) {
    say('fatal', `Redis is version ${version ?? 'unknown'}`, `run version ${LEAST_VERSION.join('.')} or later`);
  }
  if (maxmemoryPolicy !== 'noeviction') {
    const found = `maxmemory-policy is ${maxmemoryPolicy ?? 'not readable'}: open nodes may be evicted`;
    say(maxmemoryPolicy === undefined ? 'loss' : 'fatal', found, 'set maxmemory-policy to noeviction');
  }
  if (appendonly !== 'yes') {
    const found = `appendonly is ${appendonly ?? 'not readable'}: a restart would forget every run since the last snapshot`;
    say('loss', found, 'set appendonly to yes; lost runs start again from the SQL store');
  } else if (appendfsync === 'no') {
    const found = 'appendfsync is no: a crash of the machine could lose about the last half minute';
    say('loss', found, 'set appendfsync to everysec (a second) or always (nothing)');
  } else if (isStrict && appendfsync !== 'always') {
    const found = `appendfsync is ${appendfsync ?? 'not readable'}, but cache.durability is strict`;
    say('loss', found, 'set appendfsync to always, or cache.durability to fast: the last second is then redone');
  }
  return problems;
}

/** A process of an older release would drop fields that it does not know. */
function layoutProblems(noted: number): RedisProblem[] {
  if (noted <= KEY_LAYOUT_VERSION) return [];
  const problem = `Redis holds runs in key layout ${noted}, and this release knows layouts up to ${KEY_LAYOUT_VERSION}`;
  return [
    { level: 'fatal', problem, remedy: 'start the release that wrote them, or give this one a Redis of its own' },
  ];
}

function isAtLeast(version: string | undefined, [major, minor]: readonly [number, number]): boolean {
  const [actualMajor = 0, actualMinor = 0] = (version ?? '').split('.').map(Number);
  return actualMajor > major || (actualMajor === major && actualMinor >= minor);
}
