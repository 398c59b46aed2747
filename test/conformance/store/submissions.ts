import { describe, expect, it } from 'vitest';
import type { RunQuery } from '../../../libs/store/port.ts';
import { newRun, type OpenWith } from './harness.ts';

/** Accepting the same submission again, and finding runs in a long list. */
export function describeSubmissions(name: string, open: OpenWith): void {
  describe(`${name} store: submissions with a key`, () => {
    it('are one run, and answer its id', async () => {
      const { store } = await open();
      expect(await store.acceptRun(newRun('a', { idempotencyKey: 'k' }))).toBe('a');
      expect(await store.acceptRun(newRun('b', { idempotencyKey: 'k' }))).toBe('a');
      expect(await store.acceptRun(newRun('a', { idempotencyKey: 'other' }))).toBe('a');
      expect(await store.findRun('b')).toBeUndefined();
      expect(await store.findRun('a')).toMatchObject({ runId: 'a', idempotencyKey: 'k' });
    });

    it('are told apart by account and key; without a key every one is a run', async () => {
      const { store } = await open(newRun('a', { idempotencyKey: 'k' }));
      expect(await store.acceptRun(newRun('b', { idempotencyKey: 'l' }))).toBe('b');
      expect(await store.acceptRun(newRun('c', { idempotencyKey: 'k', account: 'other' }))).toBe('c');
      expect(await store.acceptRun(newRun('d'))).toBe('d');
      expect(await store.acceptRun(newRun('e'))).toBe('e');
    });

    it('are one run when they come at the same time', async () => {
      const { store } = await open();
      const submitted = Array.from({ length: 32 }, (_, n) =>
        store.acceptRun(newRun(`r${n}`, { idempotencyKey: 'k', modules: ['m@1.0.0', 'n@1.0.0'] })),
      );
      const ids = new Set(await Promise.all(submitted));
      expect(ids.size).toBe(1);
      const runs = await store.listRuns({ limit: 100, moduleId: 'n@1.0.0' });
      expect(runs.map(({ runId }) => runId)).toEqual([...ids]);
    });
  });

  describe(`${name} store: the list of runs`, () => {
    const openMany = async () => {
      const runs = Array.from({ length: 12 }, (_, n) =>
        newRun(`r${n}`, {
          // Two of each time: the order is by time, then by arrival.
          acceptedAtMs: 1_000 + Math.floor(n / 2),
          account: n % 3 === 0 ? 'blue' : 'red',
          ...(n % 2 === 0 ? { user: n < 6 ? 'early' : 'late' } : {}),
          modules: n % 4 === 0 ? ['m@1.0.0', 'n@1.0.0'] : ['m@1.0.0'],
        }),
      );
      const { store } = await open(...runs);
      for (const n of [0, 1, 2, 3, 4, 5]) await store.markOpen(`r${n}`);
      return async (query: Omit<RunQuery, 'limit'> & { readonly limit?: number }) =>
        (await store.listRuns({ limit: 100, ...query })).map(({ runId }) => Number(runId.slice(1)));
    };

    it('is filtered by state, account, module and time, alone and together', async () => {
      const ids = await openMany();
      expect(await ids({ account: 'blue' })).toEqual([9, 6, 3, 0]);
      expect(await ids({ moduleId: 'n@1.0.0' })).toEqual([8, 4, 0]);
      expect(await ids({ moduleId: 'm@1.0.0' })).toHaveLength(12);
      expect(await ids({ acceptedFromMs: 1_002, acceptedBeforeMs: 1_004 })).toEqual([7, 6, 5, 4]);
      expect(await ids({ state: 'open', account: 'red' })).toEqual([5, 4, 2, 1]);
      expect(await ids({ state: 'open', account: 'blue', moduleId: 'n@1.0.0', acceptedFromMs: 1_000 })).toEqual([0]);
      expect(await ids({ account: 'nobody' })).toEqual([]);
      expect(await ids({ moduleId: 'm@2.0.0' })).toEqual([]);
    });

    it('is counted by state, up to a limit', async () => {
      const { store } = await open(newRun('a'), newRun('b'), newRun('c'));
      await store.markOpen('b');
      await store.markOpen('c');
      expect(await store.countRuns(10)).toEqual({ accepted: 1, open: 2, closed: 0 });
      expect(await store.countRuns(1)).toEqual({ accepted: 1, open: 1, closed: 0 });
    });

    it('is read page by page, each run once', async () => {
      const ids = await openMany();
      for (const filter of [{}, { account: 'red' }, { moduleId: 'm@1.0.0' }, { state: 'open' as const }]) {
        const all = await ids(filter);
        const paged: number[] = [];
        for (let page = await ids({ ...filter, limit: 3 }); page.length > 0; ) {
          paged.push(...page);
          page = await ids({ ...filter, limit: 3, after: `r${page.at(-1)}` });
        }
        expect(paged).toEqual(all);
      }
    });

    it('is found by user, newest first, from an offset on (B18, B35)', async () => {
      const ids = await openMany();
      expect(await ids({ user: 'late' })).toEqual([10, 8, 6]);
      expect(await ids({ user: 'late', limit: 1, offset: 1 })).toEqual([8]);
      expect(await ids({ user: 'late', offset: 3 })).toEqual([]);
      expect(await ids({ user: 'early', moduleId: 'n@1.0.0' })).toEqual([4, 0]);
      expect(await ids({ user: 'nobody' })).toEqual([]);
    });

    it('goes on behind a run that the filter leaves out, and not behind an unknown one', async () => {
      const ids = await openMany();
      expect(await ids({ account: 'blue', after: 'r5' })).toEqual([3, 0]);
      await expect(ids({ after: 'nobody' })).rejects.toMatchObject({ code: 'store.unknown_run' });
    });
  });
}
