import { describe, expect, it } from 'vitest';
import { ClaimCode } from '../../../../libs/coordination/protocol/claims.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { heldBy, LEASE_MS, openScene } from '../scene/scene.ts';

export function describeClaims(open: OpenCoordinator): void {
  describe('claim', () => {
    it('EXECUTE gives a lease, a token and the attempt', async () => {
      const scene = await openScene(open);
      const node = await scene.take('a', { owner: 'me' });
      expect(node).toMatchObject({ state: 'processing', owner: 'me', attempts: 1, epoch: 0, crashes: 0 });
      expect(node.body).toBe(scene.cast.seed('a').body);
      expect(node.token).not.toBe('');
      expect(node.dueAtMs).toBe(scene.harness.now() + LEASE_MS);
      expect(await scene.node('a')).toEqual(node);
    });

    it('RUN_CLOSED when the run is unknown, closing or closed', async () => {
      const scene = await openScene(open);
      const stranger = { ...scene.cast.ref('a'), runId: 'run-unknown', id: 'run-unknown.a' };
      const claim = { epoch: 0, owner: 'o', stage: 'module-processor', leaseMs: LEASE_MS, alone: false } as const;
      expect((await scene.coordinator.claim({ ...claim, node: stranger })).code).toBe(ClaimCode.RUN_CLOSED);
      await scene.finish('a');
      expect((await scene.run()).state).toBe('closing');
      expect((await scene.claim('a')).code).toBe(ClaimCode.RUN_CLOSED);
      await scene.coordinator.runSettle({ runId: scene.runId });
      expect((await scene.claim('a')).code).toBe(ClaimCode.RUN_CLOSED);
    });

    it('PAUSED in a paused run', async () => {
      const scene = await openScene(open);
      await scene.coordinator.runControl({ runId: scene.runId, action: 'pause' });
      expect((await scene.claim('a')).code).toBe(ClaimCode.PAUSED);
      expect((await scene.node('a')).attempts).toBe(0);
    });

    it('TERMINATED in a cancelled run, a terminated module and a phase past its deadline', async () => {
      const cancelled = await openScene(open);
      await cancelled.coordinator.runControl({ runId: cancelled.runId, action: 'cancel' });
      expect((await cancelled.claim('a')).code).toBe(ClaimCode.TERMINATED);

      const modules = await openScene(open, { moduleId: 'm' }, { moduleId: 'n', first: ['b'] });
      await modules.coordinator.terminateMark({ runId: modules.runId, moduleId: 'm', reason: 'operator' });
      expect((await modules.claim('a')).code).toBe(ClaimCode.TERMINATED);
      expect((await modules.claim('b')).code).toBe(ClaimCode.EXECUTE);

      const late = await openScene(open, { phases: [{}, { opener: 'join' }] });
      await late.coordinator.phaseClose({ runId: late.runId, moduleId: 'm', phase: 0 });
      expect((await late.claim('a')).code).toBe(ClaimCode.TERMINATED);
    });

    it('OUT_OF_ORDER for a node that an open run does not know', async () => {
      const scene = await openScene(open);
      scene.cast.request('early');
      expect((await scene.claim('early')).code).toBe(ClaimCode.OUT_OF_ORDER);
      expect(await scene.exists('early')).toBe(false);
      await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
      expect((await scene.claim('early')).code).toBe(ClaimCode.TERMINATED);
    });

    it('DUPLICATE_DONE for a done and for a dead node, whatever the epoch says', async () => {
      const scene = await openScene(open, { first: ['a', 'b', 'c'] });
      await scene.finish('a');
      await scene.kill('b');
      expect((await scene.claim('a')).code).toBe(ClaimCode.DUPLICATE_DONE);
      expect((await scene.claim('b')).code).toBe(ClaimCode.DUPLICATE_DONE);
      expect((await scene.claim('a', { epoch: 9 })).code).toBe(ClaimCode.DUPLICATE_DONE);
    });

    it('DUPLICATE_DONE also when the phase has settled: that is an end, not a mark', async () => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join' }] });
      await scene.finish('a');
      expect((await scene.phase(0)).closed).toBe('settled');
      expect((await scene.claim('a')).code).toBe(ClaimCode.DUPLICATE_DONE);
    });

    it('STALE_STEP for an older epoch; a newer one is only a wake-up', async () => {
      const scene = await openScene(open);
      await scene.take('a');
      await scene.advance(LEASE_MS);
      await scene.sweep();
      expect((await scene.node('a')).epoch).toBe(1);
      expect((await scene.claim('a', { epoch: 0 })).code).toBe(ClaimCode.STALE_STEP);
      const claimed = await scene.claim('a', { epoch: 7 });
      expect(claimed.code).toBe(ClaimCode.EXECUTE);
      expect(claimed.node?.epoch).toBe(1);
    });

    it('F5: LOCKED_BY_OTHER for processing, failed, retry and releasing nodes, with the time until they are due', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      const { policy } = scene.harness;
      await scene.take('a');
      await scene.advance(10_000);
      expect(await scene.claim('a')).toMatchObject({
        code: ClaimCode.LOCKED_BY_OTHER,
        retryInMs: LEASE_MS - 10_000,
      });
      await scene.fail('b');
      const failed = await scene.claim('b');
      expect(failed).toMatchObject({ code: ClaimCode.LOCKED_BY_OTHER, retryInMs: policy.decisionGraceMs });
      await scene.decide('b', { retryDelayMs: 7_000 });
      const waiting = await scene.claim('b');
      expect(waiting).toMatchObject({ code: ClaimCode.LOCKED_BY_OTHER, retryInMs: 7_000 });
      await scene.advance(7_000);
      await scene.sweep();
      const holder = await scene.take('b');
      await scene.coordinator.stageChildren({ ...heldBy(holder), children: [scene.cast.hop('child')] });
      await scene.commit(holder, [], { staged: 1 });
      expect((await scene.node('b')).state).toBe('releasing');
      expect((await scene.claim('b')).code).toBe(ClaimCode.LOCKED_BY_OTHER);
    });

    it('LOCKED_BY_OTHER for a hop whose phase has not opened', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, {}] });
      await scene.finish('a', [scene.cast.hop('later', { phase: 1 })]);
      expect((await scene.claim('later')).code).toBe(ClaimCode.LOCKED_BY_OTHER);
      await scene.finish('b');
      expect((await scene.claim('later')).code).toBe(ClaimCode.EXECUTE);
    });

    it('checks the run before the mark and the pause before both', async () => {
      const scene = await openScene(open);
      await scene.coordinator.runControl({ runId: scene.runId, action: 'pause' });
      await scene.coordinator.terminateMark({ runId: scene.runId, moduleId: 'm', reason: 'operator' });
      expect((await scene.claim('a')).code).toBe(ClaimCode.PAUSED);
    });
  });

  describe('claim, repeated by its owner', () => {
    it('F14: answers the stored token again, so a re-sent claim is not locked out by itself', async () => {
      const scene = await openScene(open);
      const first = await scene.take('a', { owner: 'me' });
      const again = await scene.take('a', { owner: 'me' });
      expect(again).toEqual(first);
      expect((await scene.claim('a', { owner: 'you' })).code).toBe(ClaimCode.LOCKED_BY_OTHER);
    });

    it('F14: answers the stored token whatever the pause or the mark', async () => {
      const scene = await openScene(open);
      const first = await scene.take('a', { owner: 'me' });
      await scene.coordinator.runControl({ runId: scene.runId, action: 'pause' });
      expect((await scene.take('a', { owner: 'me' })).token).toBe(first.token);
      await scene.coordinator.terminateMark({ runId: scene.runId, moduleId: 'm', reason: 'operator' });
      expect((await scene.take('a', { owner: 'me' })).token).toBe(first.token);
    });

    it('F14: answers STALE_STEP once somebody took the lease back', async () => {
      const scene = await openScene(open);
      await scene.take('a', { owner: 'me' });
      await scene.advance(LEASE_MS);
      await scene.sweep();
      expect((await scene.claim('a', { owner: 'me', epoch: 0 })).code).toBe(ClaimCode.STALE_STEP);
    });
  });

  describe('64 claimers at once', () => {
    it('one executes, the others are locked out', async () => {
      const scene = await openScene(open);
      const { coordinator } = scene.harness;
      const claim = {
        node: scene.cast.ref('a'),
        epoch: 0,
        stage: 'module-processor',
        leaseMs: LEASE_MS,
        alone: false,
      } as const;
      const owners = Array.from({ length: 64 }, (_, index) => `owner-${index}`);
      const outcomes = await Promise.all(owners.map((owner) => coordinator.claim({ ...claim, owner })));
      const codes = outcomes.map((outcome) => outcome.code);
      expect(codes.filter((code) => code === ClaimCode.EXECUTE)).toHaveLength(1);
      expect(codes.filter((code) => code === ClaimCode.LOCKED_BY_OTHER)).toHaveLength(63);
      expect(await scene.node('a')).toMatchObject({ state: 'processing', attempts: 1 });
    });
  });
}
