/** What a store is. Every adapter passes this suite unchanged; what the coordinator would say of a node, the harness says. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DeadLetter, NewRun, Store, StoredEvent } from '../../libs/store/port.ts';
import { describeDeployment } from './store/deployment.ts';
import { END, letter, newRun, type OpenStore, records, rows, type StoreHarness, stream } from './store/harness.ts';
import { describeLetters } from './store/letters.ts';
import { describeSubmissions } from './store/submissions.ts';
import { describeTasks } from './store/tasks.ts';

export type { OpenStore, StoreHarness } from './store/harness.ts';

export function describeStore(name: string, openStore: OpenStore): void {
  const open = async (...runs: readonly NewRun[]): Promise<StoreHarness> => {
    const harness = await openStore();
    onTestFinished(() => harness.close());
    for (const run of runs) await harness.store.acceptRun(run);
    return harness;
  };
  const numbers = async ({ store }: StoreHarness, query: Partial<Parameters<Store['readItems']>[0]> = {}) => {
    const items = await store.readItems({ runId: 'r', afterSeq: 0, limit: 1_000, ...query });
    return items.map(({ data }) => (JSON.parse(data) as { n: number }).n);
  };

  describe(`${name} store: what is kept of ended runs`, () => {
    const end = async ({ store }: StoreHarness, runId: string, endedAtMs: number, nodes: number) => {
      await store.markOpen(runId);
      const letters = [letter('n', { runId }), letter('o', { runId })];
      const events = [{ id: 'e', type: 'T', atMs: 1, data: {} }];
      await store.closeRun(runId, { ...END, endedAtMs, done: nodes, dead: 0 }, records(letters, events));
    };

    it('counts the nodes of runs that are not expired, and lists those that are by their ends', async () => {
      const harness = await open(newRun('a'), newRun('b'), newRun('c'));
      const { store } = harness;
      expect(await store.countKeptNodes()).toBe(0);
      await end(harness, 'a', 30, 5);
      await end(harness, 'b', 20, 7);
      expect(await store.countKeptNodes()).toBe(12);
      expect(await store.listExpired(100, 10)).toEqual([]);
      for (const runId of ['a', 'b']) await store.markExpired(runId);
      expect([await store.countKeptNodes(), await store.listExpired(100, 10)]).toEqual([0, ['b', 'a']]);
      expect([await store.listExpired(20, 10), await store.listExpired(100, 1)]).toEqual([['b'], ['b']]);
    });

    it('deletes an expired run in steps, with all that belongs to it and to nothing else', async () => {
      const harness = await open(newRun('r', { idempotencyKey: 'k' }), newRun('other'));
      const { store } = harness;
      for (const runId of ['r', 'other']) {
        await harness.commit({ runId, nodeId: 'n' }, rows(1, 2, 3, 4, 5));
        await store.saveExport(runId, 'a.jsonl', { seq: 1, bytes: 2, rows: 3, layout: '' });
        await end(harness, runId, 9, 1);
      }
      expect(await store.deleteRun('r', 100)).toBe(false);
      expect(await store.findRun('r')).toBeDefined();
      await store.markExpired('r');
      let steps = 1;
      while (await store.deleteRun('r', 2)) steps += 1;
      expect(steps).toBeGreaterThan(2);
      expect(await store.deleteRun('r', 2)).toBe(false);
      expect(await store.findRun('r')).toBeUndefined();
      expect((await store.listRuns({ limit: 10, moduleId: 'm@1.0.0' })).map(({ runId }) => runId)).toEqual(['other']);
      await expect(store.listDeadLetters('r')).rejects.toMatchObject({ code: 'store.unknown_run' });
      expect(await store.readItems({ runId: 'other', afterSeq: 0, limit: 10 })).toHaveLength(5);
      expect([(await store.listDeadLetters('other')).length, (await store.listEvents('other')).length]).toEqual([2, 1]);
      // Its key is free again.
      expect(await store.acceptRun(newRun('again', { idempotencyKey: 'k' }))).toBe('again');
    });
  });

  describe(`${name} store: runs`, () => {
    it('keep what they were accepted with, once', async () => {
      const { store } = await open(newRun('r'));
      await store.acceptRun(newRun('r', { priority: 9 }));
      expect(await store.findRun('r')).toEqual({ ...newRun('r'), state: 'accepted', end: undefined });
      expect(await store.findRun('unknown')).toBeUndefined();
      expect(await store.listRuns({ limit: 10 })).toHaveLength(1);
    });

    it('are listed newest first, all or of one state', async () => {
      const { store } = await open(newRun('a'), newRun('b'), newRun('c'));
      await store.markOpen('b');
      await store.closeRun('c', END, records());
      const ids = async (query: Parameters<Store['listRuns']>[0]) =>
        (await store.listRuns(query)).map(({ runId }) => runId);
      expect(await ids({ limit: 10 })).toEqual(['c', 'b', 'a']);
      expect(await ids({ limit: 2 })).toEqual(['c', 'b']);
      expect(await ids({ limit: 10, state: 'open' })).toEqual(['b']);
      expect(await ids({ limit: 10, state: 'accepted' })).toEqual(['a']);
      expect(await ids({ limit: 10, state: 'closed' })).toEqual(['c']);
    });

    it('keep the cap of what they may cost, and at their end what they cost', async () => {
      const { store } = await open(newRun('r', { costCap: 5_000_000 }), newRun('free'));
      const cost = { spent: 2_500_000_000_000, reserved: 7 };
      await store.closeRun('r', { ...END, cost }, records());
      await store.closeRun('free', END, records());
      expect(await store.findRun('r')).toMatchObject({ costCap: 5_000_000, end: { ...END, cost } });
      expect((await store.findRun('free'))?.end).toEqual(END);
    });

    it('are found by their work, the newest first', async () => {
      const { store } = await open(newRun('a', { fingerprint: 'f' }), newRun('b', { fingerprint: 'f' }), newRun('c'));
      expect(await store.findRunByFingerprint('f')).toMatchObject({ runId: 'b' });
      expect(await store.findRunByFingerprint('g')).toBeUndefined();
    });
  });

  describe(`${name} store: items`, () => {
    it('are seen when their execution committed, and only then', async () => {
      const harness = await open(newRun('r'));
      await harness.abandon({ runId: 'r', nodeId: 'a' }, rows(1, 2));
      expect([await numbers(harness), await harness.store.countItems('r')]).toEqual([[], 0]);
      await harness.commit({ runId: 'r', nodeId: 'a' }, rows(3, 4));
      expect([await numbers(harness), await harness.store.countItems('r')]).toEqual([[3, 4], 2]);
    });

    it('are those of the last commit of their node', async () => {
      const harness = await open(newRun('r'));
      await harness.commit({ runId: 'r', nodeId: 'a' }, rows(1, 2));
      await harness.commit({ runId: 'r', nodeId: 'b' }, rows(3));
      await harness.commit({ runId: 'r', nodeId: 'a' }, rows(5));
      expect(await numbers(harness)).toEqual([3, 5]);
      await harness.commit({ runId: 'r', nodeId: 'b' }, []);
      expect(await numbers(harness)).toEqual([5]);
    });

    it('are read in order, page by page, of one type or of all, and of one run', async () => {
      const harness = await open(newRun('r'), newRun('other'));
      await harness.commit({ runId: 'other', nodeId: 'x' }, rows(100));
      for (const n of [1, 4, 7]) await harness.commit({ runId: 'r', nodeId: `n${n}` }, rows(n, n + 1, n + 2));
      expect(await numbers(harness)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await numbers(harness, { type: 'odd' })).toEqual([1, 3, 5, 7, 9]);
      const page = await harness.store.readItems({ runId: 'r', afterSeq: 0, limit: 4 });
      expect(page.map(({ moduleId, type }) => `${moduleId} ${type}`)[3]).toBe('m@1.0.0 even');
      expect(await numbers(harness, { afterSeq: page.at(-1)!.seq, limit: 2 })).toEqual([5, 6]);
      expect(await numbers(harness, { runId: 'other' })).toEqual([100]);
    });

    it('are read by a join of its module’s earlier phases', async () => {
      const harness = await open(newRun('r', { modules: ['m@1.0.0', 'n@1.0.0'] }));
      await harness.commit({ runId: 'r', nodeId: 'a', phase: 0 }, rows(1));
      await harness.commit({ runId: 'r', nodeId: 'b', phase: 1 }, rows(2, 3));
      await harness.commit({ runId: 'r', nodeId: 'c', phase: 2 }, rows(4));
      await harness.commit({ runId: 'r', nodeId: 'd', moduleId: 'n@1.0.0' }, rows(5));
      await harness.abandon({ runId: 'r', nodeId: 'e' }, rows(6));
      const joined = (beforePhase: number, more = {}) =>
        numbers(harness, { join: { moduleId: 'm@1.0.0', beforePhase }, ...more });
      expect([await joined(0), await joined(1), await joined(2)]).toEqual([[], [1], [1, 2, 3]]);
      expect(await joined(2, { type: 'odd' })).toEqual([1, 3]);
      expect(await joined(9, { afterSeq: 1, limit: 1 })).toHaveLength(1);
    });

    it('that were withdrawn are noticed by whoever has followed that far', async () => {
      const harness = await open(newRun('r'));
      await harness.commit({ runId: 'r', nodeId: 'a' }, rows(1));
      await harness.commit({ runId: 'r', nodeId: 'b' }, rows(2));
      const [first, second] = await harness.store.readItems({ runId: 'r', afterSeq: 0, limit: 10 });
      expect(await harness.store.hasWithdrawnItems('r', second!.seq)).toBe(false);
      await harness.commit({ runId: 'r', nodeId: 'b' }, rows(3));
      const withdrawn = async () => [
        await harness.store.hasWithdrawnItems('r', first!.seq),
        await harness.store.hasWithdrawnItems('r', second!.seq),
      ];
      expect(await withdrawn()).toEqual([false, true]);
      await harness.store.closeRun('r', END, records());
      expect(await withdrawn()).toEqual([false, true]);
    });

    it('of an earlier revision of their node are replaced: readers get the newest, sinks get each, before and after the end', async () => {
      const harness = await open(newRun('r'));
      await harness.commit({ runId: 'r', nodeId: 'other' }, rows(9));
      await harness.commit({ runId: 'r', nodeId: 'a', revision: 1 }, rows(1, 2));
      const early = await harness.store.readItems({ runId: 'r', afterSeq: 0, limit: 10 });
      expect(early.map(({ revision }) => revision)).toEqual([1, 1, 1]);
      await harness.commit({ runId: 'r', nodeId: 'a', revision: 2 }, rows(3));
      for (const moment of ['open', 'closed']) {
        expect(await numbers(harness), moment).toEqual([9, 3]);
        expect(await harness.store.countItems('r'), moment).toBe(2);
        expect(await numbers(harness, { join: { moduleId: 'm@1.0.0', beforePhase: 1 } }), moment).toEqual([9, 3]);
        const each = await harness.store.readItems({ runId: 'r', afterSeq: 0, limit: 10, withReplaced: true });
        expect(each.map(({ data, revision }) => [JSON.parse(data).n, revision])).toEqual([
          ...[
            [9, 1],
            [1, 1],
            [2, 1],
          ],
          [3, 2],
        ]);
        expect(await numbers(harness, { withReplaced: true, type: 'odd' }), moment).toEqual([9, 1, 3]);
        // Whoever followed the newest alone must start over; whoever gets each may go on.
        expect(await harness.store.hasWithdrawnItems('r', early.at(-1)!.seq), moment).toBe(true);
        expect(await harness.store.hasWithdrawnItems('r', early.at(-1)!.seq, true), moment).toBe(false);
        await harness.store.closeRun('r', END, records());
      }
    });

    it('that were committed again in the same revision are withdrawn for every reader', async () => {
      const harness = await open(newRun('r'));
      await harness.commit({ runId: 'r', nodeId: 'a' }, rows(1));
      const [first] = await harness.store.readItems({ runId: 'r', afterSeq: 0, limit: 10 });
      await harness.commit({ runId: 'r', nodeId: 'a' }, rows(2));
      expect(await numbers(harness, { withReplaced: true })).toEqual([2]);
      expect(await harness.store.hasWithdrawnItems('r', first!.seq, true)).toBe(true);
    });

    it('of a revision that yields none replace those before with nothing', async () => {
      const harness = await open(newRun('r'));
      await harness.commit({ runId: 'r', nodeId: 'a', revision: 1 }, rows(1));
      await harness.commit({ runId: 'r', nodeId: 'a', revision: 2 }, []);
      await harness.store.closeRun('r', END, records());
      expect(await numbers(harness)).toEqual([]);
      expect(await numbers(harness, { withReplaced: true })).toEqual([1]);
    });

    it('of a run that nobody accepted are an error', async () => {
      const { store } = await open();
      await expect(store.countItems('unknown')).rejects.toMatchObject({ code: 'store.unknown_run' });
      await expect(store.closeRun('unknown', END, records())).rejects.toMatchObject({ code: 'store.unknown_run' });
    });
  });

  describe(`${name} store: what open requests have received`, () => {
    const place = { runId: 'r', moduleId: 'm@1.0.0', phase: 0 };
    const query = { runId: 'r', moduleId: 'm@1.0.0', beforePhase: 1, limit: 10, after: '' };
    const text = (nodeId: string, text: string, receivedAtMs = 5) => ({ ...place, nodeId, text, receivedAtMs });

    it('is the longest text of each request, page by page, of one module and of earlier phases', async () => {
      const { store } = await open(newRun('r'), newRun('other'));
      await store.savePartial(text('b', 'be', 1));
      await store.savePartial(text('b', 'begun ß 文', 2));
      await store.savePartial(text('b', 'a later attempt'.slice(0, 3), 3));
      await store.savePartial(text('a', 'one', 4));
      await store.savePartial({ ...text('c', 'later phase'), phase: 1 });
      await store.savePartial({ ...text('d', 'other module'), moduleId: 'n@1.0.0' });
      await store.savePartial({ ...text('e', 'other run'), runId: 'other' });
      expect(await store.listPartials(query)).toEqual([text('a', 'one', 4), text('b', 'begun ß 文', 2)]);
      expect(await store.listPartials({ ...query, limit: 1 })).toEqual([text('a', 'one', 4)]);
      expect(await store.listPartials({ ...query, after: 'a' })).toEqual([text('b', 'begun ß 文', 2)]);
    });

    it('goes when the run is closed, and does not come back', async () => {
      const { store } = await open(newRun('r'), newRun('other'));
      for (let n = 0; n < 450; n++) await store.savePartial(text(`n${n}`, 'text'));
      await store.savePartial({ ...text('e', 'other run'), runId: 'other' });
      await store.closeRun('r', END, records());
      await store.savePartial(text('late', 'text'));
      expect(await store.listPartials(query)).toEqual([]);
      expect(await store.listPartials({ ...query, runId: 'other' })).toHaveLength(1);
    });
  });

  describe(`${name} store: settling`, () => {
    it('writes the end and prunes what never committed; what is left stays visible', async () => {
      const harness = await open(newRun('r'), newRun('other'));
      await harness.commit({ runId: 'r', nodeId: 'a' }, rows(1, 2));
      await harness.abandon({ runId: 'r', nodeId: 'b' }, rows(...Array.from({ length: 450 }, (_, n) => n)));
      await harness.abandon({ runId: 'other', nodeId: 'c' }, rows(7));
      await harness.store.closeRun('r', END, records());
      expect(await harness.store.findRun('r')).toMatchObject({ state: 'closed', end: END });
      expect([await numbers(harness), await harness.store.countItems('r')]).toEqual([[1, 2], 2]);
      await harness.commit({ runId: 'other', nodeId: 'd' }, rows(8));
      expect(await numbers(harness, { runId: 'other' })).toEqual([8]);
    });

    it('keeps any number of dead letters and events, and may be done twice', async () => {
      const harness = await open(newRun('r'));
      const letters = Array.from({ length: 450 }, (_, n) => letter(`n${n}`));
      const events = Array.from({ length: 450 }, (_, n) => ({ id: `e${n}`, type: 'T', atMs: n, data: { n } }));
      for (let times = 0; times < 2; times++) {
        await harness.store.closeRun('r', END, records(letters, events));
        const kept = await harness.store.listDeadLetters('r');
        expect(new Map(kept.map((each) => [each.nodeId, each]))).toEqual(
          new Map(letters.map((each) => [each.nodeId, each])),
        );
        expect(await harness.store.listEvents('r')).toEqual(events);
      }
    });

    it('forgets the letters of an earlier end, and adds to its timeline', async () => {
      const { store } = await open(newRun('r'));
      const event = (id: string) => ({ id, type: 'T', atMs: 1, data: {} });
      await store.closeRun('r', END, records([letter('a'), letter('b')], [event('1')]));
      await store.closeRun('r', { ...END, dead: 1 }, records([letter('b', { epoch: 2 })], [event('1'), event('2')]));
      expect(await store.listDeadLetters('r')).toEqual([letter('b', { epoch: 2 })]);
      expect((await store.listEvents('r')).map(({ id }) => id)).toEqual(['1', '2']);
      expect(await store.findRun('r')).toMatchObject({ end: { dead: 1 } });
    });

    it('is not done when its records could not be read', async () => {
      const { store } = await open(newRun('r'));
      async function* broken(): AsyncGenerator<DeadLetter> {
        yield letter('a');
        throw new Error('the coordinator is gone');
      }
      const given = { deadLetters: broken(), events: stream<StoredEvent>([]) };
      await expect(store.closeRun('r', END, given)).rejects.toThrow('the coordinator is gone');
      expect(await store.findRun('r')).toMatchObject({ state: 'accepted', end: undefined });
    });
  });

  describe(`${name} store: exports`, () => {
    it('are remembered by run and file', async () => {
      const { store } = await open(newRun('r'), newRun('other'));
      const offset = { seq: 3, bytes: 120, rows: 2, layout: '["n"]' };
      expect(await store.findExport('r', 'a.csv')).toBeUndefined();
      await store.saveExport('r', 'a.csv', offset);
      await store.saveExport('r', 'b.csv', { ...offset, seq: 4 });
      await store.saveExport('r', 'a.csv', { ...offset, seq: 9 });
      expect(await store.findExport('r', 'a.csv')).toEqual({ ...offset, seq: 9 });
      expect(await store.findExport('r', 'b.csv')).toEqual({ ...offset, seq: 4 });
      expect(await store.findExport('other', 'a.csv')).toBeUndefined();
    });
  });

  describeSubmissions(name, open);
  describeTasks(name, open);
  describeLetters(name, open);
  describeDeployment(name, open);
}
