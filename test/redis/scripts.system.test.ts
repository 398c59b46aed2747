/** What every script owes, whatever it does: it fails before it writes, and touches the keys that it was given alone. */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CommitCode } from '../../libs/coordination/protocol/commits.ts';
import { SCRIPTS } from '../../libs/coordination/redis/index.ts';
import { readScript } from '../../libs/coordination/redis/scripts/source.ts';
import { heldBy, openScene } from '../conformance/coordinator/scene/scene.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { connectTo, openRedisHarness } from './harness.ts';
import { changedKeys, contentsOf, dumpOf, keysWith, restoreTo } from './keyspace.ts';
import { recordScripts, type ScriptCall } from './recorder.ts';
import { watchKeys } from './touched-keys.ts';
import { TOUR } from './tour.ts';

let server: RedisServer;
let raw: Redis;
beforeAll(async () => {
  server = await startRedisServer();
  raw = connectTo(server.port);
});
afterAll(async () => {
  raw?.disconnect();
  await server?.stop();
});

const NAMES = new Map(SCRIPTS.map((script) => [readScript(script).sha, script.name]));

/** A call with the keyspace that it found. */
interface Recorded extends ScriptCall {
  readonly before: ReadonlyMap<string, Buffer>;
}

/** Every call of one scene, in its order. */
async function recordScene(play: (typeof TOUR)[string]): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  await raw.flushall();
  const open = () =>
    openRedisHarness(() =>
      recordScripts(connectTo(server.port), async (call) => {
        recorded.push({ ...call, before: await dumpOf(raw) });
      }),
    );
  await play(open);
  return recorded;
}

describe('P2: each script', () => {
  it.each(Object.entries(TOUR))('fails before it writes, with any key of a wrong type: %s', async (_, play) => {
    const calls = await recordScene(play);
    let failures = 0;
    const written = new Set<string>();
    for (const { sha, keys, args, before } of calls) {
      for (const key of keys) {
        await restoreTo(raw, before);
        await raw.del(key);
        await raw.xadd(key, '*', 'of another', 'type');
        const broken = await contentsOf(raw);
        const answer = await raw.evalsha(sha, keys.length, ...keys, ...args).catch((error: Error) => error);
        if (!(answer instanceof Error)) continue;
        failures += 1;
        const changed = changedKeys(broken, await contentsOf(raw));
        if (changed.length > 0)
          written.add(`${NAMES.get(sha)} with a wrong ${kindOf(key)} wrote ${[...new Set(changed.map(kindOf))]}`);
      }
    }
    expect([...written]).toEqual([]);
    expect(failures).toBeGreaterThan(calls.length);
  });

  it('is refused before its first write when Redis is full', async () => {
    await raw.flushall();
    const open = () => openRedisHarness(() => connectTo(server.port));
    const scene = await openScene(open);
    const holder = await scene.take('a');
    const before = await contentsOf(raw);
    await raw.config('SET', 'maxmemory', '1');
    const { coordinator } = scene.harness;
    const call = { ...heldBy(holder), children: [scene.cast.hop('b')], staged: 0, wakeUps: 1 };
    const full = { code: 'coordinator.full', class: 'retryable' };
    await expect(coordinator.commitSuccess(call)).rejects.toMatchObject(full);
    await expect(coordinator.commitError({ ...heldBy(holder), error: '{}' })).rejects.toMatchObject(full);
    await raw.config('SET', 'maxmemory', '0');
    expect(changedKeys(before, await contentsOf(raw))).toEqual([]);
    expect((await scene.commit(holder)).code).toBe(CommitCode.COMMIT_OK);
  });

  it('touches no key but those in its KEYS, which all stand in one slot', async () => {
    await raw.flushall();
    const seen = await watchKeys(raw);
    onTestFinished(() => seen.stop());
    for (const play of Object.values(TOUR)) await play(() => openRedisHarness(() => connectTo(server.port)));
    await vi.waitUntil(() => seen.calls > 100);
    expect(seen.undeclared).toEqual([]);
    expect(seen.commands).toBeGreaterThan(seen.calls);
  });

  it('leaves no key of a run behind once that is purged', async () => {
    await raw.flushall();
    await TOUR['a run from its opening to its purge']!(() => openRedisHarness(() => connectTo(server.port)));
    const left = (await keysWith(raw)).filter((key) => !key.endsWith(':events'));
    expect(left).toEqual([]);
  });
});

/** Of `chain:{s03}:due:<run>:…` the word `due`, of the shard's own `chain:{s03}:due` the same with its tag. */
function kindOf(key: string): string {
  const [, tag, kind = '', ...rest] = key.split(':');
  return rest.length === 0 ? `${tag}:${kind}` : kind;
}
