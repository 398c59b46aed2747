/** All keys of a Redis or of a cluster, for tests that look behind the port. */
import { Cluster, type Redis } from 'ioredis';

const KEYS_PER_SCAN = 1_000;

export function mastersOf(redis: Redis | Cluster): Redis[] {
  return redis instanceof Cluster ? redis.nodes('master') : [redis];
}

/** Keys that contain this text, on all masters. */
export async function keysWith(redis: Redis | Cluster, text = ''): Promise<string[]> {
  const keys: string[] = [];
  for (const master of mastersOf(redis)) {
    let cursor = '0';
    do {
      const [next, page] = await master.scan(cursor, 'COUNT', KEYS_PER_SCAN);
      cursor = next;
      keys.push(...page.filter((key) => key.includes(text)));
    } while (cursor !== '0');
  }
  return keys.sort();
}

/** Each key with its serialized value: what {@link restoreTo} takes. */
export async function dumpOf(redis: Redis): Promise<Map<string, Buffer>> {
  const keys = await keysWith(redis);
  const values = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  return new Map(keys.flatMap((key, index) => (values[index] === null ? [] : [[key, values[index]!] as const])));
}

/** Each key with what it holds, as text that is the same when the contents are: to compare. */
export async function contentsOf(redis: Redis): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  for (const [key, value] of await dumpOf(redis)) {
    // A large hash is serialized in the order of its table, which a mere look may change.
    const isHash = (await redis.type(key)) === 'hash';
    const fields = isHash ? Object.entries(await redis.hgetallBuffer(key)) : [];
    const sorted = fields.map(([field, held]) => `${field}=${held.toString('base64')}`).sort();
    contents.set(key, isHash ? sorted.join() : value.toString('base64'));
  }
  return contents;
}

/** Keys that do not hold the same in both. */
export function changedKeys(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key));
}

/** Makes the keyspace what a dump says, and nothing else. */
export async function restoreTo(redis: Redis, dump: ReadonlyMap<string, Buffer>): Promise<void> {
  await redis.flushall();
  await Promise.all([...dump].map(([key, value]) => redis.restore(key, 0, value)));
}

export async function flushAll(redis: Redis | Cluster): Promise<void> {
  await Promise.all(mastersOf(redis).map((master) => master.flushall()));
}
