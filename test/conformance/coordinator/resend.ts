/** P3: a call that is sent again, because its answer was lost, changes nothing. */
import { describe, expect, it } from 'vitest';
import { SUSPECT_AFTER } from '../../../libs/coordination/protocol/claims.ts';
import type { Coordinator } from '../../../libs/coordination/protocol/port.ts';
import type { OpenCoordinator } from './scene/harness.ts';
import { FAILURE, heldBy, LEASE_MS, NEVER, openScene, type Scene, suspectScene } from './scene/scene.ts';
import { viewRun } from './watch/reading.ts';

/** Brings the scene to where the call makes sense, and answers the call. */
type Prepare = (scene: Scene) => Promise<(coordinator: Coordinator) => Promise<unknown>>;

const claimOf = (scene: Scene, name: string, owner: string) => ({
  node: scene.cast.ref(name),
  epoch: 0,
  owner,
  stage: 'module-processor' as const,
  leaseMs: LEASE_MS,
  alone: false,
});

const decideOf = (scene: Scene, name: string, fatal: boolean, errors: number) => ({
  node: scene.cast.ref(name),
  epoch: 0,
  fatal,
  maxAttempts: 3,
  retryDelayMs: 5_000,
  moduleThreshold: { errors },
  taskThreshold: NEVER,
});

