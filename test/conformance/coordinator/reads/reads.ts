import { describe, expect, it } from 'vitest';
import type { OpenCoordinator } from '../scene/harness.ts';
import { heldBy, openScene } from '../scene/scene.ts';

export function describeReads(open: OpenCoordinator): void {
  describe('reading', () => {
    it('lists the nodes of a run page by page, each once', async () => {
      const names = Array.from({ length: 7 }, (_, index) => `a${index}`);
      const scene = await openScene(open, { first: names }, { moduleId: 'n', first: ['x', 'y'] });
      const seen: string[] = [];
      for (let page = 0; page < 5; page++) {
        const after = seen.at(-1);
        const filter = { runId: scene.runId, limit: 2, ...(after === undefined ? {} : { after }) };
        const nodes = await scene.coordinator.listNodes(filter);
        expect(nodes).toHaveLength(page < 4 ? 2 : 1);
        seen.push(...nodes.map((node) => node.id));
      }
      expect(seen.sort()).toEqual([...names, 'x', 'y'].map((name) => scene.cast.ref(name).id).sort());
    });

    it('filters by state and by the reason of a death', async () => {
      const scene = await openScene(open, { first: ['a', 'b', 'c', 'd'] });
      await scene.finish('a');
      await scene.kill('b');
      await scene.take('c');
      const ids = async (filter: object) => {
        const nodes = await scene.coordinator.listNodes({ runId: scene.runId, limit: 10, ...filter });
        return nodes.map((node) => node.id);
      };
      expect(await ids({ state: 'done' })).toEqual([scene.cast.ref('a').id]);
      expect(await ids({ state: 'dead', deathReason: 'failed' })).toEqual([scene.cast.ref('b').id]);
      expect(await ids({ deathReason: 'crashed' })).toEqual([]);
      expect(await ids({ state: 'processing' })).toEqual([scene.cast.ref('c').id]);
    });

    it('lists the open nodes of each phase that are due first, and none that ended or stand ready', async () => {
      const scene = await openScene(open, { first: ['a', 'b', 'c', 'd', 'e'] });
      await scene.finish('a');
      await scene.kill('b');
      await scene.take('c');
      const ids = async (limit: number) =>
        (await scene.coordinator.listDue({ runId: scene.runId, limit })).map((node) => node.id).sort();
      const idsOf = (...names: string[]) => names.map((name) => scene.cast.ref(name).id).sort();
      expect(await ids(10)).toEqual(idsOf('c', 'd', 'e'));
      const two = await ids(2);
      expect(two).toHaveLength(2);
      expect(idsOf('c', 'd', 'e')).toEqual(expect.arrayContaining(two));
    });

    it('knows nothing of what does not exist', async () => {
      const scene = await openScene(open);
      expect(await scene.coordinator.findRun('run-unknown')).toBeUndefined();
      expect(await scene.coordinator.listNodes({ runId: 'run-unknown', limit: 10 })).toEqual([]);
      expect(await scene.coordinator.listDue({ runId: 'run-unknown', limit: 10 })).toEqual([]);
      scene.cast.hop('nobody');
      expect(await scene.exists('nobody')).toBe(false);
    });

    it('keeps a body as it was given, whatever is in it', async () => {
      const body = JSON.stringify({ text: 'ä 中 \u0000 \u{1f600} \' " \\ \n', long: 'x'.repeat(100_000) });
      const scene = await openScene(open);
      await scene.finish('a', [scene.cast.hop('child', { body })]);
      expect((await scene.node('child')).body).toBe(body);
      const holder = await scene.take('child');
      const error = JSON.stringify({ code: 'x', message: body });
      await scene.coordinator.commitError({ ...heldBy(holder), error });
      expect((await scene.node('child')).error).toBe(error);
    });
  });
}
