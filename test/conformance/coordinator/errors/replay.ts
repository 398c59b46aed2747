import { describe, expect, it } from 'vitest';
import { CommitCode } from '../../../../libs/coordination/protocol/commits.ts';
import { DecideCode, ReplayCode } from '../../../../libs/coordination/protocol/errors.ts';
import { DrainCode } from '../../../../libs/coordination/protocol/phases.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { HOUR_MS, LEASE_MS, openScene, type Scene } from '../scene/scene.ts';

export function describeReplay(open: OpenCoordinator): void {
  describe('a replay', () => {
    it('REPLAYED gives a dead node its next epoch and fresh budgets, and notifies it', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      await scene.take('a');
      await scene.advance(LEASE_MS);
      await scene.sweep();
      await scene.kill('a');
      const { epoch } = await scene.node('a');
      const replayed = await replay(scene, 'a');
      expect(replayed.code).toBe(ReplayCode.REPLAYED);
      expect(replayed.wakeUps).toMatchObject([{ kind: 'parser_task', node: scene.cast.ref('a'), epoch: epoch + 1 }]);
      expect(await scene.node('a')).toMatchObject({
        state: 'pending',
        epoch: epoch + 1,
        attempts: 0,
        crashes: 0,
        deathReason: '',
      });
    });

    it('NOT_REPLAYABLE for a node that is not dead, also for the one just replayed; UNKNOWN_NODE for none', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      expect((await replay(scene, 'a')).code).toBe(ReplayCode.NOT_REPLAYABLE);
      await scene.finish('a');
      expect((await replay(scene, 'a')).code).toBe(ReplayCode.NOT_REPLAYABLE);
      await scene.kill('b');
      await scene.coordinator.runSettle({ runId: scene.runId });
      await replay(scene, 'b');
      const before = await scene.node('b');
      expect((await replay(scene, 'b')).code).toBe(ReplayCode.NOT_REPLAYABLE);
      expect(await scene.node('b')).toEqual(before);
      scene.cast.hop('unknown');
      expect((await replay(scene, 'unknown')).code).toBe(ReplayCode.UNKNOWN_NODE);
    });

    it('DRAINING while a marked scope of the run still has open nodes', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] }, { moduleId: 'n', first: ['x', 'y'] });
      await scene.kill('a');
      await scene.coordinator.terminateMark({ runId: scene.runId, moduleId: 'n', reason: 'operator' });
      expect((await replay(scene, 'a')).code).toBe(ReplayCode.DRAINING);
      expect((await scene.node('a')).state).toBe('dead');
      await scene.sweep();
      expect((await replay(scene, 'a')).code).toBe(ReplayCode.REPLAYED);
    });

    it('opens a run again that has ended, and closes it again', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      await scene.finish('a');
      await scene.kill('b');
      await scene.sweep();
      expect(await scene.run()).toMatchObject({ state: 'closed', openings: 1 });
      await replay(scene, 'b');
      expect(await scene.run()).toMatchObject({ state: 'open', openings: 2 });
      expect((await scene.module()).state).toBe('open');
      await scene.finish('b');
      await sweepLater(scene);
      expect(await scene.run()).toMatchObject({ state: 'closed', openings: 2 });
      expect(await scene.phase(0)).toMatchObject({ created: 2, done: 2, dead: 0 });
    });

    it('F20: a run that ends for the second time is due to be settled at once, as the first time', async () => {
      const scene = await openScene(open);
      await scene.kill('a');
      await scene.sweep();
      await replay(scene, 'a');
      await scene.finish('a');
      expect(await scene.due()).toContainEqual({ kind: 'settle', runId: scene.runId });
    });

    it('is found by the sweeper if its wake-up is lost', async () => {
      const scene = await openScene(open, { phases: [{}, {}] });
      await scene.kill('a');
      await scene.sweep();
      await replay(scene, 'a');
      await scene.advance(scene.harness.policy.dispatchGraceMs);
      expect((await scene.sweep()).wakeUps).toMatchObject([{ node: scene.cast.ref('a'), epoch: 1 }]);
    });
  });

  describe('F9: a replay', () => {
    it('F9a: leaves a join that fired as it is', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      await scene.finish('a');
      await scene.kill('b');
      await scene.finish('join');
      await replay(scene, 'b');
      await scene.finish('b', [scene.cast.hop('more')]);
      await scene.finish('more');
      expect(await scene.phase(0)).toMatchObject({ closed: 'settled', done: 3, open: 0 });
      expect(await scene.node('join')).toMatchObject({ state: 'done', epoch: 0 });
      expect((await scene.run()).state).toBe('closing');
    });

    it('F9b: may commit in its closed phase, and its children may run there', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      await scene.finish('a');
      await scene.kill('b');
      expect((await scene.module()).currentPhase).toBe(1);
      await replay(scene, 'b');
      expect((await scene.finish('b', [scene.cast.request('r')])).wakeUps).toHaveLength(1);
      expect((await scene.finish('r', [scene.cast.hop('deep')])).code).toBe(CommitCode.COMMIT_OK);
      await scene.finish('deep');
      await scene.finish('join');
      expect((await scene.run()).state).toBe('closing');
    });

    it('F9b: may fail and be retried in its closed phase, or die there again', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      await scene.finish('a');
      await scene.kill('b');
      await replay(scene, 'b');
      await scene.fail('b');
      expect((await scene.decide('b', { retryDelayMs: 0 })).code).toBe(DecideCode.RETRY_AFTER);
      await scene.sweep();
      await scene.kill('b');
      await scene.finish('join');
      expect((await scene.run()).state).toBe('closing');
    });

    it('F9b: in a phase that its deadline closed, is not drained again', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      await scene.coordinator.phaseClose({ runId: scene.runId, moduleId: 'm', phase: 0 });
      await scene.sweep();
      await replay(scene, 'a');
      await scene.sweep();
      expect((await scene.node('a')).state).toBe('pending');
      expect((await scene.finish('a')).code).toBe(CommitCode.COMMIT_OK);
    });

    it('F9b: is safe from a sweeper that comes late with its drain', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      const scope = { runId: scene.runId, moduleId: 'm', phase: 0, limit: 10 };
      await scene.coordinator.phaseClose(scope);
      await scene.sweep();
      await replay(scene, 'a');
      expect((await scene.coordinator.scopeDrain(scope)).code).toBe(DrainCode.NOTHING_TO_DRAIN);
      expect((await scene.node('a')).state).toBe('pending');
    });

    it('F9b: is looked at again in what it yields for a phase that was over before anything of it was there', async () => {
      const scene = await openScene(open, { phases: [{}, {}] });
      // The first phase is over its deadline; the second one opens empty, and is over at once.
      await scene.coordinator.phaseClose({ runId: scene.runId, moduleId: 'm', phase: 0 });
      await scene.sweep();
      expect((await scene.run()).state).toBe('closed');
      await replay(scene, 'a');
      await scene.commit(await scene.take('a'), [scene.cast.hop('late', { phase: 1 })], { wakeUps: 0 });
      const { wakeUps } = await scene.sweep();
      expect(wakeUps).toMatchObject([{ node: scene.cast.ref('late') }]);
      await scene.finish('late');
      await sweepLater(scene);
      expect((await scene.run()).state).toBe('closed');
    });

    it('F9c: lifts the marks of its module and run, and sets their error counts to 0', async () => {
      const scene = await openScene(open, { first: ['a', 'b', 'c'] });
      await scene.fail('a');
      await scene.decide('a', { moduleThreshold: { errors: 1 } });
      await scene.sweep();
      expect(await scene.module()).toMatchObject({ state: 'terminated', errors: 1 });
      await replay(scene, 'b');
      expect(await scene.module()).toMatchObject({ state: 'open', reason: '', errors: 0, executions: 0 });
      await scene.fail('b');
      expect((await scene.decide('b', { moduleThreshold: { errors: 2 } })).code).toBe(DecideCode.RETRY_AFTER);
    });

    it('F9c: of a cancelled run runs, and the run closes again', async () => {
      const scene = await openScene(open, { first: ['a'] }, { moduleId: 'n', first: ['x'] });
      await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
      await scene.sweep();
      await replay(scene, 'a');
      expect(await scene.run()).toMatchObject({ state: 'open', mark: '', reason: '', openings: 2 });
      await scene.finish('a');
      await sweepLater(scene);
      expect((await scene.run()).state).toBe('closed');
      expect(await scene.node('x')).toMatchObject({ state: 'dead', deathReason: 'cancelled' });
    });

    it('F9d: closes the current phase of its module if that is empty', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }, { opener: 'end' }] });
      await scene.finish('a');
      await scene.kill('b');
      await scene.take('join');
      await scene.coordinator.terminateMark({ runId: scene.runId, moduleId: 'm', reason: 'operator' });
      await scene.sweep();
      await replay(scene, 'b');
      expect((await scene.module()).currentPhase).toBe(2);
      await scene.finish('b');
      await scene.finish('end');
      await sweepLater(scene);
      expect((await scene.run()).state).toBe('closed');
    });
  });

  describe('a replay with rejoin', () => {
    it('takes the module back: later phases open again, and their openers run in their next epoch', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }, { opener: 'end' }] });
      await scene.finish('a');
      await scene.kill('b');
      await scene.finish('join');
      await scene.finish('end');
      await scene.sweep();
      expect((await replay(scene, 'b', true)).code).toBe(ReplayCode.REPLAYED);
      expect(await scene.module()).toMatchObject({ state: 'open', currentPhase: 0 });
      expect(await scene.phase(0)).toMatchObject({ closed: '', open: 1 });
      expect(await scene.phase(1)).toMatchObject({ closed: '', open: 0 });
      const { wakeUps } = await scene.finish('b');
      expect(wakeUps).toMatchObject([{ node: scene.cast.ref('join'), epoch: 1 }]);
      expect(await scene.node('join')).toMatchObject({ state: 'pending', epoch: 1, attempts: 0 });
      await scene.finish('join');
      expect((await scene.node('end')).epoch).toBe(1);
      await scene.finish('end');
      await sweepLater(scene);
      expect(await scene.run()).toMatchObject({ state: 'closed', openings: 2 });
    });

    it('of a node in the last phase re-opens that phase alone', async () => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join' }] });
      await scene.finish('a');
      await scene.kill('join');
      await replay(scene, 'join', true);
      expect(await scene.phase(0)).toMatchObject({ closed: 'settled' });
      expect(await scene.module()).toMatchObject({ currentPhase: 1 });
      await scene.finish('join');
      expect((await scene.run()).state).toBe('closing');
    });
  });
}

function replay(scene: Scene, name: string, rejoin = false) {
  return scene.coordinator.replay({ node: scene.cast.ref(name), rejoin });
}

/** Sweeps when everything that anybody waits for has come. */
async function sweepLater(scene: Scene): Promise<void> {
  await scene.advance(HOUR_MS);
  await scene.sweep();
}
