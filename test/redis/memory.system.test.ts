/** What a node costs in Redis, over many nodes: everything of the run, divided by them. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { NodeSeed } from '../../libs/coordination/protocol/node.ts';
import { LEASE_MS } from '../conformance/coordinator/scene/scene.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { connectTo, openRedisHarness } from './harness.ts';
import { keysWith } from './keyspace.ts';

const NODES = 2_000;
const BATCH = 500;
const BODY = JSON.stringify({ url: 'https://shop.test/products?page=17', state: { category: 'lamps', page: 17 } });
const MOST_BYTES_PENDING = 4_096;
const MOST_BYTES_FINISHED = 1_024;

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

describe('a run of 2,000 nodes', () => {
  it('keeps within its bytes per pending and per finished node', async () => {
    const harness = await openRedisHarness(() => connectTo(server.port));
    const redis = connectTo(server.port);
    onTestFinished(async () => {
      redis.disconnect();
      await harness.close();
    });
    const { coordinator } = harness;
    // Ids as long as real ones.
    const seeds = Array.from({ length: NODES }, (_, index) => seedOf(index.toString(16).padStart(64, '0')));
    const runId = 'run-memory';
    const root = seedOf('f'.repeat(64));
    await coordinator.runOpen({
      runId,
      modules: [{ moduleId: 'shop', phases: [{ join: { kind: 'settle' } }], first: [root] }],
    });
    const claim = async (seed: NodeSeed) => {
      const node = { id: seed.id, runId, moduleId: 'shop', phase: 0 };
      const stage = seed.kind === 'hop' ? 'module-processor' : 'parser';
      const { node: claimed } = await coordinator.claim({
        node,
        epoch: 0,
        owner: seed.id,
        stage,
        leaseMs: LEASE_MS,
        alone: false,
      });
      return { node, token: claimed!.token };
    };
    const holder = await claim(root);
    for (let at = 0; at < NODES; at += BATCH) {
      await coordinator.stageChildren({ ...holder, children: seeds.slice(at, at + BATCH) });
    }
    await coordinator.commitSuccess({ ...holder, children: [], staged: NODES, wakeUps: 0 });
    while ((await coordinator.childrenPump({ node: holder.node, wakeUps: BATCH })).more);

    const bytes = async () => {
      const sizes = await Promise.all((await keysWith(redis)).map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
      return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0) / NODES;
    };
    const pending = await bytes();
    for (const seed of seeds) {
      await coordinator.commitSuccess({ ...(await claim(seed)), children: [], staged: 0, wakeUps: 0 });
    }
    const finished = await bytes();
    expect((await coordinator.findRun(runId))?.modules[0]?.phases[0]?.done).toBe(NODES + 1);
    console.log(
      `bytes per node: pending ${Math.round(pending)} (body ${BODY.length}), finished ${Math.round(finished)}`,
    );
    expect(pending).toBeLessThan(MOST_BYTES_PENDING);
    expect(finished).toBeLessThan(MOST_BYTES_FINISHED);
  });
});

function seedOf(id: string): NodeSeed {
  return { id, kind: 'request', phase: 0, stepIdx: 0, prefixRequest: '', body: BODY, limitKey: 'shop.test' };
}
