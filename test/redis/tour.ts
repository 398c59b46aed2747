/** A fixed set of scenes in which every script answers each of its codes. */
import { expect } from 'vitest';
import { ClaimCode } from '../../libs/coordination/protocol/claims.ts';
import type { CoordinatorHarness } from '../conformance/coordinator/scene/harness.ts';
import type { ModuleShape } from '../conformance/coordinator/scene/plan.ts';
import { heldBy, LEASE_MS, openScene, type Scene, suspectScene } from '../conformance/coordinator/scene/scene.ts';

export type OpenHarness = () => Promise<CoordinatorHarness>;

const ONE_ERROR = { errors: 1 };

export type Tour = Readonly<Record<string, (open: OpenHarness) => Promise<void>>>;

export const TOUR: Tour = {
  async 'a run from its opening to its purge'(open) {
    const shape: ModuleShape = { phases: [{}, { opener: 'join' }] };
    const scene = await openScene(open, shape);
    const { coordinator, runId } = scene;
    await scene.runOpen(shape);
    await coordinator.runPurge({ runId, limit: 10 });
    await coordinator.runSettle({ runId });
    await scene.finish('a', [scene.cast.request('r')]);
    await claimAndFinish(scene, 'r');
    await scene.finish('join');
    await scene.claim('a');
    await scene.sweep();
    await scene.runOpen(shape);
    await scene.claim('a');
    await coordinator.runControl({ runId, action: 'pause' });
    await coordinator.runAudit({ runId });
    await coordinator.runAudit({ runId: `${runId}-unknown` });
    await coordinator.listNodes({ runId, limit: 1 });
    while ((await coordinator.runPurge({ runId, limit: 1 })).more);
    await coordinator.findRun(runId);
    expect(await scene.exists('a')).toBe(false);
  },
  async 'claims and their refusals'(open) {
    const scene = await openScene(open, { first: ['a', 'b', 'c', 'd'] });
    const { coordinator, runId } = scene;
    await scene.finish('a');
    await scene.claim('a');
    await scene.take('b');
    await scene.claim('b');
    await scene.fail('c');
    await scene.decide('c');
    await scene.claim('c', { epoch: 0 });
    scene.cast.hop('nobody');
    await scene.claim('nobody');
    await coordinator.runControl({ runId, action: 'resume' });
    await coordinator.runControl({ runId, action: 'pause' });
    await scene.claim('d');
    await coordinator.runControl({ runId, action: 'resume' });
    await coordinator.terminateMark({ runId, reason: 'operator' });
    await coordinator.terminateMark({ runId, reason: 'operator' });
    await scene.claim('d');
  },
  async 'leases and what their holders may do'(open) {
    const scene = await openScene(open, { first: ['a', 'b'] });
    const { coordinator } = scene;
    await scene.finish('a', [scene.cast.request('r')]);
    const downloader = await scene.take('r', { stage: 'downloader' });
    const renewal = { ...heldBy(downloader), leaseMs: LEASE_MS };
    await coordinator.renew(renewal);
    await coordinator.release(heldBy(downloader));
    await coordinator.renew(renewal);
    const parser = await scene.take('r', { stage: 'parser' });
    await coordinator.release(heldBy(downloader));
    await coordinator.stageChildren({ ...heldBy(downloader), children: [scene.cast.hop('x')] });
    await coordinator.recoverZombie({ node: scene.cast.ref('r'), crashBudget: 3 });
    await scene.advance(LEASE_MS);
    await coordinator.recoverZombie({ node: scene.cast.ref('r'), crashBudget: 3 });
    await coordinator.recoverZombie({ node: scene.cast.ref('r'), crashBudget: 3 });
    await coordinator.commitSuccess({ ...heldBy(parser), children: [], staged: 0, wakeUps: 0 });
    await coordinator.commitError({ ...heldBy(parser), error: '{}' });
    const again = await scene.take('r');
    await coordinator.commitError({ ...heldBy(again), error: '{}' });
    await coordinator.commitError({ ...heldBy(again), error: '{}' });
    await suspectScene(scene, 'b');
    await scene.claim('b');
    await scene.take('b', { alone: true });
  },
  async 'commits, staged children and early responses'(open) {
    const scene = await openScene(open, { first: ['a', 'b', 'c', 'd'] });
    const { coordinator, cast } = scene;
    // The second commit closes nothing and advances nothing; it tells of a step all the same.
    await scene.finish('c');
    await scene.finish('d', [cast.hop('n', { stepIdx: 3 })]);
    cast.request('r');
    const early = { node: cast.ref('r'), epoch: 0, response: 'early' };
    await coordinator.reorderEnqueue(early);
    await coordinator.reorderEnqueue(early);
    const holder = await scene.take('a');
    await coordinator.stageChildren({ ...heldBy(holder), children: [cast.seed('r'), cast.hop('s')] });
    await scene.commit(holder, [], { staged: 2 });
    await scene.commit(holder, [], { staged: 2 });
    await coordinator.childrenPump({ node: cast.ref('a'), wakeUps: 1 });
    await coordinator.childrenPump({ node: cast.ref('a'), wakeUps: 1 });
    const late = await scene.take('b');
    await coordinator.runControl({ runId: scene.runId, action: 'cancel' });
    await scene.commit(late);
    await scene.sweep();
    await scene.commit(late);
  },
  async 'decisions, fallbacks and retries by hand'(open) {
    const scene = await openScene(open, { first: ['a', 'b', 'c', 'd'] });
    const { coordinator, cast } = scene;
    await scene.finish('a', [cast.request('r')]);
    await claimAndFinish(scene, 'r', 'h');
    await scene.fail('h');
    await scene.decide('h', { fallback: { request: cast.ref('r') } });
    await scene.kill('b');
    await scene.fail('c');
    await scene.decide('c');
    await coordinator.retrySchedule({ node: cast.ref('c'), delayMs: 0, maxAttempts: 3 });
    await scene.fail('d');
    await coordinator.retrySchedule({ node: cast.ref('d'), delayMs: 0, maxAttempts: 1 });
    await coordinator.retrySchedule({ node: cast.ref('d'), delayMs: 0, maxAttempts: 3 });
    await scene.sweep();
    await scene.fail('d');
    await scene.decide('d', { taskThreshold: ONE_ERROR });
    await scene.sweep();
  },
  async 'a module that is ended, drained and replayed'(open) {
    const scene = await openScene(open, { first: ['a', 'b'] }, { moduleId: 'n', first: ['x'] });
    const { coordinator, cast, runId } = scene;
    await scene.fail('a');
    await scene.decide('a', { moduleThreshold: ONE_ERROR });
    await coordinator.replay({ node: cast.ref('a'), rejoin: true });
    const scope = { runId, moduleId: 'm', phase: 0 };
    while ((await coordinator.scopeDrain({ ...scope, limit: 1 })).more);
    await coordinator.scopeDrain({ ...scope, limit: 1 });
    await coordinator.replay({ node: cast.ref('a'), rejoin: true });
    await coordinator.replay({ node: cast.ref('a'), rejoin: true });
    cast.hop('nobody');
    await coordinator.replay({ node: cast.ref('nobody'), rejoin: true });
    await scene.claim('b');
  },
  async 'a phase that is over its deadline'(open) {
    const scene = await openScene(open, { phases: [{ deadlineInMs: 5_000 }, { opener: 'join' }] });
    await scene.advance(5_000);
    await scene.sweep();
    await scene.coordinator.phaseClose({ runId: scene.runId, moduleId: 'm', phase: 0 });
    await scene.coordinator.terminateMark({ runId: scene.runId, moduleId: 'm', reason: 'operator' });
    await scene.sweep();
  },
  async 'a module that opens early'(open) {
    const scene = await openScene(open, { phases: [{}, { opener: 'join' }], earlyInMs: 5_000 });
    await scene.advance(5_000);
    await scene.sweep();
    const each = scene.cast.hop('each', { phase: 1, isComputed: true });
    await scene.finish('join', [each]);
    await scene.take('each');
    await scene.coordinator.earlyOpen({ runId: scene.runId, moduleId: 'm' });
    await scene.finish('a', [scene.cast.hop('late', { phase: 1 })]);
    await scene.sweep();
    await scene.finish('join', [each]);
  },
  async 'calls on a run that nobody opened'(open) {
    const scene = await openScene(open);
    const elsewhere = { ...scene.cast.ref('a'), runId: `${scene.runId}-unknown` };
    const { code } = await scene.coordinator.claim({
      ...{ node: elsewhere, epoch: 0, owner: 'late' },
      ...{ stage: 'parser', leaseMs: LEASE_MS, alone: false },
    });
    expect(code).toBe(ClaimCode.RUN_CLOSED);
  },
};

async function claimAndFinish(scene: Scene, request: string, child?: string): Promise<void> {
  const children = child === undefined ? [] : [scene.cast.hop(child, { prefix: request, stepIdx: 1 })];
  await scene.commit(await scene.take(request, { stage: 'parser' }), children);
}
