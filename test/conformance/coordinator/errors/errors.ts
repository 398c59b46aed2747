import { describe, expect, it } from 'vitest';
import { CommitErrorCode, DecideCode, RetryCode } from '../../../../libs/coordination/protocol/errors.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { FAILURE, heldBy, LEASE_MS, openScene } from '../scene/scene.ts';

export function describeErrors(open: OpenCoordinator): void {
  describe('a failed execution', () => {
    it('ERROR_EMIT_OK records the failure, ends the lease and waits for the decision', async () => {
      const scene = await openScene(open);
      await scene.fail('a');
      const dueAtMs = scene.harness.now() + scene.harness.policy.decisionGraceMs;
      expect(await scene.node('a')).toMatchObject({ state: 'failed', error: FAILURE, attempts: 1, dueAtMs });
    });

    it('ERROR_ALREADY_EMITTED for the same token: the first record stands', async () => {
      const scene = await openScene(open);
      const holder = await scene.fail('a');
      const again = await scene.coordinator.commitError({ ...heldBy(holder), error: '{"code":"other"}' });
      expect(again).toBe(CommitErrorCode.ERROR_ALREADY_EMITTED);
      expect((await scene.node('a')).error).toBe(FAILURE);
    });

    it('F15: FENCING_REJECT touches nothing: a zombie does not free the new holder’s lease', async () => {
      const scene = await openScene(open);
      const zombie = await scene.take('a');
      await scene.advance(LEASE_MS);
      await scene.sweep();
      const holder = await scene.take('a');
      const code = await scene.coordinator.commitError({ ...heldBy(zombie), error: FAILURE });
      expect(code).toBe(CommitErrorCode.FENCING_REJECT);
      expect(await scene.node('a')).toEqual(holder);
      const unknown = { ...heldBy(zombie), node: { ...zombie, id: 'unknown' } };
      expect(await scene.coordinator.commitError({ ...unknown, error: FAILURE })).toBe(CommitErrorCode.FENCING_REJECT);
    });

    it('FENCING_REJECT under a mark, which touches nothing either', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
      const code = await scene.coordinator.commitError({ ...heldBy(holder), error: FAILURE });
      expect(code).toBe(CommitErrorCode.FENCING_REJECT);
      expect(await scene.node('a')).toEqual(holder);
    });

    it('FENCING_REJECT after the node committed', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await scene.commit(holder);
      const code = await scene.coordinator.commitError({ ...heldBy(holder), error: FAILURE });
      expect(code).toBe(CommitErrorCode.FENCING_REJECT);
      expect((await scene.node('a')).state).toBe('done');
    });
  });

  describe('the failure before', () => {
    it('is with the node when it is claimed again, also after a crash, so that its holder can tell a repetition', async () => {
      const scene = await openScene(open);
      await scene.fail('a');
      await scene.decide('a', { retryDelayMs: 0 });
      await scene.sweep();
      expect(await scene.take('a')).toMatchObject({ error: FAILURE, attempts: 2 });
      await scene.advance(LEASE_MS);
      await scene.sweep();
      expect(await scene.take('a')).toMatchObject({ error: FAILURE, attempts: 2, crashes: 1 });
    });

    it('is of another life after a replay: the first attempt is counted anew', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      await scene.kill('a');
      await scene.coordinator.replay({ node: (await scene.node('a')) as never, rejoin: false });
      expect(await scene.take('a')).toMatchObject({ error: FAILURE, attempts: 1 });
    });
  });

  describe('a decision', () => {
    it('F8: attempts are executions: RETRY_AFTER the first and the second, dead after the third', async () => {
      const scene = await openScene(open);
      for (const attempt of [1, 2]) {
        await scene.fail('a');
        const decided = await scene.decide('a', { retryDelayMs: 4_000 });
        expect(decided).toEqual({
          code: DecideCode.RETRY_AFTER,
          action: 'retry',
          repeated: false,
          gateTaken: false,
          wakeUps: [],
        });
        const dueAtMs = scene.harness.now() + 4_000;
        expect(await scene.node('a')).toMatchObject({ state: 'retry', attempts: attempt, epoch: attempt, dueAtMs });
        await scene.advance(4_000);
        expect((await scene.sweep()).wakeUps).toMatchObject([{ kind: 'error_task', epoch: attempt, error: FAILURE }]);
        expect((await scene.node('a')).state).toBe('pending');
      }
      await scene.fail('a');
      expect(await scene.decide('a')).toMatchObject({ code: DecideCode.CONTINUE, action: 'dead' });
      expect(await scene.node('a')).toMatchObject({ state: 'dead', deathReason: 'failed', attempts: 3 });
    });

    it('F8: CONTINUE for a fatal failure: the node dies and the run goes on', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      await scene.fail('a');
      expect(await scene.decide('a', { fatal: true })).toMatchObject({ code: DecideCode.CONTINUE, action: 'dead' });
      expect(await scene.node('a')).toMatchObject({ state: 'dead', deathReason: 'failed', error: FAILURE });
      await scene.finish('b');
      expect((await scene.run()).state).toBe('closing');
    });

    it('that ends the last node of a phase opens the next one', async () => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join' }] });
      await scene.kill('a');
      expect((await scene.module()).currentPhase).toBe(1);
      expect((await scene.node('join')).state).toBe('pending');
    });

    it('is made once per node and epoch: repeated, it answers what was decided and counts nothing', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      await scene.fail('a');
      const first = await scene.decide('a', { epoch: 0 });
      const before = [await scene.node('a'), await scene.run()];
      const again = await scene.decide('a', { epoch: 0, fatal: true });
      expect(again).toMatchObject({ code: first.code, action: first.action, repeated: true });
      expect([await scene.node('a'), await scene.run()]).toEqual(before);
    });

    it('of an older epoch stays readable while newer ones are decided', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      await scene.fail('a');
      await scene.decide('a');
      await scene.advance(5_000);
      await scene.sweep();
      await scene.fail('a');
      await scene.decide('a', { fatal: true });
      expect(await scene.decide('a', { epoch: 0 })).toMatchObject({ code: DecideCode.RETRY_AFTER, repeated: true });
      const dead = await scene.decide('a', { epoch: 1 });
      expect(dead).toMatchObject({ code: DecideCode.CONTINUE, action: 'dead', repeated: true });
    });

    it('is none for a node that does not wait for one, has a newer epoch, or is unknown', async () => {
      const scene = await openScene(open);
      const none = { code: DecideCode.CONTINUE, action: 'none', repeated: false };
      expect(await scene.decide('a')).toMatchObject(none);
      await scene.take('a');
      expect(await scene.decide('a')).toMatchObject(none);
      await scene.advance(LEASE_MS);
      await scene.sweep();
      expect(await scene.decide('a', { epoch: 0 })).toMatchObject(none);
      scene.cast.hop('unknown');
      expect(await scene.decide('unknown', { epoch: 0 })).toMatchObject(none);
      expect(await scene.node('a')).toMatchObject({ state: 'pending', epoch: 1 });
      expect((await scene.module()).errors).toBe(0);
    });

    it('comes again when it did not come: an overdue failure notifies for its decision', async () => {
      const scene = await openScene(open);
      await scene.fail('a');
      expect((await scene.sweep()).wakeUps).toEqual([]);
      await scene.advance(scene.harness.policy.decisionGraceMs);
      expect((await scene.sweep()).wakeUps).toMatchObject([
        { kind: 'error', node: scene.cast.ref('a'), error: FAILURE },
      ]);
      expect((await scene.node('a')).state).toBe('failed');
    });
  });

  describe('a retry by hand', () => {
    it('RETRY_SCHEDULED has the effect of a decision to retry, and is not made twice', async () => {
      const scene = await openScene(open);
      await scene.fail('a');
      const retry = { node: scene.cast.ref('a'), delayMs: 2_000, maxAttempts: 3 };
      expect(await scene.coordinator.retrySchedule(retry)).toBe(RetryCode.RETRY_SCHEDULED);
      const dueAtMs = scene.harness.now() + 2_000;
      const scheduled = await scene.node('a');
      expect(scheduled).toMatchObject({ state: 'retry', attempts: 1, epoch: 1, dueAtMs });
      expect(await scene.coordinator.retrySchedule(retry)).toBe(RetryCode.RETRY_NOT_ALLOWED);
      await scene.decide('a', { epoch: 0 });
      expect(await scene.node('a')).toEqual(scheduled);
    });

    it('F8: RETRY_NOT_ALLOWED after a decision: the two never add up', async () => {
      const scene = await openScene(open);
      await scene.fail('a');
      await scene.decide('a');
      const before = await scene.node('a');
      const code = await scene.coordinator.retrySchedule({ node: scene.cast.ref('a'), delayMs: 0, maxAttempts: 3 });
      expect(code).toBe(RetryCode.RETRY_NOT_ALLOWED);
      expect(await scene.node('a')).toEqual(before);
    });

    it('MAX_RETRY_EXCEEDED when the attempts are spent', async () => {
      const scene = await openScene(open);
      await scene.fail('a');
      const code = await scene.coordinator.retrySchedule({ node: scene.cast.ref('a'), delayMs: 0, maxAttempts: 1 });
      expect(code).toBe(RetryCode.MAX_RETRY_EXCEEDED);
      expect((await scene.node('a')).state).toBe('failed');
    });
  });
}
