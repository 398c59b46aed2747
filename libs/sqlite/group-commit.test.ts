import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CatenaError } from '../errors/catena-error.ts';
import type { SqliteDatabase } from './database.ts';
import { openDatabase, scratchFolder } from './scratch.fixture.ts';

/** A database with a table of numbers, and the verbs of the tests. */
function open(options: Parameters<typeof openDatabase>[0] = {}) {
  const db = openDatabase(options);
  db.exec('CREATE TABLE numbers (n INTEGER PRIMARY KEY, name TEXT NOT NULL)');
  const insert = db.prepare('INSERT INTO numbers VALUES (?, ?)');
  const all = db.prepare('SELECT n FROM numbers ORDER BY n');
  const groups: number[] = [];
  let works = 0;
  db.beforeCommit(() => {
    groups.push(works);
    works = 0;
  });
  return {
    db,
    groups,
    add: (n: number) =>
      db.write(() => {
        works += 1;
        insert.run(n, `number ${n}`);
        return n;
      }),
    /** Adds a number, then fails. */
    addAndThrow: (n: number, error: unknown) =>
      db.write(() => {
        insert.run(n, 'never');
        throw error;
      }),
    numbers: () => all.all().map((row) => row.n),
  };
}

async function outcomes(works: readonly Promise<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(works);
  return settled.map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as Error).message));
}

const range = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('group commit', () => {
  it('writes what one turn asks for in one transaction, in the order of asking', async () => {
    const { add, groups, numbers } = open();
    expect(await Promise.all(range(100).map(add))).toEqual(range(100));
    expect(groups).toEqual([100]);
    await add(100);
    expect([groups, numbers()]).toEqual([[100, 1], range(101)]);
  });

  it('takes a work back whole that finds a violated invariant after it wrote, and is told nothing of the file', async () => {
    const failures: unknown[] = [];
    const { add, addAndThrow, numbers } = open({ onFailure: (error) => failures.push(error) });
    const works = [
      add(1),
      addAndThrow(2, new CatenaError('coordinator.invariant_broken', 'less than nothing')),
      add(3),
    ];
    expect(await outcomes(works)).toEqual([1, 'less than nothing', 3]);
    expect([numbers(), failures]).toEqual([[1, 3], []]);
  });

  it('lets nothing wait for ever: works beyond a group are the next one', async () => {
    const { add, groups, numbers } = open();
    await Promise.all(range(10_000).map(add));
    expect(groups.length).toBeGreaterThan(1);
    expect(numbers()).toHaveLength(10_000);
  });

  it('answers after the commit: another connection sees what was answered', async () => {
    const path = join(scratchFolder(), 'a.db');
    const { add } = open({ path });
    await add(1);
    const reader = openDatabase({ path, readOnly: true });
    expect(reader.prepare('SELECT count(*) AS n FROM numbers').get()).toEqual({ n: 1 });
  });

  it('refuses a work alone when that says no before it writes', async () => {
    const { db, add, groups, numbers } = open();
    let rollbacks = 0;
    db.onRollback(() => {
      rollbacks += 1;
    });
    const refuse = db.write(() => {
      throw new CatenaError('test.no', 'not today');
    });
    expect(await outcomes([add(1), refuse, add(2)])).toEqual([1, 'not today', 2]);
    expect([groups, rollbacks, numbers()]).toEqual([[2], 0, [1, 2]]);
  });

  it.each([
    ['throws after it wrote', new TypeError('a slip')],
    ['throws what is no error', 'a slip'],
  ])('takes nobody along when a work %s, and leaves nothing of it', async (_how, thrown) => {
    const { db, add, addAndThrow, numbers } = open();
    let rollbacks = 0;
    db.onRollback(() => {
      rollbacks += 1;
    });
    const bad = addAndThrow(50, thrown).catch((error: unknown) => Promise.reject(new Error(String(error))));
    const answers = await outcomes([...range(10).map(add), bad, add(10)]);
    expect(answers.filter((answer) => typeof answer === 'number')).toEqual(range(11));
    expect(answers[10]).toContain('a slip');
    expect(numbers()).toEqual(range(11));
    expect(rollbacks).toBe(2);
  });

  it('takes nobody along when a constraint is broken', async () => {
    const { add, numbers } = open();
    const answers = await outcomes([add(1), add(1), add(2)]);
    expect([answers[0], answers[2]]).toEqual([1, 2]);
    expect(answers[1]).toMatch(/UNIQUE/);
    expect(numbers()).toEqual([1, 2]);
  });

  it('has caches write back in the transaction, and forget after a rollback', async () => {
    const { db, add, addAndThrow } = open();
    db.exec('CREATE TABLE totals (total INTEGER NOT NULL)');
    const save = db.prepare('INSERT INTO totals VALUES (?)');
    const cache = { total: 0, dirty: false };
    db.beforeCommit(() => {
      if (cache.dirty) save.run(cache.total);
      cache.dirty = false;
    });
    db.onRollback(() => Object.assign(cache, { total: 0, dirty: false }));
    const count = () =>
      db.write(() => {
        cache.total += 1;
        cache.dirty = true;
      });
    await Promise.all([count(), count()]);
    await Promise.allSettled([count(), addAndThrow(1, new Error('slip')), add(2)]);
    // The group was rolled back, the cache with it; the work that counted was then done again by itself.
    expect(db.prepare('SELECT total FROM totals').all()).toEqual([{ total: 2 }, { total: 1 }]);
  });

  it('goes on after a transaction that failed as a whole', async () => {
    const { db, add, numbers } = open();
    let broken = true;
    db.beforeCommit(() => {
      if (broken) throw new Error('a cache could not write back');
    });
    expect(await outcomes([add(1), add(2)])).toEqual(range(2).map(() => 'a cache could not write back'));
    broken = false;
    expect(await outcomes([add(3)])).toEqual([3]);
    expect(numbers()).toEqual([3]);
  });
});

