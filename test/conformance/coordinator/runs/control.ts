import { describe, expect, it } from 'vitest';
import { TerminateCode } from '../../../../libs/coordination/protocol/errors.ts';
import { ControlCode, RunOpenCode } from '../../../../libs/coordination/protocol/runs.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { HOUR_MS, openScene, type Scene } from '../scene/scene.ts';
import { allNodes } from '../watch/reading.ts';

export function describeControl(open: OpenCoordinator): void {
  describe('opening a run', () => {
    it('OPENED notifies the first hops, and nothing of a later phase', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      expect(await scene.run()).toMatchObject({ state: 'open', mark: '', paused: false, openings: 1 });
      await scene.advance(HOUR_MS);
      const woken = (await scene.sweep()).wakeUps.map((wakeUp) => wakeUp.node.id);
      expect(woken.sort()).toEqual(['a', 'b'].map((name) => scene.cast.ref(name).id).sort());
      expect(await scene.exists('join')).toBe(false);
    });

    it('ALREADY_OPEN changes nothing, whatever the plan says', async () => {
      const scene = await openScene(open);
      await scene.take('a');
      const before = [await scene.run(), await scene.node('a')];
      expect((await scene.runOpen({ first: ['a', 'b'] })).code).toBe(RunOpenCode.ALREADY_OPEN);
      expect([await scene.run(), await scene.node('a')]).toEqual(before);
      expect(await scene.exists('b')).toBe(false);
    });

    it('RUN_CLOSED for a run that has ended', async () => {
      const scene = await openScene(open);
      await scene.finish('a');
      await scene.sweep();
      expect((await scene.runOpen()).code).toBe(RunOpenCode.RUN_CLOSED);
      expect((await scene.run()).state).toBe('closed');
    });

    it('a run with nothing to do is closing at once', async () => {
      const scene = await openScene(open, { first: [] });
      expect(await scene.run()).toMatchObject({ state: 'closing' });
      await scene.sweep();
      expect(await scene.run()).toMatchObject({ state: 'closed' });
    });

    it('a plan that is refused leaves no run behind', async () => {
      const scene = await openScene(open);
      const runId = `${scene.runId}-refused`;
      const bad = {
        moduleId: 'm',
        phases: [{ join: { kind: 'settle' as const } }],
        first: [scene.cast.hop('x', { phase: 5 })],
      };
      await expect(scene.harness.coordinator.runOpen({ runId, modules: [bad] })).rejects.toThrow();
      expect(await scene.coordinator.findRun(runId)).toBeUndefined();
      const good = await scene.harness.coordinator.runOpen({ runId, modules: [{ ...bad, first: [] }] });
      expect(good.code).toBe(RunOpenCode.OPENED);
    });
  });

  describe('pause and resume', () => {
    it('DONE, and NO_CHANGE when it is so already', async () => {
      const scene = await openScene(open);
      expect(await control(scene, 'resume')).toBe(ControlCode.NO_CHANGE);
      expect(await control(scene, 'pause')).toBe(ControlCode.DONE);
      expect(await control(scene, 'pause')).toBe(ControlCode.NO_CHANGE);
      expect((await scene.run()).paused).toBe(true);
      expect(await control(scene, 'resume')).toBe(ControlCode.DONE);
      expect((await scene.run()).paused).toBe(false);
    });

    it('F7: a pause takes the run out of the sweeper’s sight, a resume puts it back, and no node is touched', async () => {
      const names = Array.from({ length: 20 }, (_, index) => `a${index}`);
      const scene = await openScene(open, { first: names });
      const before = await allNodes(scene.coordinator, { runId: scene.runId });
      await control(scene, 'pause');
      await scene.advance(HOUR_MS);
      expect(await scene.due()).toEqual([]);
      await control(scene, 'resume');
      expect(await allNodes(scene.coordinator, { runId: scene.runId })).toEqual(before);
      expect((await scene.sweep()).wakeUps).toHaveLength(20);
    });

    it('F7: a lease that ran out in the pause is recovered after it', async () => {
      const scene = await openScene(open);
      await scene.take('a');
      await control(scene, 'pause');
      await scene.advance(HOUR_MS);
      expect(await scene.due()).toEqual([]);
      await control(scene, 'resume');
      expect(await scene.due()).toMatchObject([{ kind: 'recover' }]);
    });
  });

  describe('cancel', () => {
    it('DONE once; the nodes end as cancelled, leased ones too, and the run closes', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      await scene.take('a');
      expect(await control(scene, 'cancel')).toBe(ControlCode.DONE);
      expect(await control(scene, 'cancel')).toBe(ControlCode.NO_CHANGE);
      await scene.sweep();
      for (const name of ['a', 'b']) {
        expect(await scene.node(name)).toMatchObject({ state: 'dead', deathReason: 'cancelled' });
      }
      expect(await scene.exists('join')).toBe(false);
      expect(await scene.run()).toMatchObject({ state: 'closed', mark: 'cancelled' });
    });

    it('F7: reaches the nodes of a paused run', async () => {
      const scene = await openScene(open);
      await control(scene, 'pause');
      expect(await control(scene, 'cancel')).toBe(ControlCode.DONE);
      await scene.sweep();
      expect((await scene.node('a')).deathReason).toBe('cancelled');
      expect((await scene.run()).state).toBe('closed');
    });

    it('opens no phase afterwards, neither by the last crash nor by the last staged child', async () => {
      const crashed = await openScene(open, { phases: [{}, { opener: 'join' }] });
      await crashed.take('a');
      await control(crashed, 'cancel');
      await crashed.advance(HOUR_MS);
      await crashed.coordinator.recoverZombie({ node: crashed.cast.ref('a'), crashBudget: 1 });
      expect(await crashed.exists('join')).toBe(false);

      const staged = await openScene(open, { phases: [{}, { opener: 'join' }] });
      const holder = await staged.take('a');
      const children = [staged.cast.hop('child')];
      await staged.coordinator.stageChildren({ node: staged.cast.ref('a'), token: holder.token, children });
      await staged.commit(holder, [], { staged: 1 });
      await control(staged, 'cancel');
      await staged.coordinator.childrenPump({ node: staged.cast.ref('a'), wakeUps: 1 });
      expect(await staged.exists('join')).toBe(false);
      expect(await staged.exists('child')).toBe(false);
      await staged.sweep();
      expect((await staged.run()).state).toBe('closed');
    });
  });

  describe('terminate', () => {
    it('TERMINATED once per module, with its reason; other modules go on', async () => {
      const scene = await openScene(open, { first: ['a'] }, { moduleId: 'n', first: ['x'] });
      const mark = { runId: scene.runId, moduleId: 'm', reason: 'operator' };
      expect(await scene.coordinator.terminateMark(mark)).toBe(TerminateCode.TERMINATED);
      const again = await scene.coordinator.terminateMark({ ...mark, reason: 'another' });
      expect(again).toBe(TerminateCode.ALREADY_TERMINATED);
      expect(await scene.module()).toMatchObject({ state: 'terminated', reason: 'operator' });
      await scene.sweep();
      expect((await scene.node('a')).deathReason).toBe('terminated');
      await scene.finish('x');
      expect((await scene.run()).state).toBe('closing');
    });

    it('TERMINATED once for the task, and the module counts as terminated too', async () => {
      const scene = await openScene(open, { first: ['a'] }, { moduleId: 'n', first: ['x'] });
      const mark = { runId: scene.runId, reason: 'operator' };
      expect(await scene.coordinator.terminateMark(mark)).toBe(TerminateCode.TERMINATED);
      expect(await scene.coordinator.terminateMark(mark)).toBe(TerminateCode.ALREADY_TERMINATED);
      const module = await scene.coordinator.terminateMark({ ...mark, moduleId: 'm' });
      expect(module).toBe(TerminateCode.ALREADY_TERMINATED);
      await scene.sweep();
      expect((await scene.node('x')).deathReason).toBe('terminated');
      expect(await scene.run()).toMatchObject({ state: 'closed', mark: 'terminated', reason: 'operator' });
    });
  });
}

function control(scene: Scene, action: 'pause' | 'resume' | 'cancel') {
  return scene.coordinator.runControl({ runId: scene.runId, action });
}
