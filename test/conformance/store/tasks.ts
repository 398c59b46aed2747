import { describe, expect, it } from 'vitest';
import type { Store, TaskCount, TaskMark } from '../../../libs/store/port.ts';
import { END, newRun, type OpenWith, records } from './harness.ts';

const KEY = { account: 'acme', name: 'prices' };
const MARK: TaskMark = { by: 'operator at 10.0.0.7', reason: 'the shop asked us to stop', atMs: 7, runId: '' };

/** Named tasks: what their runs count, and whether new ones may begin. */
export function describeTasks(name: string, open: OpenWith): void {
  const run = (runId: string, changes = {}) =>
    newRun(runId, { taskId: 'prices', acceptedAtMs: Number(runId.slice(1)), ...changes });
  const close = (store: Store, runId: string, count: Omit<TaskCount, 'items'> & { readonly items?: number }) =>
    store.closeRun(runId, END, { ...records(), count: { items: 0, ...count } });
  const openRuns = async (store: Store, key: typeof KEY, atMost: number) =>
    (await store.findTask(key, atMost))?.openRuns.map(({ runId }) => runId);
  const counts = async (store: Store, key = KEY) => (await store.findTask(key, 0))?.counts;

  describe(`${name} store: a named task`, () => {
    it('exists from its first run on, for each account by itself, and has its open runs, the newest first', async () => {
      const { store } = await open(
        run('r1'),
        run('r2'),
        run('r3'),
        run('r4', { account: 'other' }),
        run('r5', { taskId: 'r5' }),
      );
      for (const runId of ['r1', 'r2', 'r4', 'r5']) await store.markOpen(runId);
      expect(await store.findTask(KEY, 10)).toEqual({
        ...KEY,
        counts: { executions: 0, errors: 0 },
        mark: undefined,
        coolsUntilMs: 0,
        openRuns: [
          { runId: 'r2', isCounted: true },
          { runId: 'r1', isCounted: true },
        ],
      });
      expect(await openRuns(store, KEY, 1)).toEqual(['r2']);
      expect(await openRuns(store, { ...KEY, account: 'other' }, 10)).toEqual(['r4']);
      expect(await store.findTask({ account: 'acme', name: 'r5' }, 10)).toBeUndefined();
      expect(await store.findTask({ account: 'acme', name: 'unknown' }, 10)).toBeUndefined();
    });

    it('has its runs listed, all or of one state, and never a run that is a task of its own', async () => {
      const { store } = await open(run('r1'), run('r2'), run('r3', { account: 'other' }), run('r4', { taskId: 'r4' }));
      await store.markOpen('r1');
      const ids = async (query: object) =>
        (await store.listRuns({ limit: 9, account: 'acme', ...query })).map(({ runId }) => runId);
      expect(await ids({ taskId: 'prices' })).toEqual(['r2', 'r1']);
      expect(await ids({ taskId: 'prices', state: 'open' })).toEqual(['r1']);
      expect(await ids({ taskId: 'r4' })).toEqual([]);
    });

    it('counts what its ended runs have counted, each once, however often it is closed', async () => {
      const { store } = await open(run('r1'), run('r2'));
      for (const runId of ['r1', 'r2']) await store.markOpen(runId);
      await close(store, 'r1', { executions: 10, errors: 4 });
      await close(store, 'r1', { executions: 10, errors: 4 });
      expect(await counts(store)).toEqual({ executions: 10, errors: 4 });
      await Promise.all([1, 2, 3].map(() => close(store, 'r2', { executions: 5, errors: 1 })));
      expect(await counts(store)).toEqual({ executions: 15, errors: 5 });
    });

    it('does not count a run that was never opened', async () => {
      const { store } = await open(run('r1'));
      await store.closeRun('r1', { ...END, finishReason: 'rejected' }, records());
      expect(await counts(store)).toEqual({ executions: 0, errors: 0 });
    });

    it('counts a replayed run by what was executed since: its earlier end counts no more when it is open again', async () => {
      const { store } = await open(run('r1'), run('r2'));
      for (const runId of ['r1', 'r2']) await store.markOpen(runId);
      await close(store, 'r1', { executions: 10, errors: 4 });
      await close(store, 'r2', { executions: 1, errors: 1 });
      await store.markOpen('r1');
      await store.markOpen('r1');
      expect(await counts(store)).toEqual({ executions: 1, errors: 1 });
      await close(store, 'r1', { executions: 4, errors: 0 });
      expect(await counts(store)).toEqual({ executions: 5, errors: 1 });
      // A process that died between the replay and the store closes the run again without having opened it here.
      await close(store, 'r1', { executions: 2, errors: 1 });
      expect(await counts(store)).toEqual({ executions: 3, errors: 2 });
    });

    it('that is marked gets no new run, until it is lifted; an earlier one is still answered by its key', async () => {
      const { store } = await open(run('r1', { idempotencyKey: 'k' }));
      expect(await store.markTask({ ...KEY, name: 'unknown' }, MARK)).toBe(false);
      expect(await store.markTask(KEY, MARK)).toBe(true);
      expect(await store.markTask(KEY, { ...MARK, reason: 'another' })).toBe(false);
      expect((await store.findTask(KEY, 0))?.mark).toEqual(MARK);
      expect(await store.acceptRun(run('r2'))).toBeUndefined();
      expect(await store.findRun('r2')).toBeUndefined();
      expect(await store.acceptRun(run('r3', { idempotencyKey: 'k' }))).toBe('r1');
      expect(await store.acceptRun(run('r1'))).toBe('r1');
      expect(await store.acceptRun(run('r4', { account: 'other' }))).toBe('r4');
      expect(await store.acceptRun(run('r5', { taskId: 'r5' }))).toBe('r5');
      expect(await store.liftTask(KEY)).toBe(true);
      expect(await store.liftTask(KEY)).toBe(false);
      expect(await store.acceptRun(run('r2'))).toBe('r2');
    });

    it('is listed with the others, page by page, of all accounts or of one, all or those that are marked', async () => {
      const named = (account: string, taskId: string) => ({ account, taskId });
      const { store } = await open(
        run('r1', named('acme', 'prices')),
        run('r2', named('acme', 'stock')),
        run('r3', named('other', 'prices')),
        run('r4', { taskId: 'r4' }),
      );
      await store.markOpen('r2');
      await store.markTask({ account: 'acme', name: 'stock' }, MARK);
      const keys = async (query: object) =>
        (await store.listTasks({ limit: 9, ...query }, 9)).map((task) => [task.account, task.name]);
      const [prices, stock, others] = [
        ['acme', 'prices'],
        ['acme', 'stock'],
        ['other', 'prices'],
      ];
      expect(await keys({})).toEqual([prices, stock, others]);
      expect(await keys({ limit: 2 })).toEqual([prices, stock]);
      expect(await keys({ after: { account: 'acme', name: 'stock' } })).toEqual([others]);
      expect(await keys({ account: 'acme', after: KEY })).toEqual([stock]);
      expect(await keys({ isMarked: true })).toEqual([stock]);
      expect(await keys({ account: 'other', isMarked: true })).toEqual([]);
      const marked = { mark: MARK, openRuns: [{ runId: 'r2', isCounted: true }] };
      expect(await store.listTasks({ limit: 9, isMarked: true }, 9)).toMatchObject([marked]);
    });

    it('begins at 0 after a lift also when it was not marked, and what its open runs have counted counts no more', async () => {
      const { store } = await open(run('r1'), run('r2'));
      expect(await store.liftTask(KEY)).toBe(false);
      await store.markOpen('r1');
      await close(store, 'r1', { executions: 3, errors: 2 });
      expect(await store.liftTask(KEY)).toBe(true);
      expect(await counts(store)).toEqual({ executions: 0, errors: 0 });
      expect(await store.liftTask(KEY)).toBe(false);
      await store.markOpen('r2');
      expect(await store.liftTask(KEY)).toBe(true);
      expect(await store.findTask(KEY, 9)).toMatchObject({ openRuns: [{ runId: 'r2', isCounted: false }] });
      expect(await store.liftTask(KEY)).toBe(false);
    });

    it('begins at 0 after a lift: runs that were opened before count no more and mark it no more', async () => {
      const { store } = await open(run('r1'), run('r2'));
      for (const runId of ['r1', 'r2']) await store.markOpen(runId);
      await close(store, 'r1', { executions: 10, errors: 10 });
      await store.markTask(KEY, MARK);
      await store.liftTask(KEY);
      expect(await store.findTask(KEY, 10)).toMatchObject({
        counts: { executions: 0, errors: 0 },
        openRuns: [{ runId: 'r2', isCounted: false }],
      });
      const tripped = { ...MARK, by: 'threshold', runId: 'r2' };
      expect(await store.markTask(KEY, tripped)).toBe(false);
      await close(store, 'r2', { executions: 9, errors: 9 });
      await close(store, 'r1', { executions: 10, errors: 10 });
      expect(await store.findTask(KEY, 0)).toMatchObject({ counts: { executions: 0, errors: 0 }, mark: undefined });
      await store.markOpen('r2');
      expect(await store.markTask(KEY, tripped)).toBe(true);
    });

    it('that is marked is listed until none of its runs is open, and again when one is opened all the same', async () => {
      const { store } = await open(run('r1'), run('r2'), run('r3', { taskId: 'other' }));
      for (const runId of ['r1', 'r3']) await store.markOpen(runId);
      const ending = async () =>
        (await store.listEndingTasks(10, 10)).map((task) => [task.name, ...task.openRuns.map(({ runId }) => runId)]);
      expect(await ending()).toEqual([]);
      await store.markTask(KEY, MARK);
      await store.endedTask(KEY);
      expect(await ending()).toEqual([['prices', 'r1']]);
      await close(store, 'r1', { executions: 0, errors: 0 });
      expect(await ending()).toEqual([['prices']]);
      await store.endedTask(KEY);
      expect(await ending()).toEqual([]);
      await store.markOpen('r2');
      expect(await ending()).toEqual([['prices', 'r2']]);
      await store.liftTask(KEY);
      expect(await ending()).toEqual([]);
    });

    it('cools down after errors in a row, over runs without any item', async () => {
      const { store } = await open(run('r1'), run('r2'), run('r3'), run('r4'), run('r5'));
      for (const runId of ['r1', 'r2', 'r3', 'r4', 'r5']) await store.markOpen(runId);
      const cooldown = { errors: 5, untilMs: 1_000 };
      const until = async () => (await store.findTask(KEY, 0))?.coolsUntilMs;
      await close(store, 'r1', { executions: 4, errors: 4, cooldown });
      await close(store, 'r1', { executions: 4, errors: 4, cooldown });
      await close(store, 'r2', { executions: 4, errors: 3, items: 1, cooldown });
      await close(store, 'r3', { executions: 9, errors: 4, cooldown });
      expect(await until()).toBe(0);
      await close(store, 'r4', { executions: 1, errors: 1, cooldown });
      expect(await until()).toBe(1_000);
      await close(store, 'r5', { executions: 1, errors: 1, cooldown: { errors: 5, untilMs: 2_000 } });
      expect(await until()).toBe(1_000);
      expect(await store.liftTask(KEY)).toBe(true);
      expect(await until()).toBe(0);
    });
  });
}
