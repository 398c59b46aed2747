/** What a replay brings into a phase that is over stands before the sweeper like anything else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openScene } from '../conformance/coordinator/scene.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { connectTo, openRedisHarness } from './harness.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

describe('a phase that was over before anything of it was there', () => {
  it('is looked at again once a replayed node yields something for it', async () => {
    const scene = await openScene(() => openRedisHarness(() => connectTo(server.port)), { phases: [{}, {}] });
    const { coordinator, cast, runId } = scene;
    // The first phase is over its deadline; the second one opens empty, and is over at once.
    await coordinator.phaseClose({ runId, moduleId: 'm', phase: 0 });
    await scene.sweep();
    expect((await scene.run()).state).toBe('closed');
    await coordinator.replay({ node: cast.ref('a'), rejoin: false });
    const holder = await scene.take('a');
    await scene.commit(holder, [cast.hop('b', { phase: 1 })], { bells: 0 });
    const { bells } = await scene.sweep();
    expect(bells.map(({ node }) => node.id)).toEqual([cast.ref('b').id]);
    await scene.finish('b');
    await scene.sweep();
    expect((await scene.run()).state).toBe('closed');
  });
});
