/** A step is told of with its first hop: once, whoever brings that hop into being, and however many follow. */
import { describe, expect, it } from 'vitest';
import { EVENTS } from '../../../../libs/contracts/events.ts';
import { CommitCode, MAX_CHILDREN, PumpCode } from '../../../../libs/coordination/protocol/commits.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { heldBy, LEASE_MS, openScene, type Scene } from '../scene/scene.ts';
import { timeline } from './timeline.ts';

const PRODUCED = EVENTS.ParserTaskProduced.type;

/** What may end the last node of a phase, and so open the next one. */
const LAST_ENDS: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  'a commit': (scene) => scene.finish('a'),
  'a decision': (scene) => scene.kill('a'),
  'a deadline': ({ coordinator, runId }) => coordinator.phaseClose({ runId, moduleId: 'm', phase: 0 }),
  async 'a crash'(scene) {
    await scene.take('a');
    await scene.advance(LEASE_MS);
    await scene.sweep({ crashBudget: 1 });
  },
};

export function describeStepEvents(open: OpenCoordinator): void {
  describe('a step is told of', () => {
    it('with its first hop, and not again with the others', async () => {
      const scene = await openScene(open, { first: ['a', 'b', 'c'] });
      expect(await toldSteps(scene)).toEqual([0]);
      const { cast } = scene;
      const hops = [cast.hop('h1', { stepIdx: 2 }), cast.hop('h2', { stepIdx: 2 }), cast.hop('h3', { stepIdx: 1 })];
      await scene.finish('a', hops);
      expect(await toldSteps(scene)).toEqual([0, 2, 1]);
      await scene.finish('b', [cast.hop('h4', { stepIdx: 1 }), cast.hop('h5', { stepIdx: 12 })]);
      await scene.finish('c', [cast.hop('h6', { stepIdx: 2 })]);
      await scene.finish('h5', [cast.hop('h7', { stepIdx: 12 })]);
      expect(await toldSteps(scene)).toEqual([0, 2, 1, 12]);
    });

    it('under an id of its own, behind the advance of the step that yields it', async () => {
      const scene = await openScene(open);
      await scene.finish('a', [scene.cast.hop('h', { stepIdx: 1 })]);
      const [advanced, produced, ...more] = (await timeline(scene)).slice(2);
      expect(advanced).toMatchObject({ type: EVENTS.ModuleStepAdvanced.type, data: { moduleId: 'm', stepIdx: 0 } });
      expect(produced).toMatchObject({
        id: `${scene.runId}:m:1:0:${PRODUCED}`,
        type: PRODUCED,
        atMs: scene.harness.now(),
        data: { moduleId: 'm', stepIdx: 1 },
      });
      expect(more).toEqual([]);
    });

    it('in each module by itself', async () => {
      const scene = await openScene(open, {}, { moduleId: 'n', first: ['x'] });
      await scene.finish('a', [scene.cast.hop('h', { stepIdx: 3 })]);
      await scene.finish('x', [scene.cast.hop('i', { moduleId: 'n', stepIdx: 3 })]);
      expect(await toldSteps(scene, 'm')).toEqual([0, 3]);
      expect(await toldSteps(scene, 'n')).toEqual([0, 3]);
    });

    it('by a hop, not by a request, and not by a hop that stands in no step', async () => {
      const scene = await openScene(open);
      await scene.finish('a', [scene.cast.request('r', { stepIdx: 4 }), scene.cast.hop('start', { stepIdx: -1 })]);
      expect(await toldSteps(scene)).toEqual([0]);
      await scene.finish('r', [scene.cast.hop('h', { stepIdx: 4 })]);
      expect(await toldSteps(scene)).toEqual([0, 4]);
    });

    it('when its first hop is handed over, or held for a later phase', async () => {
      const scene = await openScene(open, { first: ['a', 'b', 'c'], phases: [{}, {}] });
      const handOver = { owner: 'next', leaseMs: LEASE_MS };
      const outcome = await scene.commit(await scene.take('a'), [scene.cast.hop('h', { stepIdx: 1 })], { handOver });
      expect(outcome.next).toMatchObject({ owner: 'next' });
      await scene.finish('b', [scene.cast.hop('later', { phase: 1, stepIdx: 5 })]);
      expect(await toldSteps(scene)).toEqual([0, 1, 5]);
    });

    it('when its first hop moves, not when it is staged, and not with the next batch', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      const holder = await scene.take('a');
      const hops = Array.from({ length: MAX_CHILDREN + 1 }, (_, at) => scene.cast.hop(`h${at}`, { stepIdx: 1 }));
      await scene.coordinator.stageChildren({ ...heldBy(holder), children: hops.slice(1) });
      await scene.coordinator.stageChildren({ ...heldBy(holder), children: hops.slice(0, 1) });
      await scene.commit(holder, [], { staged: hops.length });
      expect(await toldSteps(scene)).toEqual([0]);
      for (const more of [true, false]) {
        const pumped = await scene.coordinator.childrenPump({ node: scene.cast.ref('a'), wakeUps: 0 });
        expect(pumped).toMatchObject({ code: PumpCode.MOVED, more });
        expect(await toldSteps(scene)).toEqual([0, 1]);
      }
    });

    it.each(Object.entries(LAST_ENDS))('with the hop that opens a phase, when %s opens it', async (_, end) => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join' }] });
      expect(await toldSteps(scene)).toEqual([0]);
      await end(scene);
      expect(await scene.exists('join')).toBe(true);
      expect(await toldSteps(scene)).toEqual([0, 1]);
    });
  });

  describe('a step is not told of', () => {
    it('by a call that is sent again, or by a hop that was there', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      const holder = await scene.take('a');
      const hop = scene.cast.hop('h', { stepIdx: 1 });
      await scene.commit(holder, [hop]);
      expect((await scene.commit(holder, [hop])).code).toBe(CommitCode.ALREADY_COMMITTED);
      await scene.finish('b', [{ ...hop, stepIdx: 2 }]);
      expect(await toldSteps(scene)).toEqual([0, 1]);
    });

    it('by a commit that is refused', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await scene.commit({ ...holder, token: 'made up' }, [scene.cast.hop('h', { stepIdx: 1 })]);
      expect(await toldSteps(scene)).toEqual([0]);
    });

    it('again when a hop that was superseded lives again', async () => {
      const scene = await openScene(open);
      await scene.finish('a', [scene.cast.request('r')]);
      const hop = scene.cast.hop('h', { prefix: 'r', stepIdx: 1 });
      await scene.finish('r', [hop]);
      await scene.fail('h');
      await scene.decide('h', { fallback: { request: scene.cast.ref('r') } });
      expect(await scene.finish('r', [hop])).toMatchObject({ created: 1 });
      expect((await scene.node('h')).epoch).toBe(1);
      expect(await toldSteps(scene)).toEqual([0, 1]);
    });

    it('again by a replay, nor by the openers of the phases that it opens again', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      await scene.finish('a');
      await scene.kill('b');
      await scene.finish('join');
      await scene.sweep();
      await scene.coordinator.replay({ node: scene.cast.ref('b'), rejoin: true });
      await scene.finish('b', [scene.cast.hop('h', { stepIdx: 0 })]);
      await scene.finish('h');
      expect((await scene.node('join')).epoch).toBe(1);
      expect(await toldSteps(scene)).toEqual([0, 1]);
    });
  });
}

/** Positions of the module's steps, in the order in which they were told of. */
async function toldSteps(scene: Scene, moduleId = 'm'): Promise<unknown[]> {
  const events = (await timeline(scene)).filter((event) => event.type === PRODUCED);
  return events.filter(({ data }) => data.moduleId === moduleId).map(({ data }) => data.stepIdx);
}
