import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SqliteDatabase } from './database.ts';
import { migrate } from './migrate.ts';
import { openDatabase, scratchFolder } from './scratch.fixture.ts';

const failing = (code: string, remedy: string) =>
  expect.objectContaining({ code, remedy: expect.stringContaining(remedy) });

/** Another process that holds the file until it is killed. */
async function holdElsewhere(path: string): Promise<{ kill(): Promise<void> }> {
  const script = `
    import { SqliteDatabase } from ${JSON.stringify(join(import.meta.dirname, 'database.ts'))};
    const db = new SqliteDatabase({ path: ${JSON.stringify(path)} });
    db.exec('CREATE TABLE IF NOT EXISTS held (n INTEGER)');
    await db.write(() => db.exec('INSERT INTO held VALUES (1)'));
    process.stdout.write('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = await once(child.stdout, 'data');
  expect(String(said[0])).toBe('held');
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('the lock on a file', () => {
  it('keeps a second opener of this process out, until the first lets go', () => {
    const path = join(scratchFolder(), 'a.db');
    const first = openDatabase({ path });
    for (let times = 0; times < 2; times++) {
      expect(() => new SqliteDatabase({ path })).toThrow(failing('store.locked', 'wait until it ends'));
    }
    first.close();
    openDatabase({ path });
  });

  it('keeps other processes out, and is freed by kill -9; what was committed stands', async () => {
    const path = join(scratchFolder(), 'a.db');
    const other = await holdElsewhere(path);
    expect(() => new SqliteDatabase({ path })).toThrow(failing('store.locked', '--db'));
    await other.kill();
    const db = openDatabase({ path });
    expect(db.prepare('SELECT count(*) AS n FROM held').get()).toEqual({ n: 1 });
  });

  it('lets readers in', () => {
    const path = join(scratchFolder(), 'a.db');
    openDatabase({ path }).exec('CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (7)');
    const reader = openDatabase({ path, readOnly: true });
    expect(reader.prepare('SELECT n FROM t').get()).toEqual({ n: 7 });
    expect(() => reader.exec('INSERT INTO t VALUES (8)')).toThrow(
      expect.objectContaining({ code: 'store.unwritable' }),
    );
  });

  it('is not asked for in memory', () => {
    openDatabase();
    openDatabase();
    expect(existsSync(':memory:.lock')).toBe(false);
  });

  it('is let go when the database behind it cannot be opened', () => {
    const path = join(scratchFolder(), 'a.db');
    writeFileSync(path, 'not a database at all, but long enough to look like something '.repeat(100));
    expect(() => new SqliteDatabase({ path })).toThrow(failing('store.corrupt', 'name another file'));
    writeFileSync(path, '');
    openDatabase({ path });
  });
});

describe('a file that is no good', () => {
  it('is found out on the way when a page of it is broken', () => {
    const path = join(scratchFolder(), 'a.db');
    const db = openDatabase({ path });
    db.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)');
    const insert = db.prepare('INSERT INTO t VALUES (?, ?)');
    for (let n = 0; n < 500; n++) insert.run(n, 'x'.repeat(200));
    db.close();
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(statSync(path).size - 8_192, 0xff), 0, undefined, 8_192);
    closeSync(file);
    const broken = openDatabase({ path });
    const statement = broken.prepare('SELECT sum(length(text)) FROM t');
    expect(() => broken.read(() => statement.get())).toThrow(
      failing('store.corrupt', 'restore this one from a backup'),
    );
  });

  it('is one in a folder that does not exist, or that is a folder itself', () => {
    const folder = scratchFolder();
    for (const path of [join(folder, 'missing', 'a.db'), folder]) {
      expect(() => new SqliteDatabase({ path })).toThrow(failing('store.unwritable', 'folder'));
    }
  });

  it('is told by its path, with what SQLite said', () => {
    const path = join(scratchFolder(), 'missing', 'a.db');
    try {
      openDatabase({ path });
      expect.unreachable();
    } catch (thrown) {
      expect(thrown).toMatchObject({ data: { path }, cause: expect.any(Error) });
    }
  });
});

describe('migrations', () => {
  const ONE = 'CREATE TABLE a (n INTEGER)';
  const TWO = 'ALTER TABLE a ADD COLUMN name TEXT; CREATE INDEX by_name ON a (name)';

  it('run once each, in order, per component', () => {
    const db = openDatabase();
    migrate(db, 'x', [ONE]);
    db.exec('INSERT INTO a VALUES (1)');
    migrate(db, 'x', [ONE, TWO]);
    migrate(db, 'x', [ONE, TWO]);
    migrate(db, 'y', ['CREATE TABLE b (n INTEGER)']);
    expect(db.prepare('SELECT * FROM a').all()).toEqual([{ n: 1, name: null }]);
    expect(db.prepare('SELECT * FROM schema_versions ORDER BY component').all()).toEqual([
      { component: 'x', version: 2 },
      { component: 'y', version: 1 },
    ]);
  });

  it('refuse a file that a newer version has written, and leave it as it is', () => {
    const db = openDatabase();
    migrate(db, 'x', [ONE, TWO]);
    expect(() => migrate(db, 'x', [ONE])).toThrow(failing('store.too_new', 'use that version'));
    expect(db.prepare('SELECT version FROM schema_versions').get()).toEqual({ version: 2 });
  });

  it('leave nothing of one that fails, and can be tried again', async () => {
    const db = openDatabase();
    expect(() => migrate(db, 'x', [ONE, `${TWO}; CREATE TABLE a (n INTEGER)`])).toThrow(/already exists/);
    expect(db.prepare('SELECT version FROM schema_versions').get()).toEqual({ version: 1 });
    await db.write(() => undefined);
    migrate(db, 'x', [ONE, TWO]);
    expect(db.prepare('SELECT version FROM schema_versions').get()).toEqual({ version: 2 });
  });
});
