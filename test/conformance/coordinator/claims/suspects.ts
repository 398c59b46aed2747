import { describe, expect, it } from 'vitest';
import { ClaimCode, ReleaseCode, SUSPECT_AFTER } from '../../../../libs/coordination/protocol/claims.ts';
import { CommitCode } from '../../../../libs/coordination/protocol/commits.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { FAILURE, heldBy, LEASE_MS, openScene, suspectScene } from '../scene/scene.ts';

export function describeSuspects(open: OpenCoordinator): void {
  describe('a suspect', () => {
    it('SUSPECT, unless the claim is alone; the refusal gives no lease and changes nothing', async () => {
      const scene = await suspectScene(await openScene(open), 'a');
      const before = await scene.node('a');
      expect(before).toMatchObject({ state: 'pending', crashes: SUSPECT_AFTER });
      expect(await scene.claim('a')).toEqual({ code: ClaimCode.SUSPECT, crashes: SUSPECT_AFTER });
      expect(await scene.node('a')).toEqual(before);
      expect(await scene.take('a', { alone: true })).toMatchObject({ state: 'processing', crashes: SUSPECT_AFTER });
    });

    it('is a node that lost so many leases, and no other: a claim that is alone takes any node', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      for (let crash = 1; crash < SUSPECT_AFTER; crash++) {
        await scene.take('a');
        await scene.advance(LEASE_MS);
        await scene.sweep();
      }
      expect(await scene.take('a')).toMatchObject({ crashes: SUSPECT_AFTER - 1 });
      expect(await scene.take('b', { alone: true })).toMatchObject({ crashes: 0 });
    });

    it('is refused as such last: other refusals go first, and a repeated claim gets its token', async () => {
      const scene = await suspectScene(await openScene(open), 'a');
      expect((await scene.claim('a', { epoch: 0 })).code).toBe(ClaimCode.STALE_STEP);
      await scene.coordinator.runControl({ runId: scene.runId, action: 'pause' });
      expect((await scene.claim('a')).code).toBe(ClaimCode.PAUSED);
      await scene.coordinator.runControl({ runId: scene.runId, action: 'resume' });
      const held = await scene.take('a', { owner: 'me', alone: true });
      expect(await scene.claim('a', { owner: 'me' })).toEqual({ code: ClaimCode.EXECUTE, node: held });
      expect((await scene.claim('a')).code).toBe(ClaimCode.LOCKED_BY_OTHER);
      await scene.commit(held);
      expect((await scene.claim('a')).code).toBe(ClaimCode.RUN_CLOSED);
    });

    it('stays one when it is fetched: the parser claims it alone too', async () => {
      const scene = await openScene(open);
      await scene.finish('a', [scene.cast.request('r')]);
      await suspectScene(scene, 'r');
      const downloader = await scene.take('r', { stage: 'downloader', alone: true });
      expect(await scene.coordinator.release(heldBy(downloader))).toBe(ReleaseCode.RELEASED);
      expect((await scene.claim('r', { stage: 'parser' })).code).toBe(ClaimCode.SUSPECT);
      const parser = await scene.take('r', { stage: 'parser', alone: true });
      expect((await scene.commit(parser)).code).toBe(CommitCode.COMMIT_OK);
    });

    it('stays one after a failure and its retry, and is none after a replay', async () => {
      const scene = await suspectScene(await openScene(open, { first: ['a', 'b'] }), 'a');
      await scene.fail('a', { alone: true });
      await scene.decide('a', { retryDelayMs: 1_000 });
      await scene.advance(1_000);
      await scene.sweep();
      expect((await scene.claim('a')).code).toBe(ClaimCode.SUSPECT);
      const held = await scene.take('a', { alone: true });
      await scene.coordinator.commitError({ ...heldBy(held), error: FAILURE });
      await scene.decide('a', { fatal: true });
      await scene.coordinator.replay({ node: scene.cast.ref('a'), rejoin: false });
      expect(await scene.take('a')).toMatchObject({ crashes: 0 });
    });

    it('is never handed over: a commit claims only a child that it creates', async () => {
      const scene = await suspectScene(await openScene(open, { first: ['a', 'b'] }), 'b');
      const handOver = { owner: 'next', leaseMs: LEASE_MS };
      const outcome = await scene.commit(await scene.take('a'), [scene.cast.seed('b')], { handOver });
      expect(outcome).toMatchObject({ code: CommitCode.COMMIT_OK, gateLost: 1 });
      expect(outcome.next).toBeUndefined();
      expect((await scene.node('b')).state).toBe('pending');
    });

    it('keeps its crashes when a lease of it is given up', async () => {
      const scene = await suspectScene(await openScene(open), 'a');
      const held = await scene.take('a', { alone: true });
      await scene.coordinator.recoverZombie({ ...heldBy(held), crashBudget: 3, isHandedBack: true });
      expect((await scene.claim('a')).code).toBe(ClaimCode.SUSPECT);
    });

    it('that loses its lease alone dies when its budget says so, with its crashes', async () => {
      const scene = await suspectScene(await openScene(open, { first: ['a', 'b'] }), 'a');
      for (const state of ['pending', 'dead']) {
        await scene.take('a', { alone: true });
        await scene.advance(LEASE_MS);
        await scene.sweep({ crashBudget: SUSPECT_AFTER + 2 });
        expect((await scene.node('a')).state).toBe(state);
      }
      expect(await scene.node('a')).toMatchObject({ deathReason: 'crashed', crashes: SUSPECT_AFTER + 2 });
    });
  });
}
