import { describe, expect, it } from 'vitest';
import { ClaimCode } from '../../../../libs/coordination/protocol/claims.ts';
import { CommitCode } from '../../../../libs/coordination/protocol/commits.ts';
import { PhaseCloseCode } from '../../../../libs/coordination/protocol/phases.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { HOUR_MS, openScene, type Scene } from '../scene/scene.ts';

const DEADLINE_MS = 60_000;

export function describeDeadlines(open: OpenCoordinator): void {
  describe('phase close', () => {
    it('CLOSED marks the phase and starts the next one in the same step, without waiting for the drain', async () => {
      const scene = await deadlineScene(open);
      const holder = await scene.take('a');
      const closed = await close(scene, 0);
      expect(closed.code).toBe(PhaseCloseCode.CLOSED);
      expect(closed.wakeUps).toMatchObject([{ node: scene.cast.ref('join') }]);
      expect(await scene.phase(0)).toMatchObject({ closed: 'deadline', open: 2 });
      expect((await scene.claim('b')).code).toBe(ClaimCode.TERMINATED);
      expect((await scene.commit(holder)).code).toBe(CommitCode.CAS_CONFLICT);
      expect((await scene.claim('join')).code).toBe(ClaimCode.EXECUTE);
    });

    it('F6: the sweeper ends what the deadline left, leased or not, as deadline_exceeded', async () => {
      const scene = await deadlineScene(open);
      await scene.take('a');
      await close(scene, 0);
      const { entries } = await scene.sweep();
      expect(entries).toContainEqual({ kind: 'drain', runId: scene.runId, moduleId: 'm', phase: 0 });
      for (const name of ['a', 'b']) {
        expect(await scene.node(name)).toMatchObject({ state: 'dead', deathReason: 'deadline_exceeded' });
      }
      expect((await scene.node('join')).state).toBe('pending');
      await scene.finish('join');
      expect(await scene.run()).toMatchObject({ state: 'closing' });
    });

    it('F6: nothing of the closed phase is notified or recovered any more, only drained', async () => {
      const scene = await deadlineScene(open);
      await scene.take('a');
      await close(scene, 0);
      await scene.advance(HOUR_MS);
      const entries = await scene.due();
      expect(entries.map((entry) => entry.kind).sort()).toEqual(['drain', 'notify']);
      expect(entries.find((entry) => entry.kind === 'notify')).toMatchObject({
        wakeUp: { node: scene.cast.ref('join') },
      });
    });

    it('the run does not end before the drain has', async () => {
      const scene = await deadlineScene(open);
      await close(scene, 0);
      await scene.finish('join');
      expect(await scene.run()).toMatchObject({ state: 'open' });
      await scene.sweep({ settles: false });
      expect(await scene.run()).toMatchObject({ state: 'closing' });
      expect((await scene.module()).state).toBe('done');
    });

    it('ALREADY_CLOSED for any phase but the current one, and for an unknown one', async () => {
      const scene = await deadlineScene(open);
      expect((await close(scene, 1)).code).toBe(PhaseCloseCode.ALREADY_CLOSED);
      expect((await close(scene, 9)).code).toBe(PhaseCloseCode.ALREADY_CLOSED);
      await close(scene, 0);
      const before = await scene.run();
      expect((await close(scene, 0)).code).toBe(PhaseCloseCode.ALREADY_CLOSED);
      expect(await scene.run()).toEqual(before);
      await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
      expect((await close(scene, 1)).code).toBe(PhaseCloseCode.ALREADY_CLOSED);
    });

    it('of the last phase ends the module once its nodes are drained', async () => {
      const scene = await openScene(open);
      expect((await close(scene, 0)).code).toBe(PhaseCloseCode.CLOSED);
      await scene.sweep({ settles: false });
      expect((await scene.node('a')).deathReason).toBe('deadline_exceeded');
      expect(await scene.run()).toMatchObject({ state: 'closing', mark: '' });
    });

    it('leaves the hops alone that wait for the next phase', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, {}] });
      await scene.finish('a', [scene.cast.hop('later', { phase: 1 })]);
      await close(scene, 0);
      await scene.sweep();
      expect((await scene.claim('later')).code).toBe(ClaimCode.EXECUTE);
    });
  });

  describe('F19: a deadline', () => {
    it('F19: comes to the sweeper when it has passed, and again if that dies', async () => {
      const scene = await deadlineScene(open, DEADLINE_MS);
      await scene.advance(DEADLINE_MS - 1);
      expect((await kinds(scene)).filter((kind) => kind === 'deadline')).toEqual([]);
      await scene.advance(1);
      expect(await kinds(scene)).toContain('deadline');
      await scene.advance(HOUR_MS);
      expect(await kinds(scene)).toContain('deadline');
      await scene.sweep();
      expect(await scene.phase(0)).toMatchObject({ closed: 'deadline', dead: 2 });
      await scene.advance(HOUR_MS);
      expect(await kinds(scene)).not.toContain('deadline');
    });

    it('F19: a pause does not stop its clock', async () => {
      const scene = await deadlineScene(open, DEADLINE_MS);
      await scene.coordinator.runControl({ runId: scene.runId, action: 'pause' });
      await scene.advance(DEADLINE_MS);
      expect(await kinds(scene)).toContain('deadline');
      await scene.sweep();
      expect((await scene.module()).currentPhase).toBe(1);
      expect((await scene.claim('join')).code).toBe(ClaimCode.PAUSED);
    });

    it('F19: of a phase that is already over never comes', async () => {
      const scene = await deadlineScene(open, DEADLINE_MS);
      await scene.finish('a');
      await scene.finish('b');
      await scene.advance(DEADLINE_MS);
      expect(await kinds(scene)).not.toContain('deadline');
    });

    it('F19: that passed before its phase opened closes it when it opens', async () => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join', deadlineInMs: DEADLINE_MS }] });
      await scene.advance(2 * DEADLINE_MS);
      expect(await kinds(scene)).not.toContain('deadline');
      await scene.finish('a');
      await scene.advance(HOUR_MS);
      await scene.sweep();
      expect(await scene.phase(1)).toMatchObject({ closed: 'deadline', dead: 1 });
      expect((await scene.run()).state).toBe('closed');
    });
  });
}

/** Two hops in a phase with a deadline, and a join behind it. */
function deadlineScene(open: OpenCoordinator, deadlineInMs?: number): Promise<Scene> {
  const phase = deadlineInMs === undefined ? {} : { deadlineInMs };
  return openScene(open, { first: ['a', 'b'], phases: [phase, { opener: 'join' }] });
}

function close(scene: Scene, phase: number) {
  return scene.coordinator.phaseClose({ runId: scene.runId, moduleId: 'm', phase });
}

async function kinds(scene: Scene): Promise<string[]> {
  return (await scene.due()).map((entry) => entry.kind);
}
