/** Checks whether a Redis can hold runs safely. */
import { Redis } from 'ioredis';
import { CatenaError } from '../../errors/catena-error.ts';
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

/**
 * Checks a Redis, or each master of a Cluster, for what the coordinator relies on. Returns an empty list without problems.
 * Throws `coordinator.unavailable` (retryable) when it does not answer.
 */
export async function checkRedis(redis: RedisClient): Promise<readonly RedisProblem[]> {
  const nodes = 'nodes' in redis ? redis.nodes('master') : [redis];
  try {
    const facts = await Promise.all(nodes.map((node) => askFacts(node)));
    const problems = facts.flatMap(problemsOf);
    return [...new Map(problems.map((each) => [each.problem, each])).values()];
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CatenaError('coordinator.unavailable', `Redis did not answer INFO: ${message}`, {
      class: 'retryable',
      cause,
      remedy: 'check that Redis runs and can be reached, and that its user may call INFO',
    });
  }
}

/** As {@link checkRedis}, over a connection of its own. */
export async function checkRedisAt(url: string): Promise<readonly RedisProblem[]> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, connectTimeout: 5_000 });
  // Connection errors reject the calls themselves.
  redis.on('error', () => {});
  try {
    return await checkRedis(redis);
  } finally {
    redis.disconnect();
  }
}

type RedisNode = Pick<Extract<RedisClient, { readonly status: string }>, 'info' | 'call'>;

async function askFacts(node: RedisNode): Promise<RedisFacts> {
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
export function problemsOf({ version, maxmemoryPolicy, appendonly, appendfsync }: RedisFacts): RedisProblem[] {
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
  }
  return problems;
}

function isAtLeast(version: string | undefined, [major, minor]: readonly [number, number]): boolean {
  const [actualMajor = 0, actualMinor = 0] = (version ?? '').split('.').map(Number);
  return actualMajor > major || (actualMajor === major && actualMinor >= minor);
}
