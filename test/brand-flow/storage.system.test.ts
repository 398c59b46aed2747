/** How reports stand in PostgreSQL, and what a process lets go of there. */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { openPostgresStore } from '../../libs/store/postgres/index.ts';
import { newRun } from '../conformance/store/harness.ts';
import { type PostgresServer, startPostgres } from '../fixtures/servers/postgres-server.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ fsync: false });
});

afterAll(() => server?.stop());

async function openBoth() {
  const url = await server.newDatabase();
  const store = await openPostgresStore({ url, connections: 4, timeoutMs: 20_000 });
  onTestFinished(() => store.close());
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return { store, client };
}

it('a large report is stored compressed, and read whole (B37)', async () => {
  const { store, client } = await openBoth();
  await store.acceptRun(newRun('r'));
  const results = Array.from({ length: 5_000 }, (_, n) => ({
    model: 'qwen',
    question: `推荐第${n}类跑鞋`,
    data: null,
  }));
  const data = JSON.stringify({ success: true, results });
  const node = { runId: 'r', moduleId: 'm@1', phase: 3, nodeId: 'n', token: 't' };
  await store.insertItems([{ ...node, items: [{ type: 'report', data }] }]);
  await store.confirmItems('r', [{ nodeId: 'n', token: 't', replaces: '' }]);
  const { rows } = await client.query('SELECT octet_length(data) AS bytes, pg_column_size(data) AS stored FROM items');
  expect(rows[0].bytes).toBe(Buffer.byteLength(data));
  expect(rows[0].stored).toBeLessThan(rows[0].bytes / 4);
  const [row] = await store.readItems({ runId: 'r', afterSeq: 0, limit: 1, type: 'report' });
  expect(row?.data).toBe(data);
});

it('connections go back to the pool when statements fail, and away when the store is closed (B36)', async () => {
  const { store, client } = await openBoth();
  const OTHERS = `SELECT state FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`;
  // Many times as many failures as there are connections: one that is lost each time would leave none.
  const orphan = { runId: 'unknown', moduleId: 'm@1', phase: 0, nodeId: 'n', token: 't', items: [] };
  const failures = await Promise.allSettled(Array.from({ length: 40 }, () => store.insertItems([orphan])));
  expect(failures.filter(({ status }) => status === 'rejected')).toHaveLength(40);
  expect(await store.findRun('unknown')).toBeUndefined();
  const open = (await client.query<{ state: string }>(OTHERS)).rows;
  expect(open.length).toBeGreaterThan(0);
  expect(open.map(({ state }) => state)).toEqual(open.map(() => 'idle'));
  await store.close();
  // The server notices a moment later.
  await vi.waitFor(async () => expect((await client.query(OTHERS)).rows).toEqual([]));
});