describe('closing', () => {
  it('writes what is still queued, and takes nothing more', async () => {
    const path = join(scratchFolder(), 'a.db');
    const { db, add } = open({ path });
    const queued = range(1_200).map(add);
    db.close();
    db.close();
    expect(await Promise.all(queued)).toHaveLength(1_200);
    await expect(add(1)).rejects.toMatchObject({ code: 'store.closed' });
    const reopened = openDatabase({ path });
    expect(reopened.prepare('SELECT count(*) AS n FROM numbers').get()).toEqual({ n: 1_200 });
  });
});

describe('a full disk', () => {
  const full = (db: SqliteDatabase) => db.exec('PRAGMA max_page_count = 12');

  it('is an error with a remedy, told to whoever watches, and leaves what stood before', async () => {
    const failures: CatenaError[] = [];
    const { db, add, numbers } = open({ onFailure: (error) => void failures.push(error) });
    await add(1);
    full(db);
    const fill = db.prepare('INSERT INTO numbers VALUES (?, ?)');
    const large = (n: number) => db.write(() => void fill.run(n, 'x'.repeat(100_000)));
    const small = add(2);
    await expect(large(3)).rejects.toMatchObject({
      code: 'store.disk_full',
      class: 'retryable',
      remedy: expect.stringContaining('free some space'),
    });
    expect(await small).toBe(2);
    expect(failures).toMatchObject([{ code: 'store.disk_full' }]);
    db.exec('PRAGMA max_page_count = 100000');
    await large(3);
    expect(numbers()).toEqual([1, 2, 3]);
  });

  it('is not what a failing work of another kind is told as', async () => {
    const failures: CatenaError[] = [];
    const { addAndThrow } = open({ onFailure: (error) => void failures.push(error) });
    await expect(addAndThrow(1, new TypeError('slip'))).rejects.toThrow('slip');
    expect(failures).toEqual([]);
  });
});
