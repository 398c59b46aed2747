import { describe, expect, it } from 'vitest';
import { ClaimCode } from '../../../../libs/coordination/protocol/claims.ts';
import { CommitCode } from '../../../../libs/coordination/protocol/commits.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { openScene, Scene } from '../scene/scene.ts';

export function describePurge(open: OpenCoordinator): void {
  describe('a purge', () => {
    it('forgets nothing of a run that is open or closing', async () => {
      const scene = await openScene(open);
      expect(await purge(scene)).toEqual({ deleted: 0, more: false });
      const holder = await scene.take('a');
      await scene.commit(holder);
      expect(await purge(scene)).toEqual({ deleted: 0, more: false });
      expect((await scene.run()).state).toBe('closing');
      expect((await scene.commit(holder)).code).toBe(CommitCode.ALREADY_COMMITTED);
    });

    it('I9: forgets a closed run in bounded batches, until nothing is left of it', async () => {
      const names = Array.from({ length: 25 }, (_, index) => `a${index}`);
      const scene = await closedScene(open, names);
      let deleted = 0;
      for (let more = true, calls = 0; more && calls < 10; calls++) {
        const batch = await purge(scene, 10);
        expect(batch.deleted).toBeLessThanOrEqual(10);
        deleted += batch.deleted;
        more = batch.more;
      }
      expect(deleted).toBe(25);
      const { coordinator } = scene.harness;
      expect(await coordinator.findRun(scene.runId)).toBeUndefined();
      expect(await coordinator.findNode(scene.cast.ref('a0'))).toBeUndefined();
      expect(await coordinator.listNodes({ runId: scene.runId, limit: 10 })).toEqual([]);
      expect(await coordinator.listEvents({ runId: scene.runId, afterSeq: 0, limit: 10 })).toEqual([]);
      expect(await purge(scene)).toEqual({ deleted: 0, more: false });
    });

    it('I9: a late message of a forgotten run executes nothing', async () => {
      const scene = await closedScene(open, ['a']);
      await purge(scene);
      expect((await scene.claim('a')).code).toBe(ClaimCode.RUN_CLOSED);
      expect(await scene.due()).toEqual([]);
    });

    it('leaves other runs alone', async () => {
      const scene = await closedScene(open, ['a']);
      const other = new Scene(scene.harness);
      await other.runOpen({ first: ['b'] });
      await purge(scene);
      expect(await other.node('b')).toMatchObject({ state: 'pending' });
      await other.finish('b');
      expect((await other.run()).state).toBe('closing');
    });
  });
}

async function closedScene(open: OpenCoordinator, names: readonly string[]): Promise<Scene> {
  const scene = await openScene(open, { first: names });
  await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
  await scene.sweep();
  expect((await scene.run()).state).toBe('closed');
  return scene;
}

/** Past the watcher: what it knows of the run is to be forgotten. */
function purge(scene: Scene, limit = 100) {
  return scene.harness.coordinator.runPurge({ runId: scene.runId, limit });
}
