/** The caps of a run: what counts toward them, and what they leave out. */
import { describe, expect, it } from 'vitest';
import { ClaimCode } from '../../../../libs/coordination/protocol/claims.ts';
import { CommitCode } from '../../../../libs/coordination/protocol/commits.ts';
import { ReplayCode } from '../../../../libs/coordination/protocol/errors.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import type { ModuleShape } from '../scene/plan.ts';
import { HOUR_MS, heldBy, LEASE_MS, openCapped, openScene } from '../scene/scene.ts';

/** Step 0 makes requests; a later phase is computed. */
const CRAWL: ModuleShape = { first: ['a', 'b', 'c'], phases: [{}, { opener: 'report' }], fetchSteps: [0] };
const used = (items: number, bytes = 0, tooDeep = 0) => ({ usage: { items, bytes, tooDeep } });

export function describeCaps(open: OpenCoordinator): void {
  describe('caps', () => {
    it('a run without caps counts nothing and leaves nothing out', async () => {
      const scene = await openScene(open, CRAWL);
      await scene.commit(await scene.take('a'), [scene.cast.request('r')], used(3, 10));
      expect((await scene.run()).capUse).toBeUndefined();
      expect(await scene.phase(0)).not.toHaveProperty('leftOut');
    });

    it('exactly so many requests come into being; a hop of which nothing is left is left out, and is no failure', async () => {
      const scene = await openCapped(
        open,
        { pages: 3 },
        { ...CRAWL, phases: [{ join: { kind: 'failFast' } }, { opener: 'report' }] },
      );
      await scene.finish('a', [scene.cast.request('r1'), scene.cast.request('r2')]);
      const half = await scene.finish('b', [scene.cast.request('r3'), scene.cast.request('r4')]);
      expect(half).toMatchObject({ created: 1, leftOut: 1, gateLost: 0 });
      expect(await scene.node('b')).toMatchObject({ state: 'done' });
      expect((await scene.run()).capUse).toMatchObject({ pages: 3, reached: ['pages'], leftOut: 1 });
      // The hop that waits would make requests only: nobody executes it.
      expect((await scene.claim('c')).code).toBe(ClaimCode.TERMINATED);
      await scene.sweep();
      expect(await scene.node('c')).toMatchObject({ state: 'dead', deathReason: 'left_out' });
      for (const name of ['r1', 'r2', 'r3']) await scene.finish(name);
      // The join holds, and the compute hop of the next phase is executed.
      expect(await scene.phase(0)).toMatchObject({ created: 6, done: 5, dead: 0, leftOut: 1, closed: 'settled' });
      await scene.finish('report');
      await scene.sweep();
      expect(await scene.run()).toMatchObject({ state: 'closed', mark: '', capUse: { leftOut: 2 } });
      expect((await scene.coordinator.runAudit({ runId: scene.runId })).drift).toEqual([]);
    });

    it('a hop all of whose requests are beyond the cap ends as left out, and its commit sent again answers so', async () => {
      const scene = await openCapped(open, { pages: 1 }, CRAWL);
      const [a, b] = [await scene.take('a'), await scene.take('b')];
      await scene.commit(a, [scene.cast.request('r1')]);
      const children = [scene.cast.request('r2'), scene.cast.request('r3')];
      expect(await scene.commit(b, children)).toMatchObject({ code: CommitCode.COMMIT_OK, created: 0, leftOut: 2 });
      expect(await scene.node('b')).toMatchObject({ state: 'dead', deathReason: 'left_out' });
      expect(await scene.commit(b, children)).toMatchObject({ code: CommitCode.ALREADY_COMMITTED, releasing: false });
      expect((await scene.run()).capUse).toMatchObject({ pages: 1, leftOut: 2 });
    });

    it('a request that exists is not counted again, and a cap that is met exactly is not reached', async () => {
      const scene = await openCapped(open, { pages: 1 }, { ...CRAWL, first: ['a', 'b'] });
      await scene.finish('a', [scene.cast.request('r')]);
      expect(await scene.finish('b', [scene.cast.request('r')])).toMatchObject({ gateLost: 1, leftOut: 0 });
      expect((await scene.run()).capUse).toMatchObject({ pages: 1, reached: [], leftOut: 0 });
    });

    it('requests that are staged are capped as they are moved', async () => {
      const scene = await openCapped(open, { pages: 2 }, { ...CRAWL, first: ['a'] });
      const holder = await scene.take('a');
      const children = ['r1', 'r2', 'r3', 'r4'].map((name) => scene.cast.request(name));
      await scene.coordinator.stageChildren({ ...heldBy(holder), children });
      await scene.commit(holder, [], { staged: 4 });
      const pumped = await scene.coordinator.childrenPump({ node: heldBy(holder).node, wakeUps: 500 });
      expect(pumped).toMatchObject({ created: 2, leftOut: 2, more: false });
      expect((await scene.run()).capUse).toMatchObject({ pages: 2, leftOut: 2, reached: ['pages'] });
    });

    it('with enough items nothing is begun any more, what is under way may commit, and later phases close', async () => {
      const scene = await openCapped(open, { items: 5 }, CRAWL);
      const [a, b] = [await scene.take('a'), await scene.take('b')];
      const outcome = await scene.commit(a, [scene.cast.request('r'), scene.cast.hop('next')], used(5));
      expect(outcome).toMatchObject({ created: 0, leftOut: 2, items: 5 });
      expect(await scene.exists('r')).toBe(false);
      expect((await scene.claim('c')).code).toBe(ClaimCode.TERMINATED);
      await scene.sweep();
      expect(await scene.node('c')).toMatchObject({ deathReason: 'left_out' });
      expect(await scene.node('b')).toMatchObject({ state: 'processing' });
      expect((await scene.commit(b, [], used(2))).code).toBe(CommitCode.COMMIT_OK);
      expect(await scene.exists('report')).toBe(false);
      await scene.sweep();
      expect(await scene.run()).toMatchObject({ state: 'closed', capUse: { items: 7, reached: ['items'] } });
    });

    it('with enough bytes no request is begun any more; what is downloaded is parsed, and compute hops go on', async () => {
      const scene = await openCapped(open, { bytes: 100 }, { ...CRAWL, first: ['a'] });
      await scene.finish(
        'a',
        ['r1', 'r2', 'r3'].map((name) => scene.cast.request(name)),
      );
      const fetched = await scene.take('r2', { stage: 'downloader' });
      await scene.coordinator.release(heldBy(fetched));
      await scene.commit(await scene.take('r1'), [scene.cast.hop('more', { stepIdx: 0 })], used(0, 120));
      expect((await scene.run()).capUse).toMatchObject({ bytes: 120, reached: ['bytes'], leftOut: 1 });
      expect((await scene.claim('r3')).code).toBe(ClaimCode.TERMINATED);
      await scene.sweep();
      expect(await scene.node('r3')).toMatchObject({ deathReason: 'left_out' });
      await scene.commit(await scene.take('r2', { stage: 'parser' }), [], used(1, 30));
      await scene.finish('report');
      await scene.sweep();
      expect(await scene.run()).toMatchObject({ state: 'closed', capUse: { bytes: 150, items: 1, leftOut: 2 } });
    });

    it('hops that are too deep are counted as their commit says, and end nothing', async () => {
      const scene = await openCapped(open, { depth: 2 }, { ...CRAWL, first: ['a', 'b'] });
      await scene.commit(await scene.take('a'), [], used(0, 0, 3));
      expect((await scene.run()).capUse).toMatchObject({ caps: { depth: 2 }, leftOut: 3, reached: ['depth'] });
      expect(await scene.take('b')).toMatchObject({ state: 'processing' });
    });

    it('a lease that runs out at a cap is not executed again', async () => {
      const scene = await openCapped(open, { items: 1 }, { ...CRAWL, first: ['a', 'b'] });
      const [a] = [await scene.take('a'), await scene.take('b')];
      await scene.commit(a, [], used(1));
      await scene.advance(LEASE_MS);
      await scene.sweep();
      await scene.advance(HOUR_MS);
      await scene.sweep();
      expect(await scene.node('b')).toMatchObject({ state: 'dead', deathReason: 'left_out' });
      expect(await scene.run()).toMatchObject({ state: 'closed' });
    });

    it('a commit of a later epoch counts its items instead of those before', async () => {
      const scene = await openCapped(
        open,
        { items: 10 },
        { first: ['a'], phases: [{}, { opener: 'join' }], earlyInMs: 10 },
      );
      await scene.advance(10);
      await scene.sweep();
      await scene.commit(await scene.take('join'), [], used(4));
      await scene.finish('a');
      await scene.commit(await scene.take('join'), [], used(6));
      expect((await scene.run()).capUse).toMatchObject({ items: 6, reached: [] });
    });

    it('a node that is replayed by hand goes beyond the cap', async () => {
      const scene = await openCapped(open, { items: 1 }, { ...CRAWL, first: ['a', 'b'], phases: [{}] });
      await scene.commit(await scene.take('a'), [], used(1));
      await scene.sweep();
      expect(await scene.run()).toMatchObject({ state: 'closed' });
      const { code } = await scene.coordinator.replay({ node: scene.cast.ref('b'), rejoin: false });
      expect(code).toBe(ReplayCode.REPLAYED);
      expect(await scene.phase(0)).not.toHaveProperty('leftOut');
      await scene.commit(await scene.take('b'), [scene.cast.request('r')], used(2));
      await scene.finish('r');
      await scene.sweep();
      expect(await scene.run()).toMatchObject({ state: 'closed', capUse: { items: 3, pages: 1 } });
      expect((await scene.coordinator.runAudit({ runId: scene.runId })).drift).toEqual([]);
    });

    it('a cap that one module reaches leaves out the nodes of the others', async () => {
      const others: ModuleShape = { moduleId: 'n', first: ['x'], fetchSteps: [0] };
      const scene = await openCapped(open, { items: 1 }, { first: ['a'], fetchSteps: [0] }, others);
      await scene.commit(await scene.take('a'), [], used(1));
      await scene.sweep();
      expect(await scene.node('x')).toMatchObject({ state: 'dead', deathReason: 'left_out' });
      expect(await scene.run()).toMatchObject({ state: 'closed' });
    });
  });
}
