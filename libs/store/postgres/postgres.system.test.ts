/** What only a server can show: many processes at once, connections that break, limits of time and number. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { END, letter, newRun, records, rows, stream } from '../../../test/conformance/store/harness.ts';
import { type PostgresServer, startPostgres } from '../../../test/fixtures/servers/postgres-server.ts';
import type { DeadLetter, StoredEvent } from '../port.ts';
import { PostgresDatabase } from './database.ts';
import { openPostgresStore, type PostgresStore } from './index.ts';
import { migratePostgres } from './migrate.ts';
import { POSTGRES_MIGRATIONS } from './schema.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ fsync: false });
});

afterAll(() => server?.stop());

const OPTIONS = { connections: 4, timeoutMs: 20_000 };

async function openStore(options: Partial<typeof OPTIONS> & { readonly url: string }): Promise<PostgresStore> {
  const store = await openPostgresStore({ ...OPTIONS, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** A connection beside the store's. */
async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  // A test may end the server under it.
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end().catch(() => undefined));
  return client;
}

const BACKENDS = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'catena'`;

describe('migrations', () => {
  it('run once when many processes start together', async () => {
    const url = await server.newDatabase();
    const stores = await Promise.all(Array.from({ length: 8 }, () => openStore({ url })));
    await stores[0]!.acceptRun(newRun('r'));
    expect(await stores[7]!.findRun('r')).toMatchObject({ runId: 'r' });
    const client = await connect(url);
    const { rows: versions } = await client.query('SELECT version FROM catena_schema ORDER BY version');
    expect(versions.map(({ version }) => version)).toEqual(POSTGRES_MIGRATIONS.map((_, n) => n + 1));
  });

  it('of a newer Catena are refused', async () => {
    const url = await server.newDatabase();
    await openStore({ url });
    await (await connect(url)).query('INSERT INTO catena_schema VALUES (99)');
    await expect(openStore({ url })).rejects.toMatchObject({
      code: 'store.too_new',
      class: 'fatal',
      data: { version: 99, known: POSTGRES_MIGRATIONS.length },
    });
  });

  it('that fail leave nothing behind, and go on where they were', async () => {
    const url = await server.newDatabase();
    const db = new PostgresDatabase({ ...OPTIONS, url });
    onTestFinished(() => db.close());
    await expect(migratePostgres(db, ['CREATE TABLE a (n INT)', 'nonsense'])).rejects.toMatchObject({
      code: 'store.failed',
    });
    await migratePostgres(db, ['CREATE TABLE a (n INT)']);
    await migratePostgres(db, ['nonsense', 'ALTER TABLE a ADD COLUMN m INT']);
    expect(await db.query({ text: 'SELECT n, m FROM a' })).toEqual([]);
  });
});

describe('a store in PostgreSQL', () => {
  it('inserts and confirms an execution of 50,000 items', async () => {
    const store = await openStore({ url: await server.newDatabase() });
    await store.acceptRun(newRun('r'));
    const items = Array.from({ length: 50_000 }, (_, n) => ({
      type: 'row',
      data: JSON.stringify({ n, text: '"\\ß' }),
    }));
    const place = { runId: 'r', moduleId: 'm@1.0.0', phase: 0, nodeId: 'a', token: 't' };
    for (let times = 0; times < 2; times++) await store.insertItems([{ ...place, items }]);
    expect(await store.countItems('r')).toBe(0);
    await store.confirmItems('r', [{ nodeId: 'a', token: 't', replaces: '' }]);
    const read = await store.readItems({ runId: 'r', afterSeq: 0, limit: 100_000 });
    expect(read.map(({ data }) => data)).toEqual(items.map(({ data }) => data));
    expect(read.at(-1)!.seq).toBe(50_000);
  });

  it('confirms in several transactions what is too much for one, and refuses in each', async () => {
    const store = await openStore({ url: await server.newDatabase() });
    await store.acceptRun(newRun('r'));
    const items = rows(...Array.from({ length: 4_000 }, (_, n) => n));
    const nodeIds = ['a', 'b', 'c', 'd', 'e'];
    const place = { runId: 'r', moduleId: 'm@1.0.0', phase: 0 };
    const all = (token: string) => nodeIds.map((nodeId) => ({ ...place, nodeId, token, items }));
    const confirm = (token: string, replaces: string) =>
      store.confirmItems(
        'r',
        nodeIds.map((nodeId) => ({ nodeId, token, replaces })),
      );
    await store.insertItems([...all('t'), ...all('u')]);
    expect(await confirm('t', '')).toEqual([]);
    expect(await confirm('u', 'other')).toEqual(nodeIds);
    const seqs = (await store.readItems({ runId: 'r', afterSeq: 0, limit: 50_000 })).map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: 20_000 }, (_, n) => n + 1));
    expect(await confirm('u', 't')).toEqual([]);
    const [first] = await store.readItems({ runId: 'r', afterSeq: 0, limit: 1 });
    expect([first!.seq, await store.countItems('r')]).toEqual([20_001, 20_000]);
    expect([await store.hasWithdrawnItems('r', 0), await store.hasWithdrawnItems('r', 1)]).toEqual([false, true]);
  });

  it('settles a run with more abandoned rows than one statement deletes, and forgets those of late executions', async () => {
    const url = await server.newDatabase();
    const store = await openStore({ url });
    await store.acceptRun(newRun('r'));
    const place = { runId: 'r', moduleId: 'm@1.0.0', phase: 0, token: 't' };
    const many = rows(...Array.from({ length: 2_500 }, (_, n) => n));
    await store.insertItems([
      { ...place, nodeId: 'a', items: many },
      { ...place, nodeId: 'b', items: many },
      { ...place, nodeId: 'c', items: [] },
    ]);
    const client = await connect(url);
    const stored = async () => Number((await client.query('SELECT count(*) FROM items')).rows[0].count);
    expect(await stored()).toBe(5_001);
    await store.closeRun('r', END, records());
    expect(await stored()).toBe(0);
    await store.insertItems([{ ...place, nodeId: 'late', items: many }]);
    await store.markExpired('r');
    expect(await stored()).toBe(0);
  });

  it('keeps the letters of a settling while another one dies half-way', async () => {
    const store = await openStore({ url: await server.newDatabase() });
    await store.acceptRun(newRun('r'));
    const halfWay = Promise.withResolvers<void>();
    async function* slowly(): AsyncGenerator<DeadLetter> {
      yield letter('a');
      await halfWay.promise;
    }
    const dying = store.closeRun('r', END, { deadLetters: slowly(), events: stream<StoredEvent>([]) });
    await store.closeRun('r', END, records([letter('a'), letter('b')]));
    halfWay.reject(new Error('gone'));
    await expect(dying).rejects.toThrow('gone');
    expect((await store.listDeadLetters('r')).map(({ nodeId }) => nodeId)).toEqual(['a', 'b']);
  });

  it('counts the incarnations of the coordinator', async () => {
    const store = await openStore({ url: await server.newDatabase() });
    expect(await store.incarnation()).toBe(1);
    expect(await store.raiseIncarnation()).toBe(2);
    expect(await store.incarnation()).toBe(2);
  });

  it('refuses what a database cannot keep, and says so', async () => {
    const store = await openStore({ url: await server.newDatabase() });
    await expect(store.acceptRun(newRun('r', { account: 'a\u0000b' }))).rejects.toMatchObject({
      code: 'store.bad_value',
      class: 'fatal',
    });
    const hostile = { query: 'a\u0000b \ud800 {"}', deep: ["'; DROP TABLE runs; --"] };
    await store.acceptRun(newRun('r', { input: hostile }));
    expect(await store.findRun('r')).toMatchObject({ input: hostile });
  });

  it('opens no more connections than it may', async () => {
    const url = await server.newDatabase();
    const store = await openStore({ url, connections: 2 });
    const client = await connect(url);
    const asked = Array.from({ length: 40 }, (_, n) => store.acceptRun(newRun(`r${n}`)));
    const { rows: backends } = await client.query(BACKENDS);
    await Promise.all(asked);
    expect(backends.length).toBeLessThanOrEqual(2);
    expect((await client.query(BACKENDS)).rows).toHaveLength(2);
  });

  it('closes twice, and answers nothing after that', async () => {
    const store = await openStore({ url: await server.newDatabase() });
    await Promise.all([store.close(), store.close()]);
    await expect(store.findRun('r')).rejects.toMatchObject({ code: 'store.closed' });
  });
});

describe('when PostgreSQL fails', () => {
  it('a statement that waits too long ends as a retryable error', async () => {
    const url = await server.newDatabase();
    const store = await openStore({ url, timeoutMs: 300 });
    await store.acceptRun(newRun('r'));
    const client = await connect(url);
    await client.query('BEGIN');
    await client.query('SELECT * FROM runs FOR UPDATE');
    await expect(store.markOpen('r')).rejects.toMatchObject({ code: 'store.timeout', class: 'retryable' });
    await client.query('ROLLBACK');
    await store.markOpen('r');
    expect(await store.findRun('r')).toMatchObject({ state: 'open' });
  });

  it('a backend that hangs is given up in bounded time', async () => {
    const url = await server.newDatabase();
    const store = await openStore({ url, connections: 1, timeoutMs: 300 });
    await store.acceptRun(newRun('r'));
    const client = await connect(url);
    const { rows: backends } = await client.query(BACKENDS);
    const pid = backends[0].pid as number;
    process.kill(pid, 'SIGSTOP');
    try {
      await expect(store.findRun('r')).rejects.toMatchObject({ code: 'store.unavailable', class: 'retryable' });
      expect(await store.findRun('r')).toMatchObject({ runId: 'r' });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('a settling whose backend is killed can be done again', async () => {
    const url = await server.newDatabase();
    const store = await openStore({ url });
    await store.acceptRun(newRun('r'));
    await store.insertItems([
      { runId: 'r', moduleId: 'm@1.0.0', phase: 0, nodeId: 'a', token: 't', items: rows(1, 2, 3) },
      { runId: 'r', moduleId: 'm@1.0.0', phase: 0, nodeId: 'b', token: 'u', items: rows(4) },
    ]);
    await store.confirmItems('r', [{ nodeId: 'a', token: 't', replaces: '' }]);
    const letters = Array.from({ length: 1_200 }, (_, n) => letter(`n${String(n).padStart(4, '0')}`));
    const client = await connect(url);
    async function* killing(): AsyncGenerator<DeadLetter> {
      yield* letters.slice(0, 700);
      const { rows: backends } = await client.query(BACKENDS);
      for (const { pid } of backends) process.kill(pid as number, 'SIGKILL');
      yield* letters.slice(700);
    }
    const settling = store.closeRun('r', END, { deadLetters: killing(), events: stream<StoredEvent>([]) });
    await expect(settling).rejects.toMatchObject({ code: 'store.unavailable', class: 'retryable' });
    await expect
      .poll(() => store.findRun('r').catch(() => undefined), { timeout: 30_000 })
      .toMatchObject({ runId: 'r' });
    expect(await store.findRun('r')).toMatchObject({ state: 'accepted' });
    await store.closeRun('r', END, records(letters, [{ id: 'e', type: 'T', atMs: 1, data: {} }]));
    expect(await store.findRun('r')).toMatchObject({ state: 'closed', end: END });
    expect(await store.listDeadLetters('r')).toEqual(letters);
    expect(await store.countItems('r')).toBe(3);
    expect(await store.listUnconfirmed('r', 10)).toEqual([]);
  });

  it('everything is a retryable error while it is gone, and no error tells the password', async () => {
    const gone = new URL(await server.newDatabase());
    gone.password = 'hush';
    const store = await openStore({ url: gone.href, timeoutMs: 2_000 });
    await store.acceptRun(newRun('r'));
    await server.stop();
    const place = { runId: 'r', moduleId: 'm@1.0.0', phase: 0, nodeId: 'a', token: 't' };
    const attempts = await Promise.allSettled([
      store.findRun('r'),
      store.insertItems([{ ...place, items: rows(1) }]),
      store.confirmItems('r', [{ nodeId: 'a', token: 't', replaces: '' }]),
      store.closeRun('r', END, records()),
      openPostgresStore({ ...OPTIONS, url: gone.href }),
    ]);
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ status: 'rejected', reason: { code: 'store.unavailable', class: 'retryable' } });
      const { message, data } = (attempt as PromiseRejectedResult).reason as { message: string; data: unknown };
      expect(`${message} ${JSON.stringify(data)}`).not.toContain('hush');
    }
  });
});
