/** Examines a Redis for `catena doctor`: what falls short of the chosen level of durability. */
import { addClock, addLatency, type Finding, Findings } from '../../config/finding.ts';
import { chainKeys } from '../../keys/keys.ts';
import { primariesOf, problemsOf, type RedisNode, readFacts } from './capabilities.ts';
import { type RedisSource, redisClientFor } from './connection/source.ts';
import { answered } from './scripts/evaluate.ts';
import type { RedisClient } from './scripts/script.ts';

export interface RedisLevel {
  /** Whether a change of a run must be on disk before it counts. */
  readonly isStrict: boolean;
  /** Replicas that must have a change before it counts. */
  readonly replicas: number;
}

const TIMEOUT_MS = 5_000;
const ROUND_TRIPS = 20;
const FULL_RATIO = 0.8;

/** Throws `coordinator.unavailable` when it does not answer. */
export async function examineRedis(
  source: RedisSource,
  level: RedisLevel,
  unanswered: (cause: unknown) => Error,
): Promise<readonly Finding[]> {
  const { redis, close } = redisClientFor(source, { timeoutMs: TIMEOUT_MS });
  try {
    const primaries = await answered(redis, () => primariesOf(redis), TIMEOUT_MS, unanswered);
    const each = await Promise.all(
      primaries.map((primary, at) =>
        answered(
          redis,
          () => examinePrimary(primary, primaries.length > 1 ? `Redis ${at + 1}` : 'Redis', level),
          TIMEOUT_MS,
          unanswered,
        ),
      ),
    );
    return [...each.flat(), await permission(redis)];
  } finally {
    close();
  }
}

async function examinePrimary(node: RedisNode, subject: string, level: RedisLevel): Promise<readonly Finding[]> {
  const findings = new Findings(subject);
  const facts = await readFacts(node);
  const problems = problemsOf(facts, level);
  if (problems.length === 0) findings.add('ok', 'version', `${facts.version}`);
  for (const { level: kind, problem, remedy } of problems) {
    findings.add('error', kind === 'fatal' ? 'fitness' : 'persistence', problem, remedy);
  }
  if (!problems.some(({ level: kind }) => kind === 'loss')) {
    findings.add('ok', 'persistence', `appendonly ${facts.appendonly}, appendfsync ${facts.appendfsync}`);
  }
  const [persistence, replication, memory] = await Promise.all(
    ['persistence', 'replication', 'memory'].map((section) => node.info(section)),
  );
  addWrites(findings, fieldsOf(persistence!));
  addReplication(findings, fieldsOf(replication!), level);
  addMemory(findings, fieldsOf(memory!));
  const tookMs: number[] = [];
  for (let times = 0; times < ROUND_TRIPS; times += 1) {
    const startedMs = performance.now();
    await node.call('PING');
    tookMs.push(performance.now() - startedMs);
  }
  addLatency(findings, tookMs);
  const startedMs = performance.now();
  const [seconds, micros] = (await node.call('TIME')) as readonly [string, string];
  const tripMs = performance.now() - startedMs;
  addClock(findings, Number(seconds) * 1_000 + Number(micros) / 1_000 - (Date.now() - tripMs / 2), tripMs / 2);
  return findings.list;
}

/** What the last writes to its disk have come to. */
function addWrites(findings: Findings, fields: ReadonlyMap<string, string>): void {
  const failed = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status'].filter(
    (name) => (fields.get(name) ?? 'ok') !== 'ok',
  );
  const isFailing = failed.length > 0;
  const found = isFailing ? `${failed.join(', ')}: err` : 'its last writes to disk succeeded';
  findings.add(isFailing ? 'error' : 'ok', 'disk', found, isFailing ? 'free space on its disk, and read its log' : '');
}

function addReplication(findings: Findings, fields: ReadonlyMap<string, string>, { replicas }: RedisLevel): void {
  if (fields.get('role') !== 'master') {
    findings.add(
      'error',
      'replication',
      'it is a replica and takes no writes',
      'set cache.redis to the primary, or cache.topology',
    );
    return;
  }
  const states = [...fields].filter(([name]) => /^slave\d+$/.test(name)).map(([, state]) => state);
  const online = states.filter((state) => state.includes('state=online')).length;
  const found = `${online} of ${states.length} replicas are online`;
  if (online < replicas) {
    findings.add(
      'error',
      'replication',
      `${found}, cache.replicas is ${replicas}`,
      'start replicas, or lower cache.replicas',
    );
  } else if (replicas === 0 && states.length > 0) {
    const remedy = 'with cache.durability strict and cache.replicas a failover loses no write; otherwise it is redone';
    findings.add('ok', 'replication', `${found}; nothing waits for them`, remedy);
  } else {
    findings.add('ok', 'replication', found);
  }
}

function addMemory(findings: Findings, fields: ReadonlyMap<string, string>): void {
  const [used, configured, system] = ['used_memory', 'maxmemory', 'total_system_memory'].map((name) =>
    Number(fields.get(name) ?? 0),
  );
  const most = configured || system || 0;
  const found = `${mib(used!)} MiB used of ${mib(most)} MiB (${configured === 0 ? 'the machine; maxmemory is not set' : 'maxmemory'})`;
  const isFull = most > 0 && used! / most > FULL_RATIO;
  findings.add(
    isFull ? 'warning' : 'ok',
    'memory',
    found,
    isFull ? 'give it more memory: when it is full, every write is refused' : '',
  );
}

/** Whether the user may do what the coordinator does; a script writes a key that expires at once. */
async function permission(redis: RedisClient): Promise<Finding> {
  const findings = new Findings('Redis');
  try {
    const key = `${chainKeys.marker(0)}:doctor`;
    await redis.eval("return redis.call('SET', KEYS[1], 1, 'PX', 1)", 1, key);
    findings.add('ok', 'permissions', 'scripts may write keys of the coordinator');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    findings.add(
      'error',
      'permissions',
      `a script may not write: ${reason}`,
      'give the user the rights of deploy/redis/users.acl',
    );
  }
  return findings.list[0]!;
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  const lines = info.split('\r\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

function mib(bytes: number): string {
  return (bytes / 1_048_576).toFixed(0);
}
