import { describe, expect, it } from 'vitest';
import { ClaimCode } from '../../../../libs/coordination/protocol/claims.ts';
import { CommitCode } from '../../../../libs/coordination/protocol/commits.ts';
import { ReplayCode } from '../../../../libs/coordination/protocol/errors.ts';
import { LAST_OPENING_MS } from '../../../../libs/coordination/protocol/node.ts';
import { EarlyOpenCode } from '../../../../libs/coordination/protocol/phases.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { HOUR_MS, openScene, type Scene } from '../scene/scene.ts';

const EARLY_MS = 20_000;

export function describeEarlyOpening(open: OpenCoordinator): void {
  describe('early opening', () => {
    it('OPENED starts the opener of the next phase, while the current phase stays open and takes commits', async () => {
      const scene = await earlyScene(open);
      const holder = await scene.take('a');
      const opened = await openEarly(scene);
      expect(opened.code).toBe(EarlyOpenCode.OPENED);
      expect(opened.wakeUps).toMatchObject([{ node: scene.cast.ref('rank') }]);
      expect(await scene.module()).toMatchObject({ currentPhase: 0, front: 1, revision: 1 });
      expect(await scene.phase(0)).toMatchObject({ closed: '', open: 2 });
      expect(await scene.take('rank')).toMatchObject({ revision: 1, isEarly: true });
      expect((await scene.commit(holder)).code).toBe(CommitCode.COMMIT_OK);
    });

    it('goes on from phase to phase as each is empty, and ends behind the last without ending the module', async () => {
      const scene = await earlyScene(open);
      await openEarly(scene);
      const page = scene.cast.hop('page', { phase: 2 });
      await scene.finish('rank', [page]);
      expect((await scene.module()).front).toBe(2);
      await scene.finish('page');
      expect((await scene.module()).front).toBe(3);
      await scene.finish('report');
      expect(await scene.module()).toMatchObject({ state: 'open', currentPhase: 0, front: 4 });
      for (const index of [1, 2, 3]) expect((await scene.phase(index)).closed).toBe('');
      expect((await scene.run()).state).toBe('open');
    });

    it('at the end of the current phase the openers run again, one phase after the other, in their next epoch', async () => {
      const scene = await earlyScene(open);
      await openEarly(scene);
      for (const name of ['rank', 'report']) await scene.finish(name);
      const before = await scene.node('rank');
      await scene.finish('a');
      const last = await scene.finish('b');
      expect(last.wakeUps).toMatchObject([{ node: scene.cast.ref('rank'), epoch: before.epoch + 1 }]);
      expect(await scene.module()).toMatchObject({ currentPhase: 1, front: 1, revision: 2 });
      expect((await scene.claim('report')).code).toBe(ClaimCode.DUPLICATE_DONE);
      expect(await scene.take('rank')).toMatchObject({ revision: 2, isEarly: false });
      expect((await scene.node('report')).state).toBe('done');
      await scene.advance(HOUR_MS);
      await scene.sweep();
      await scene.finish('rank');
      expect(await scene.take('report')).toMatchObject({ revision: 2, isEarly: false });
    });

    it.each(['processing', 'failed', 'retry'] as const)(
      'an opener that is %s when the current phase ends is executed anew, and its early holder is fenced off',
      async (state) => {
        const scene = await earlyScene(open);
        await openEarly(scene);
        const holder = state === 'processing' ? await scene.take('rank') : await scene.fail('rank');
        if (state === 'retry') await scene.decide('rank');
        expect((await scene.node('rank')).state).toBe(state);
        const { epoch } = await scene.node('rank');
        await scene.finish('a');
        await scene.finish('b');
        expect(await scene.node('rank')).toMatchObject({ state: 'pending', epoch: epoch + 1 });
        expect((await scene.commit(holder)).code).toBe(CommitCode.FENCING_REJECT);
        expect(await scene.take('rank')).toMatchObject({ isEarly: false });
      },
    );

    it('an opener whose children are still being created is executed anew, and what it staged early never comes', async () => {
      const scene = await earlyScene(open);
      await openEarly(scene);
      const holder = await scene.take('rank');
      const page = scene.cast.hop('page', { phase: 2 });
      const held = { node: scene.cast.ref('rank'), token: holder.token };
      await scene.coordinator.stageChildren({ ...held, children: [page] });
      await scene.commit(holder, [], { staged: 1 });
      expect((await scene.node('rank')).state).toBe('releasing');
      await scene.finish('a');
      await scene.finish('b');
      await scene.advance(HOUR_MS);
      await scene.sweep();
      expect(await scene.exists('page')).toBe(false);
      await scene.finish('rank');
      await scene.finish('report');
      expect((await scene.run()).state).toBe('closing');
    });

    it('a hop that the current phase yields into a phase that is open early waits for its last opening', async () => {
      const scene = await earlyScene(open);
      await openEarly(scene);
      await scene.finish('a', [scene.cast.hop('late', { phase: 1 })]);
      expect((await scene.node('late')).dueAtMs).toBe(LAST_OPENING_MS);
      expect((await scene.claim('late')).code).toBe(ClaimCode.LOCKED_BY_OTHER);
      await scene.finish('rank');
      expect((await scene.module()).front, 'what waits does not hold the early opening up').toBe(3);
      await scene.advance(HOUR_MS);
      const asleep = await scene.sweep();
      expect(asleep.wakeUps).not.toContainEqual(expect.objectContaining({ node: scene.cast.ref('late') }));
      await scene.finish('b');
      const { wakeUps } = await scene.sweep();
      expect(wakeUps).toContainEqual(expect.objectContaining({ node: scene.cast.ref('late') }));
      await scene.finish('late');
    });

    it('a compute hop that waited since before the early opening sees the whole phase', async () => {
      const scene = await earlyScene(open);
      const digest = scene.cast.hop('digest', { phase: 1, isComputed: true });
      const fetched = scene.cast.hop('fetched', { phase: 1 });
      await scene.finish('a', [digest, fetched]);
      await openEarly(scene);
      expect((await scene.claim('digest')).code).toBe(ClaimCode.LOCKED_BY_OTHER);
      await scene.finish('fetched');
      await scene.finish('b');
      expect(await scene.take('digest')).toMatchObject({ isEarly: false });
    });

    it('a compute hop that an opener yields again is computed again, a fetch hop is not fetched again', async () => {
      const scene = await earlyScene(open);
      const children = [scene.cast.hop('each', { phase: 1, isComputed: true }), scene.cast.hop('page', { phase: 1 })];
      await openEarly(scene);
      await scene.finish('rank', children);
      await scene.finish('each');
      await scene.finish('page');
      await scene.finish('a');
      await scene.finish('b');
      const again = await scene.finish('rank', children);
      expect(again).toMatchObject({ created: 1, gateLost: 1 });
      expect(await scene.node('page')).toMatchObject({ state: 'done', epoch: 0 });
      expect(await scene.take('each')).toMatchObject({ epoch: 1, revision: 2, isEarly: false });
    });

    it('a compute hop that is being executed early when its opener yields it again is fenced off', async () => {
      const scene = await earlyScene(open);
      const each = scene.cast.hop('each', { phase: 1, isComputed: true });
      await openEarly(scene);
      await scene.finish('rank', [each]);
      const zombie = await scene.take('each');
      await scene.finish('a');
      await scene.finish('b');
      await scene.finish('rank', [each]);
      expect((await scene.commit(zombie)).code).toBe(CommitCode.FENCING_REJECT);
      await scene.finish('each');
      expect((await scene.module()).currentPhase).toBe(3);
    });

    it('two compute hops that yield each other are computed once per opening', async () => {
      const scene = await earlyScene(open);
      const each = scene.cast.hop('each', { phase: 1, isComputed: true });
      const other = scene.cast.hop('other', { phase: 1, isComputed: true });
      const round = async () => {
        await scene.finish('rank', [each]);
        await scene.finish('each', [other]);
        expect(await scene.finish('other', [each])).toMatchObject({ created: 0, gateLost: 1 });
      };
      await openEarly(scene);
      await round();
      await scene.finish('a');
      await scene.finish('b');
      await round();
      expect((await scene.module()).currentPhase).toBe(3);
    });

    it('comes to the sweeper at its time, and again if that dies; a pause does not stop its clock', async () => {
      const scene = await earlyScene(open, EARLY_MS);
      await scene.advance(EARLY_MS - 1);
      expect(await kinds(scene)).not.toContain('early');
      await scene.coordinator.runControl({ runId: scene.runId, action: 'pause' });
      await scene.advance(1);
      expect(await kinds(scene)).toContain('early');
      await scene.advance(HOUR_MS);
      expect(await kinds(scene)).toContain('early');
      await scene.sweep();
      expect((await scene.module()).front).toBe(1);
      expect((await scene.claim('rank')).code).toBe(ClaimCode.PAUSED);
      expect(await kinds(scene)).not.toContain('early');
      await scene.coordinator.runControl({ runId: scene.runId, action: 'resume' });
      await scene.finish('rank');
    });

    it('NOT_OPENED when it has opened before, after a mark, and for an unknown module or run', async () => {
      const scene = await earlyScene(open);
      expect((await openEarly(scene, 'nobody')).code).toBe(EarlyOpenCode.NOT_OPENED);
      expect((await scene.coordinator.earlyOpen({ runId: 'nobody', moduleId: 'm' })).code).toBe(
        EarlyOpenCode.NOT_OPENED,
      );
      await openEarly(scene);
      const before = await scene.run();
      expect((await openEarly(scene)).code).toBe(EarlyOpenCode.NOT_OPENED);
      expect(await scene.run()).toEqual(before);
      const marked = await earlyScene(open);
      await marked.coordinator.runControl({ runId: marked.runId, action: 'cancel' });
      expect(await openEarly(marked)).toEqual({ code: EarlyOpenCode.NOT_OPENED, wakeUps: [] });
      expect(await marked.exists('rank')).toBe(false);
    });

    it('NOT_OPENED without a later phase that begins with a compute hop, and when the join does not hold', async () => {
      const plain = await openScene(open, { phases: [{}, {}], earlyInMs: EARLY_MS });
      expect((await openEarly(plain)).code).toBe(EarlyOpenCode.NOT_OPENED);
      const never = await openScene(open, { phases: [{}, { opener: 'join' }] });
      expect((await openEarly(never)).code).toBe(EarlyOpenCode.NOT_OPENED);
      const phases = [{ join: { kind: 'failFast' as const } }, { opener: 'join' }];
      const failed = await openScene(open, { first: ['a', 'b'], phases, earlyInMs: EARLY_MS });
      await failed.kill('a');
      expect((await openEarly(failed)).code).toBe(EarlyOpenCode.NOT_OPENED);
      expect((await failed.module()).front).toBe(0);
    });

    it('opens what is behind the phase that is current by then', async () => {
      const scene = await earlyScene(open);
      await scene.finish('a');
      await scene.finish('b');
      await scene.finish('rank', [scene.cast.hop('page', { phase: 2 })]);
      expect((await openEarly(scene)).wakeUps).toMatchObject([{ node: scene.cast.ref('report') }]);
      await scene.finish('report');
      await scene.finish('page');
      expect(await scene.take('report')).toMatchObject({ revision: 2, isEarly: false });
    });

    it('a cancel and a deadline end what an early opening has begun', async () => {
      const scene = await earlyScene(open);
      await openEarly(scene);
      const holder = await scene.take('rank');
      await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
      expect((await scene.commit(holder)).code).toBe(CommitCode.CAS_CONFLICT);
      await scene.sweep();
      expect(await scene.node('rank')).toMatchObject({ state: 'dead', deathReason: 'cancelled' });
      expect((await scene.run()).state).toBe('closed');

      const late = await earlyScene(open);
      await openEarly(late);
      await late.finish('rank');
      await late.coordinator.phaseClose({ runId: late.runId, moduleId: 'm', phase: 0 });
      expect(await late.node('rank')).toMatchObject({ state: 'pending', epoch: 1 });
      expect((await late.claim('a')).code).toBe(ClaimCode.TERMINATED);
      await late.finish('rank');
      expect(await late.take('report')).toMatchObject({ revision: 2 });
    });

    it('an opener that died early lives again in the last opening', async () => {
      const scene = await earlyScene(open);
      await openEarly(scene);
      await scene.kill('rank');
      await scene.finish('report');
      await scene.finish('a');
      await scene.finish('b');
      expect(await scene.node('rank')).toMatchObject({ state: 'pending', attempts: 0, deathReason: '' });
      await scene.finish('rank');
      await scene.finish('report');
      expect(await scene.run()).toMatchObject({ state: 'closing' });
      expect((await scene.phase(1)).dead).toBe(0);
    });

    it('a node of the current phase may be replayed before, at and after an early opening', async () => {
      for (const moment of ['before', 'after'] as const) {
        const scene = await earlyScene(open);
        await scene.kill('a');
        if (moment === 'after') await openEarly(scene);
        const replayed = await scene.coordinator.replay({ node: scene.cast.ref('a'), rejoin: true });
        expect(replayed.code).toBe(ReplayCode.REPLAYED);
        if (moment === 'before') await openEarly(scene);
        expect(await scene.module()).toMatchObject({ currentPhase: 0, front: 1, revision: 1 });
        await scene.finish('a');
        await scene.finish('b');
        expect(await scene.take('rank')).toMatchObject({ isEarly: false });
      }
    });

    it('a replay with rejoin after the end is another revision, and opens nothing early', async () => {
      const scene = await earlyScene(open, EARLY_MS);
      await openEarly(scene);
      await scene.kill('a');
      await scene.finish('b');
      await scene.finish('rank');
      await scene.finish('report');
      await scene.sweep();
      await scene.coordinator.replay({ node: scene.cast.ref('a'), rejoin: true });
      await scene.advance(HOUR_MS);
      expect(await kinds(scene)).not.toContain('early');
      expect(await scene.module()).toMatchObject({ currentPhase: 0, front: 0, revision: 3 });
      await scene.finish('a');
      expect(await scene.take('rank')).toMatchObject({ revision: 3, isEarly: false });
    });

    it('a replay that lifts a mark lets the early opening come that the mark kept off', async () => {
      const scene = await earlyScene(open, EARLY_MS);
      await scene.coordinator.terminateMark({ runId: scene.runId, moduleId: 'm', reason: 'operator' });
      await scene.sweep();
      await scene.advance(EARLY_MS);
      await scene.sweep();
      await scene.coordinator.replay({ node: scene.cast.ref('a'), rejoin: false });
      expect(await kinds(scene)).toContain('early');
    });
  });
}

/** Two hops in the first phase, a compute phase, a fetch phase, and a compute phase. */
function earlyScene(open: OpenCoordinator, earlyInMs = EARLY_MS): Promise<Scene> {
  const phases = [{}, { opener: 'rank' }, {}, { opener: 'report' }];
  return openScene(open, { first: ['a', 'b'], phases, earlyInMs });
}

function openEarly(scene: Scene, moduleId = 'm') {
  return scene.coordinator.earlyOpen({ runId: scene.runId, moduleId });
}

async function kinds(scene: Scene): Promise<string[]> {
  return (await scene.due()).map((entry) => entry.kind);
}
