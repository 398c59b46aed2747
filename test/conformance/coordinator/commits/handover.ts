import { describe, expect, it } from 'vitest';
import { CommitCode } from '../../../../libs/coordination/protocol/commits.ts';
import type { NodeSeed } from '../../../../libs/coordination/protocol/node.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { LEASE_MS, openScene, type Scene } from '../scene/scene.ts';

const HAND_OVER = { owner: 'next-owner', leaseMs: LEASE_MS };

export function describeHandOver(open: OpenCoordinator): void {
  describe('commit with hand-over', () => {
    it('claims the only child in the same step and notifies nothing', async () => {
      const scene = await openScene(open);
      const outcome = await handOver(scene, [scene.cast.hop('child')]);
      expect(outcome).toMatchObject({ code: CommitCode.COMMIT_OK, wakeUps: [], created: 1 });
      expect(outcome.next).toMatchObject({ state: 'processing', owner: HAND_OVER.owner, attempts: 1, epoch: 0 });
      expect(outcome.next).toEqual(await scene.node('child'));
      expect((await scene.commit(outcome.next!)).code).toBe(CommitCode.COMMIT_OK);
    });

    it('repeated, answers the child while its owner still holds it, and not afterwards', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const child = scene.cast.hop('child');
      const first = await scene.commit(holder, [child], { handOver: HAND_OVER });
      const again = await scene.commit(holder, [child], { handOver: HAND_OVER });
      expect(again.code).toBe(CommitCode.ALREADY_COMMITTED);
      expect(again.next).toEqual(first.next);
      await scene.commit(first.next!);
      const late = await scene.commit(holder, [child], { handOver: HAND_OVER });
      expect(late.code).toBe(CommitCode.ALREADY_COMMITTED);
      expect(late.next).toBeUndefined();
    });

    it('repeated after the child was taken back, does not hand over another’s lease', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const child = scene.cast.hop('child');
      await scene.commit(holder, [child], { handOver: HAND_OVER });
      await scene.advance(LEASE_MS);
      await scene.sweep();
      await scene.take('child');
      expect((await scene.commit(holder, [child], { handOver: HAND_OVER })).next).toBeUndefined();
    });

    it('does not happen with two children, or with one that was there already', async () => {
      const two = await openScene(open);
      const both = await handOver(two, [two.cast.hop('c0'), two.cast.hop('c1')]);
      expect(both.next).toBeUndefined();
      expect(both.wakeUps).toHaveLength(2);

      const known = await openScene(open, { first: ['a', 'b'] });
      const outcome = await handOver(known, [known.cast.seed('b')]);
      expect(outcome.next).toBeUndefined();
      expect(outcome).toMatchObject({ created: 0, gateLost: 1 });
      expect((await known.node('b')).state).toBe('pending');
    });

    it('F18: does not happen in a paused run: the child is notified instead', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await scene.coordinator.runControl({ runId: scene.runId, action: 'pause' });
      const outcome = await scene.commit(holder, [scene.cast.hop('child')], { handOver: HAND_OVER });
      expect(outcome.next).toBeUndefined();
      expect(outcome).toMatchObject({ code: CommitCode.COMMIT_OK, created: 1 });
      expect(await scene.node('child')).toMatchObject({ state: 'pending', attempts: 0 });
    });

    it('F18: does not happen into a phase that has not opened', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, {}] });
      const outcome = await handOver(scene, [scene.cast.hop('later', { phase: 1 })]);
      expect(outcome.next).toBeUndefined();
      expect((await scene.node('later')).state).toBe('pending');
    });

    it('a child that dies with its owner is recovered like any other', async () => {
      const scene = await openScene(open);
      await handOver(scene, [scene.cast.hop('child')]);
      await scene.advance(LEASE_MS);
      const { wakeUps } = await scene.sweep();
      expect(wakeUps).toMatchObject([{ node: scene.cast.ref('child'), epoch: 1 }]);
      expect(await scene.node('child')).toMatchObject({ state: 'pending', crashes: 1, attempts: 0 });
    });
  });
}

async function handOver(scene: Scene, children: readonly NodeSeed[]) {
  return scene.commit(await scene.take('a'), children, { handOver: HAND_OVER });
}
