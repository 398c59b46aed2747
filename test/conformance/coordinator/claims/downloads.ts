import { describe, expect, it } from 'vitest';
import { ClaimCode, ReleaseCode } from '../../../../libs/coordination/protocol/claims.ts';
import { CommitCode } from '../../../../libs/coordination/protocol/commits.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { heldBy, LEASE_MS, openScene, type Scene } from '../scene/scene.ts';

export function describeDownloads(open: OpenCoordinator): void {
  describe('release', () => {
    it('RELEASED ends the lease and waits for the parser, without counting an execution twice', async () => {
      const scene = await requestScene(open);
      const holder = await scene.take('r', { stage: 'downloader' });
      expect(await scene.coordinator.release(heldBy(holder))).toBe(ReleaseCode.RELEASED);
      const dueAtMs = scene.harness.now() + scene.harness.policy.responseGraceMs;
      expect(await scene.node('r')).toMatchObject({ state: 'fetched', attempts: 1, dueAtMs });
      expect((await scene.claim('r', { stage: 'downloader' })).code).toBe(ClaimCode.LOCKED_BY_OTHER);
      const parser = await scene.take('r', { stage: 'parser' });
      expect(parser).toMatchObject({ state: 'processing', attempts: 1 });
      expect(parser.token).not.toBe(holder.token);
      expect((await scene.commit(parser)).code).toBe(CommitCode.COMMIT_OK);
    });

    it('RELEASED again for a repeated call, until the parser took over', async () => {
      const scene = await requestScene(open);
      const holder = await scene.take('r', { stage: 'downloader' });
      await scene.coordinator.release(heldBy(holder));
      const once = await scene.node('r');
      expect(await scene.coordinator.release(heldBy(holder))).toBe(ReleaseCode.RELEASED);
      expect(await scene.node('r')).toEqual(once);
      await scene.take('r');
      expect(await scene.coordinator.release(heldBy(holder))).toBe(ReleaseCode.FENCING_REJECT);
    });

    it('FENCING_REJECT for another token', async () => {
      const scene = await requestScene(open);
      const holder = await scene.take('r', { stage: 'downloader' });
      const code = await scene.coordinator.release({ ...heldBy(holder), token: 'other' });
      expect(code).toBe(ReleaseCode.FENCING_REJECT);
      expect((await scene.node('r')).state).toBe('processing');
    });

    it('a parser in the downloader’s process keeps the lease: claim and commit are all it takes', async () => {
      const scene = await requestScene(open);
      const holder = await scene.take('r', { stage: 'downloader' });
      expect((await scene.commit(holder)).code).toBe(CommitCode.COMMIT_OK);
      expect(await scene.node('r')).toMatchObject({ state: 'done', committedToken: holder.token });
    });

    it('a parser that already holds the response takes a pending request, as a new attempt', async () => {
      const scene = await requestScene(open);
      expect(await scene.take('r', { stage: 'parser' })).toMatchObject({ attempts: 1 });
    });
  });

  describe('F12: the downloader asks', () => {
    it('F12: a download that nobody parsed in time stays fetched: its response may still wait', async () => {
      const scene = await requestScene(open);
      const holder = await scene.take('r', { stage: 'downloader' });
      await scene.coordinator.release(heldBy(holder));
      for (let look = 0; look < 2; look++) {
        await scene.advance(scene.harness.policy.responseGraceMs);
        expect(await scene.due()).toEqual([{ kind: 'recover', node: scene.cast.ref('r'), isFetched: true }]);
        expect(await scene.due()).toEqual([]);
        expect(await scene.node('r')).toMatchObject({ state: 'fetched', attempts: 1, token: holder.token });
      }
      expect(await scene.take('r', { stage: 'parser' })).toMatchObject({ attempts: 1 });
    });

    it('F12: a download whose response is lost is made again, its attempt given back', async () => {
      const scene = await requestScene(open);
      const holder = await scene.take('r', { stage: 'downloader' });
      await scene.coordinator.release(heldBy(holder));
      await scene.advance(scene.harness.policy.responseGraceMs);
      const { wakeUps } = await scene.sweep();
      expect(wakeUps).toMatchObject([{ kind: 'request', node: scene.cast.ref('r') }]);
      expect(await scene.node('r')).toMatchObject({ state: 'pending', attempts: 0, crashes: 0, epoch: 0 });
      expect((await scene.take('r', { stage: 'downloader' })).attempts).toBe(1);
    });

    it('F12: a downloader that waits to pass its response on puts the look for it off', async () => {
      const scene = await requestScene(open);
      const { responseGraceMs } = scene.harness.policy;
      const holder = await scene.take('r', { stage: 'downloader' });
      await scene.coordinator.release(heldBy(holder));
      await scene.advance(responseGraceMs - 1);
      expect(await scene.coordinator.release(heldBy(holder))).toBe(ReleaseCode.RELEASED);
      await scene.advance(responseGraceMs - 1);
      expect(await scene.due()).toEqual([]);
      await scene.advance(1);
      expect(await scene.due()).toMatchObject([{ isFetched: true }]);
    });

    it('F12: a request that kills its downloaders spends its crash budget and dies', async () => {
      const scene = await requestScene(open);
      for (let crash = 0; crash < 3; crash++) {
        await scene.take('r', { stage: 'downloader' });
        await scene.advance(LEASE_MS);
        await scene.sweep({ crashBudget: 3 });
      }
      expect(await scene.node('r')).toMatchObject({ state: 'dead', deathReason: 'crashed', crashes: 3 });
    });

    it('F12: nothing is downloaded for a paused, a cancelled or an ended run', async () => {
      const scene = await requestScene(open);
      const download = async () => (await scene.claim('r', { stage: 'downloader' })).code;
      await scene.coordinator.runControl({ runId: scene.runId, action: 'pause' });
      expect(await download()).toBe(ClaimCode.PAUSED);
      await scene.coordinator.runControl({ runId: scene.runId, action: 'resume' });
      await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
      expect(await download()).toBe(ClaimCode.TERMINATED);
      await scene.sweep();
      expect(await download()).toBe(ClaimCode.RUN_CLOSED);
    });
  });
}

/** A run whose hop `a` has made the request `r`. */
async function requestScene(open: OpenCoordinator): Promise<Scene> {
  const scene = await openScene(open);
  await scene.finish('a', [scene.cast.request('r')]);
  return scene;
}
