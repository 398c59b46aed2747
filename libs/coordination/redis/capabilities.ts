/** What a Redis must be able to do before it may hold runs. */
import { Redis } from 'ioredis';
import { CatenaError } from '../../errors/catena-error.ts';
import type { RedisClient } from './scripts/script.ts';

/** Scripts use `ZADD … LT`, of 6.2. */
const LEAST_VERSION = [6, 2] as const;

/** What was found, and what to do about it. */
export interface RedisProblem {
  /** `fatal`: it cannot work. `loss`: it works, and what is named would be lost. */
  readonly level: 'fatal' | 'loss';
  readonly problem: string;
  readonly remedy: string;
}

/** What the server says of itself; undefined where it does not say. */
export interface RedisFacts {
  readonly version: string | undefined;
  readonly maxmemoryPolicy: string | undefined;
  readonly appendonly: string | undefined;
  readonly appendfsync: string | undefined;
}

/**
 * Asks a Redis, or each master of a Cluster, for what the coordinator relies on. Answers an empty list when all is well.
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
    throw new CatenaError('coordinator.unavailable', `Redis did not say what it can do: ${message}`, {
      class: 'retryable',
      cause,
      remedy: 'check that Redis runs and can be reached, and that its user may call INFO',
    });
  }
}

/** As {@link checkRedis}, over a connection of its own. */
export async function checkRedisAt(url: string): Promise<readonly RedisProblem[]> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, connectTimeout: 5_000 });
  // Its errors arrive with the questions that met them.
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

/** Undefined where the server does not let itself be asked: managed ones forbid CONFIG. */
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

/** The problems that these facts name. */
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
    say('loss', found, 'set appendonly to yes; runs are in the SQL store and start again from there');
  } else if (appendfsync === 'no') {
    const found = 'appendfsync is no: a crash of the machine would forget the last half minute or so';
    say('loss', found, 'set appendfsync to everysec (a second) or always (nothing)');
  }
  return problems;
}

function isAtLeast(version: string | undefined, [major, minor]: readonly [number, number]): boolean {
  const [actualMajor = 0, actualMinor = 0] = (version ?? '').split('.').map(Number);
  return actualMajor > major || (actualMajor === major && actualMinor >= minor);
}
