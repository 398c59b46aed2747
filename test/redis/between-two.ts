/** Scenes between two processes: one looks, the other acts, and the first must notice. */
import { expect } from 'vitest';
import { ReplayCode } from '../../libs/coordination/protocol/errors.ts';
import { PhaseCloseCode } from '../../libs/coordination/protocol/phases.ts';
import { RunOpenCode } from '../../libs/coordination/protocol/runs.ts';
import type { RedisCoordinator } from '../../libs/coordination/redis/index.ts';
import { heldBy, openScene } from '../conformance/coordinator/scene/scene.ts';
import type { RedisHarness } from './harness.ts';

type OpenRedis = () => Promise<RedisHarness>;

/** Enough that two loops over them meet. */
const MANY = 60;

export const BETWEEN_TWO: Readonly<Record<string, (open: OpenRedis) => Promise<void>>> = {
  async 'two pumps of one parent'(open) {
    const { scene, other } = await openTwo(open);
    const { coordinator, cast } = scene;
    const holder = await scene.take('a');
    const children = Array.from({ length: 500 }, (_, index) => cast.hop(`c${index}`));
    const more = Array.from({ length: 100 }, (_, index) => cast.hop(`d${index}`));
    await coordinator.stageChildren({ ...heldBy(holder), children });
    await coordinator.stageChildren({ ...heldBy(holder), children: more });
    await scene.commit(holder, [], { staged: children.length + more.length });
    const pump = { node: cast.ref('a'), wakeUps: 0 };
    const pumped = await Promise.all([other.childrenPump(pump), other.childrenPump(pump), other.childrenPump(pump)]);
    expect(pumped.reduce((sum, { created }) => sum + created, 0)).toBe(children.length + more.length);
  },
  async 'two purges of one run'(open) {
    const names = Array.from({ length: MANY }, (_, index) => `n${index}`);
    const { scene, other } = await openTwo(open, names);
    await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
    await scene.sweep();
    const purge = async (coordinator: RedisCoordinator) => {
      while ((await coordinator.runPurge({ runId: scene.runId, limit: 2 })).more);
    };
    await Promise.all([purge(other), purge(other), purge(other)]);
    expect(await other.findRun(scene.runId)).toBeUndefined();
  },
  async 'an audit of a run that goes on'(open) {
    const names = Array.from({ length: MANY }, (_, index) => `n${index}`);
    const { scene, other } = await openTwo(open, names);
    let isOver = false;
    const work = async () => {
      for (const name of names) await scene.finish(name);
      isOver = true;
    };
    const audit = async () => {
      while (!isOver) expect((await other.runAudit({ runId: scene.runId })).drift).toEqual([]);
    };
    await Promise.all([work(), audit()]);
  },
  async 'a run that was purged and opened again with another plan'(open) {
    const { scene, harness, other } = await openTwo(open);
    const [auditor, stale] = [await harness.another(), await harness.another()];
    const { runId, coordinator, cast } = scene;
    await scene.finish('a');
    await scene.sweep();
    const node = cast.ref('a');
    for (const process of [other, auditor, stale]) {
      expect((await process.replay({ node, rejoin: false })).code).toBe(ReplayCode.NOT_REPLAYABLE);
    }
    while ((await coordinator.runPurge({ runId, limit: 10 })).more);
    // The processes that looked before know the plan of a run that is no more.
    expect((await auditor.runAudit({ runId })).nodes).toBe(0);
    expect(await other.findRun(runId)).toBeUndefined();
    expect((await other.replay({ node, rejoin: false })).code).toBe(ReplayCode.UNKNOWN_NODE);
    const plan = cast.plan({ first: ['a'], phases: [{}, { opener: 'join' }] }, scene.harness.now());
    expect((await other.runOpen({ runId, modules: [plan] })).code).toBe(RunOpenCode.OPENED);
    expect((await stale.phaseClose({ runId, moduleId: 'm', phase: 0 })).code).toBe(PhaseCloseCode.CLOSED);
    expect((await stale.findRun(runId))?.modules[0]?.phases[1]?.created).toBe(1);
  },
};

async function openTwo(open: OpenRedis, first: readonly string[] = ['a']) {
  let harness: RedisHarness | undefined;
  const scene = await openScene(
    async () => {
      harness = await open();
      return harness;
    },
    { first },
  );
  return { scene, harness: harness!, other: await harness!.another() };
}
