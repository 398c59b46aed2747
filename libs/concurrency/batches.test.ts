import { afterEach, describe, expect, it, vi } from 'vitest';
import { CatenaError } from '../errors/catena-error.ts';
import { Batches } from './batches.ts';

/** Groups as they were written; each write ends when the test says so. */
function recording(lanes: number, maxEntries = 100, lingerMs = 0) {
  const written: number[][] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const groups = new Batches<number>({
    write: async (entries) => {
      written.push([...entries]);
      const end = Promise.withResolvers<void>();
      ends.push(end);
      await end.promise;
    },
    maxEntries,
    lanes,
    lingerMs,
  });
  return { groups, written, ends };
}

afterEach(() => void vi.useRealTimers());

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('Batches', () => {
  it('writes together what comes in one turn, and what comes while all lanes are busy', async () => {
    const { groups, written, ends } = recording(1);
    const first = [1, 2, 3].map((n) => groups.add(n));
    await turn();
    const second = [4, 5].map((n) => groups.add(n));
    await turn();
    expect(written).toEqual([[1, 2, 3]]);
    ends[0]!.resolve();
    await Promise.all(first);
    await turn();
    expect(written).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    ends[1]!.resolve();
    await Promise.all(second);
  });

  it('keeps to its lanes and to its size', async () => {
    const { groups, written, ends } = recording(2, 3);
    const all = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => groups.add(n));
    await turn();
    await turn();
    expect(written).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    ends[1]!.resolve();
    await turn();
    expect(written[2]).toEqual([7, 8]);
    for (const end of ends) end.resolve();
    await Promise.all(all);
  });

  it('fails a group that may be tried again as a whole', async () => {
    const { groups, ends } = recording(1);
    const added = [groups.add(1), groups.add(2)];
    await turn();
    ends[0]!.reject(new CatenaError('store.unavailable', 'gone', { class: 'retryable' }));
    for (const { status } of await Promise.allSettled(added)) expect(status).toBe('rejected');
  });

  it('fails only the entry at fault when a group is refused for good', async () => {
    const written: number[] = [];
    const groups = new Batches<number>({
      write: async (entries) => {
        if (entries.includes(13)) throw new CatenaError('store.bad_value', 'no such number');
        written.push(...entries);
      },
      maxEntries: 100,
      lanes: 1,
    });
    const results = await Promise.allSettled([12, 13, 14].map((n) => groups.add(n)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(written).toEqual([12, 14]);
  });

  it('flushes what was added before, whether it is written or fails', async () => {
    const { groups, ends } = recording(1);
    const added = groups.add(1);
    let flushed = false;
    const flush = groups.flush().then(() => {
      flushed = true;
    });
    await turn();
    expect(flushed).toBe(false);
    ends[0]!.reject(new Error('no'));
    await expect(added).rejects.toThrow('no');
    await flush;
    await groups.flush();
  });

  it('waits for more of their kind where nobody waits for them', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { groups, written, ends } = recording(1, 100, 50);
    const first = [groups.add(1)];
    await turn();
    vi.advanceTimersByTime(49);
    first.push(groups.add(2));
    await turn();
    expect(written).toEqual([]);
    vi.advanceTimersByTime(1);
    await turn();
    expect(written).toEqual([[1, 2]]);
    const later = groups.add(3);
    ends[0]!.resolve();
    await Promise.all(first);
    vi.advanceTimersByTime(50);
    await turn();
    expect(written).toEqual([[1, 2], [3]]);
    ends[1]!.resolve();
    await later;
  });

  it('waits no longer when a group is full or somebody flushes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { groups, written, ends } = recording(1, 2, 50);
    const added = [1, 2, 3].map((n) => groups.add(n));
    await turn();
    expect(written).toEqual([[1, 2]]);
    const flushed = groups.flush();
    ends[0]!.resolve();
    await Promise.all(added.slice(0, 2));
    await turn();
    expect(written).toEqual([[1, 2], [3]]);
    ends[1]!.resolve();
    await flushed;
    void groups.add(4);
    await turn();
    expect(written).toHaveLength(2);
  });
});