const CALLS: Readonly<Record<string, Prepare>> = {
  runOpen: async (scene) => {
    const plan = scene.cast.plan({ first: ['a', 'b'] }, scene.harness.now());
    return (coordinator) => coordinator.runOpen({ runId: scene.runId, modules: [plan] });
  },
  claim: async (scene) => (coordinator) => coordinator.claim(claimOf(scene, 'a', 'me')),
  renew: async (scene) => {
    const held = heldBy(await scene.take('a'));
    await scene.advance(1_000);
    return (coordinator) => coordinator.renew({ ...held, leaseMs: LEASE_MS });
  },
  release: async (scene) => {
    await scene.finish('a', [scene.cast.request('r')]);
    const held = heldBy(await scene.take('r', { stage: 'downloader' }));
    return (coordinator) => coordinator.release(held);
  },
  'claim of a suspect': async (scene) => {
    const claim = claimOf(await suspectScene(scene, 'a'), 'a', 'me');
    return (coordinator) => coordinator.claim({ ...claim, epoch: SUSPECT_AFTER, alone: true });
  },
  'claim of a suspect that is refused': async (scene) => {
    const claim = claimOf(await suspectScene(scene, 'a'), 'a', 'me');
    return (coordinator) => coordinator.claim({ ...claim, epoch: SUSPECT_AFTER });
  },
  'recoverZombie by its holder': async (scene) => {
    const held = heldBy(await scene.take('a'));
    return (coordinator) => coordinator.recoverZombie({ ...held, crashBudget: 1, isHandedBack: true });
  },
  stageChildren: async (scene) => {
    const stage = { ...heldBy(await scene.take('a')), children: [scene.cast.hop('child')] };
    return (coordinator) => coordinator.stageChildren(stage);
  },
  commitSuccess: async (scene) => {
    const held = heldBy(await scene.take('a'));
    const commit = { ...held, children: [scene.cast.hop('c0'), scene.cast.hop('c1')], staged: 0, wakeUps: 1 };
    return (coordinator) => coordinator.commitSuccess(commit);
  },
  'commitSuccess with hand-over': async (scene) => {
    const handOver = { owner: 'next', leaseMs: LEASE_MS };
    const commit = {
      ...heldBy(await scene.take('a')),
      children: [scene.cast.hop('c0')],
      staged: 0,
      wakeUps: 1,
      handOver,
    };
    return (coordinator) => coordinator.commitSuccess(commit);
  },
  'commitSuccess that closes the phase': async (scene) => {
    await scene.finish('b');
    const commit = { ...heldBy(await scene.take('a')), children: [], staged: 0, wakeUps: 1 };
    return (coordinator) => coordinator.commitSuccess(commit);
  },
  'commitSuccess of staged children': async (scene) => {
    const held = heldBy(await scene.take('a'));
    await scene.coordinator.stageChildren({ ...held, children: [scene.cast.hop('child')] });
    return (coordinator) => coordinator.commitSuccess({ ...held, children: [], staged: 1, wakeUps: 1 });
  },
  childrenPump: async (scene) => {
    const held = heldBy(await scene.take('a'));
    await scene.coordinator.stageChildren({ ...held, children: [scene.cast.hop('child')] });
    await scene.coordinator.commitSuccess({ ...held, children: [], staged: 1, wakeUps: 1 });
    return (coordinator) => coordinator.childrenPump({ node: held.node, wakeUps: 1 });
  },
  commitError: async (scene) => {
    const held = heldBy(await scene.take('a'));
    return (coordinator) => coordinator.commitError({ ...held, error: FAILURE });
  },
  recoverZombie: async (scene) => {
    await scene.take('a');
    await scene.advance(LEASE_MS);
    return (coordinator) => coordinator.recoverZombie({ node: scene.cast.ref('a'), crashBudget: 3 });
  },
  reorderEnqueue: async (scene) => {
    scene.cast.request('early');
    return (coordinator) => coordinator.reorderEnqueue({ node: scene.cast.ref('early'), epoch: 0, response: 'x' });
  },
  'thresholdDecide to retry': async (scene) => {
    await scene.fail('a');
    return (coordinator) => coordinator.thresholdDecide(decideOf(scene, 'a', false, 100));
  },
  'thresholdDecide to die': async (scene) => {
    await scene.fail('a');
    return (coordinator) => coordinator.thresholdDecide(decideOf(scene, 'a', true, 100));
  },
  'thresholdDecide to terminate': async (scene) => {
    await scene.fail('a');
    return (coordinator) => coordinator.thresholdDecide(decideOf(scene, 'a', false, 1));
  },
  retrySchedule: async (scene) => {
    await scene.fail('a');
    return (coordinator) => coordinator.retrySchedule({ node: scene.cast.ref('a'), delayMs: 10, maxAttempts: 3 });
  },
  'terminateMark of a module': async (scene) => (coordinator) =>
    coordinator.terminateMark({ runId: scene.runId, moduleId: 'm', reason: 'operator' }),
  'terminateMark of the task': async (scene) => (coordinator) =>
    coordinator.terminateMark({ runId: scene.runId, reason: 'operator' }),
  scopeDrain: async (scene) => {
    await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
    return (coordinator) => coordinator.scopeDrain({ runId: scene.runId, moduleId: 'm', phase: 0, limit: 100 });
  },
  'runControl pause': async (scene) => (coordinator) => coordinator.runControl({ runId: scene.runId, action: 'pause' }),
  'runControl cancel': async (scene) => (coordinator) =>
    coordinator.runControl({ runId: scene.runId, action: 'cancel' }),
  phaseClose: async (scene) => (coordinator) => coordinator.phaseClose({ runId: scene.runId, moduleId: 'm', phase: 0 }),
  runSettle: async (scene) => {
    await scene.finish('a');
    await scene.finish('b');
    await scene.finish('join');
    return (coordinator) => coordinator.runSettle({ runId: scene.runId });
  },
  replay: async (scene) => {
    await scene.kill('a');
    return (coordinator) => coordinator.replay({ node: scene.cast.ref('a'), rejoin: false });
  },
  'replay with rejoin': async (scene) => {
    await scene.kill('a');
    await scene.finish('b');
    return (coordinator) => coordinator.replay({ node: scene.cast.ref('a'), rejoin: true });
  },
};

export function describeResends(open: OpenCoordinator): void {
  describe('P3: a call that is sent again at once changes nothing', () => {
    it.each(Object.keys(CALLS))('%s', async (name) => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      const call = await CALLS[name]!(scene);
      await call(scene.coordinator);
      const before = await viewRun(scene.coordinator, scene.runId);
      await call(scene.coordinator);
      expect(await viewRun(scene.coordinator, scene.runId)).toEqual(before);
    });
  });

  describe('P3: a call that is sent again much later changes nothing', () => {
    it.each(['claim', 'commitSuccess', 'commitError', 'thresholdDecide to retry'])('%s', async (name) => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      const call = await CALLS[name]!(scene);
      await call(scene.coordinator);
      for (let hour = 0; hour < 3; hour++) {
        await scene.advance(3_600_000);
        await scene.sweep();
        if ((await scene.node('a')).state === 'pending') await scene.finish('a');
      }
      const before = await viewRun(scene.coordinator, scene.runId);
      await call(scene.coordinator);
      expect(await viewRun(scene.coordinator, scene.runId)).toEqual(before);
    });
  });
}
