import { describe, expect, it } from 'vitest';
import type { OpenCoordinator } from '../scene/harness.ts';
import { LEASE_MS, openScene, type Scene } from '../scene/scene.ts';

const ALL = { hops: 500, requests: 500 };

export function describeWindows(open: OpenCoordinator): void {
  const small: OpenCoordinator = () => open({ hopWindow: 4, requestWindow: 2 });
  const hops = (scene: Scene, count: number, phase = 0) =>
    Array.from({ length: count }, (_, at) => scene.cast.hop(`h${at}`, { phase }));
  const requests = (scene: Scene, count: number) =>
    Array.from({ length: count }, (_, at) => scene.cast.request(`r${at}`));
  const fill = (scene: Scene, phase = 0) =>
    scene.coordinator.windowFill({ runId: scene.runId, moduleId: 'm', phase, ...ALL });
  const names = (scene: Scene, wakeUps: readonly { readonly node: { readonly id: string } }[]) =>
    wakeUps.map(({ node }) => node.id.slice(scene.runId.length + 1));

  describe('windows', () => {
    it('I12: a commit wakes no more children than the window has room for; the others stand ready', async () => {
      const scene = await openScene(small);
      const { wakeUps, toFill } = await scene.finish('a', hops(scene, 6));
      // The parent is inside until the commit is done.
      expect(names(scene, wakeUps)).toEqual(['h0', 'h1', 'h2']);
      expect(toFill).toBeUndefined();
      expect(await scene.phase(0)).toMatchObject({ open: 6, inside: { hop: 3 }, ready: { hop: 3 } });
    });

    it('a ready node is not due, however long it stands so', async () => {
      const scene = await openScene(small);
      await scene.finish('a', hops(scene, 6));
      await scene.advance(3_600_000 * 24);
      const { wakeUps } = await scene.sweep();
      expect(names(scene, wakeUps).sort()).toEqual(['h0', 'h1', 'h2']);
    });

    it('a commit that leaves half of the window or less names the phase to fill, and the first created enter', async () => {
      const scene = await openScene(small);
      await scene.finish('a', hops(scene, 8));
      const { toFill } = await scene.finish('h0');
      expect(toFill).toBe(0);
      const filled = await fill(scene);
      expect(names(scene, filled.wakeUps)).toEqual(['h3', 'h4']);
      expect(filled.toFill).toBeUndefined();
      expect(await scene.phase(0)).toMatchObject({ inside: { hop: 4 }, ready: { hop: 3 } });
      expect((await fill(scene)).wakeUps).toEqual([]);
    });

    it('fills no more than the caller can send, and says that there is room left', async () => {
      const scene = await openScene(small);
      await scene.finish('a', hops(scene, 8));
      for (const name of ['h0', 'h1', 'h2']) await scene.finish(name);
      const filled = await scene.coordinator.windowFill({
        runId: scene.runId,
        moduleId: 'm',
        phase: 0,
        hops: 1,
        requests: 0,
      });
      expect(names(scene, filled.wakeUps)).toEqual(['h3']);
      expect(filled.toFill).toBe(0);
    });

    it('the sweeper fills a window that its committer did not', async () => {
      const scene = await openScene(small);
      await scene.finish('a', hops(scene, 8));
      await scene.finish('h0');
      expect(names(scene, (await scene.sweep()).wakeUps)).toEqual(['h3', 'h4']);
    });

    it('hops and requests have a window each', async () => {
      const scene = await openScene(small);
      await scene.finish('a', [...hops(scene, 5), ...requests(scene, 5)]);
      expect(await scene.phase(0)).toMatchObject({
        inside: { hop: 3, request: 2 },
        ready: { hop: 2, request: 3 },
      });
      await scene.finish('r0');
      expect(names(scene, (await fill(scene)).wakeUps)).toEqual(['r2']);
    });

    it('a node that waits for its decision is inside, one that waits for its retry is not', async () => {
      const scene = await openScene(small);
      await scene.finish('a', hops(scene, 6));
      await scene.fail('h0');
      expect(await scene.phase(0)).toMatchObject({ inside: { hop: 3 } });
      await scene.decide('h0', { retryDelayMs: 5_000 });
      expect(await scene.phase(0)).toMatchObject({ inside: { hop: 2 }, ready: { hop: 3 } });
    });

    it('a retry whose time comes while the window is full stands ready, before what was created later', async () => {
      const scene = await openScene(small);
      await scene.finish('a', hops(scene, 8));
      await scene.fail('h0');
      await scene.decide('h0', { retryDelayMs: 5_000 });
      await fill(scene);
      await scene.advance(5_000);
      expect((await scene.sweep()).wakeUps).toEqual([]);
      expect(await scene.node('h0')).toMatchObject({ state: 'pending', epoch: 1 });
      for (const name of ['h1', 'h2']) await scene.finish(name);
      expect(names(scene, (await fill(scene)).wakeUps)).toEqual(['h0', 'h5']);
    });

    it('a node that lost its lease keeps its place', async () => {
      const scene = await openScene(small);
      await scene.finish('a', hops(scene, 6));
      await scene.take('h0');
      await scene.advance(LEASE_MS);
      await scene.sweep();
      expect(await scene.node('h0')).toMatchObject({ state: 'pending', crashes: 1 });
      expect(await scene.phase(0)).toMatchObject({ inside: { hop: 3 }, ready: { hop: 3 } });
    });

    it('a late message may claim a ready node: it is inside then', async () => {
      const scene = await openScene(small);
      await scene.finish('a', hops(scene, 6));
      await scene.take('h5');
      expect(await scene.phase(0)).toMatchObject({ inside: { hop: 4 }, ready: { hop: 2 } });
      await scene.coordinator.commitSuccess({
        ...{ node: scene.cast.ref('h5'), token: (await scene.node('h5')).token },
        ...{ children: [], staged: 0, wakeUps: 0 },
      });
      expect(await scene.phase(0)).toMatchObject({ inside: { hop: 3 }, ready: { hop: 2 } });
    });

    it('what a later phase holds stands ready, and enters when the phase opens', async () => {
      const scene = await openScene(small, { phases: [{}, {}] });
      await scene.finish('a', [scene.cast.hop('b'), ...hops(scene, 3, 1)]);
      expect(await scene.phase(1)).toMatchObject({ inside: { hop: 0 }, ready: { hop: 3 } });
      expect((await fill(scene, 1)).wakeUps).toEqual([]);
      const { toFill } = await scene.finish('b');
      expect(toFill).toBe(1);
      expect(names(scene, (await fill(scene, 1)).wakeUps)).toEqual(['h0', 'h1', 'h2']);
    });

    it('nothing enters the window of a paused, cancelled or unknown run, and all of it after a resume', async () => {
      const scene = await openScene(small);
      await scene.finish('a', hops(scene, 8));
      for (const name of ['h0', 'h1']) await scene.finish(name);
      await scene.coordinator.runControl({ runId: scene.runId, action: 'pause' });
      expect(await fill(scene)).toEqual({ wakeUps: [] });
      await scene.coordinator.runControl({ runId: scene.runId, action: 'resume' });
      expect(names(scene, (await scene.sweep()).wakeUps)).toEqual(expect.arrayContaining(['h3', 'h4', 'h5']));
      await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
      expect(await fill(scene)).toEqual({ wakeUps: [] });
      expect(await scene.coordinator.windowFill({ runId: 'nobody', moduleId: 'm', phase: 0, ...ALL })).toEqual({
        wakeUps: [],
      });
    });

    it('a deadline ends ready nodes too', async () => {
      const scene = await openScene(small, { phases: [{ deadlineInMs: 1_000 }] });
      await scene.finish('a', hops(scene, 8));
      await scene.advance(1_000);
      await scene.sweep({ settles: false });
      expect(await scene.phase(0)).toMatchObject({ dead: 8, open: 0, inside: { hop: 0 }, ready: { hop: 0 } });
    });

    it('the modules of a run share its window, and each has a small one at least', async () => {
      const scene = await openScene(
        () => open({ hopWindow: 40, requestWindow: 40 }),
        { moduleId: 'm' },
        { moduleId: 'n', first: ['b'] },
      );
      await scene.finish('a', hops(scene, 30));
      expect(await scene.phase(0)).toMatchObject({ inside: { hop: 19 }, ready: { hop: 11 } });
    });

    it('every ready node enters after a bounded number of commits, whatever the order of their ends', async () => {
      const scene = await openScene(small);
      await scene.finish('a', hops(scene, 40));
      const woken = ['h0', 'h1', 'h2'];
      let commits = 0;
      while (woken.length > 0) {
        const name = woken.pop()!;
        const { toFill } = await scene.finish(name);
        commits += 1;
        if (toFill !== undefined) woken.push(...names(scene, (await fill(scene, toFill)).wakeUps));
      }
      expect(commits).toBe(40);
      expect(await scene.phase(0)).toMatchObject({ done: 41, open: 0 });
    });
  });
}
