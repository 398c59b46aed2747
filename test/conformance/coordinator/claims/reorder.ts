import { describe, expect, it } from 'vitest';
import { ClaimCode, ReorderCode } from '../../../../libs/coordination/protocol/claims.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { openScene, type Scene } from '../scene/scene.ts';

export function describeReorder(open: OpenCoordinator): void {
  describe('a response that came before its node', () => {
    it('ENQUEUED is kept, and handed out by the commit that creates the node', async () => {
      const scene = await openScene(open);
      const request = scene.cast.request('early');
      expect((await scene.claim('early')).code).toBe(ClaimCode.OUT_OF_ORDER);
      expect(await enqueue(scene, 'early', 'the response')).toBe(ReorderCode.ENQUEUED);
      expect(await scene.exists('early')).toBe(false);
      const { released } = await scene.finish('a', [request, scene.cast.request('other')]);
      expect(released).toEqual([{ node: scene.cast.ref('early'), response: 'the response' }]);
      expect((await scene.claim('early', { stage: 'parser' })).code).toBe(ClaimCode.EXECUTE);
    });

    it('DUPLICATE_BUFFERED the second time: the first response stands', async () => {
      const scene = await openScene(open);
      const request = scene.cast.request('early');
      await enqueue(scene, 'early', 'first');
      expect(await enqueue(scene, 'early', 'second')).toBe(ReorderCode.DUPLICATE_BUFFERED);
      const { released } = await scene.finish('a', [request]);
      expect(released).toMatchObject([{ response: 'first' }]);
    });

    it('is handed out by the pump that moves a staged node', async () => {
      const scene = await openScene(open);
      const children = [scene.cast.request('early')];
      await enqueue(scene, 'early', 'the response');
      const holder = await scene.take('a');
      await scene.coordinator.stageChildren({ node: scene.cast.ref('a'), token: holder.token, children });
      const committed = await scene.commit(holder, [], { staged: 1 });
      const pumped = await scene.coordinator.childrenPump({ node: scene.cast.ref('a'), wakeUps: 1 });
      expect([...committed.released, ...pumped.released]).toMatchObject([{ response: 'the response' }]);
    });

    it('is counted while it waits', async () => {
      const scene = await openScene(open);
      const counted = () => scene.harness.coordinator.bufferedResponses();
      const request = scene.cast.request('early');
      expect(await counted()).toBe(0);
      await enqueue(scene, 'early', 'first');
      await enqueue(scene, 'early', 'second');
      expect(await counted()).toBe(1);
      await scene.finish('a', [request]);
      expect(await counted()).toBe(0);
    });

    it('is handed out once', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      const request = scene.cast.request('early');
      await enqueue(scene, 'early', 'the response');
      expect((await scene.finish('a', [request])).released).toHaveLength(1);
      expect((await scene.finish('b', [request])).released).toEqual([]);
    });

    it('makes no node by itself: a run closes with a response that nobody asked for', async () => {
      const scene = await openScene(open);
      scene.cast.request('never');
      await enqueue(scene, 'never', 'the response');
      await scene.finish('a');
      await scene.sweep();
      expect(await scene.run()).toMatchObject({ state: 'closed' });
    });
  });
}

async function enqueue(scene: Scene, name: string, response: string) {
  return (await scene.coordinator.reorderEnqueue({ node: scene.cast.ref(name), epoch: 0, response })).code;
}
