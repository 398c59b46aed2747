import { Pool } from 'pg';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { openPostgresStore } from '../../libs/store/postgres/index.ts';
import { type PostgresServer, startPostgres } from '../fixtures/servers/postgres-server.ts';
import { describeAnswers } from './answers.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ fsync: false });
});

afterAll(() => server?.stop());

describeAnswers('PostgreSQL', async (bounds) => {
  const url = await server.newDatabase();
  const store = await openPostgresStore({ url, connections: 8, timeoutMs: 20_000 });
  const pool = new Pool({ connectionString: url, max: 1 });
  // The server is stopped while connections are on their way out.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  onTestFinished(async () => {
    await pool.end();
    await store.close();
  });
  return {
    answers: store.responseCache(bounds),
    reopen: () => store.responseCache(bounds),
    // The clock is the server's: what is kept grows older instead.
    pass: async (ms) => {
      const earlier = `make_interval(secs => ${ms} / 1000.0)`;
      await pool.query(`UPDATE answers SET stored_at = stored_at - ${earlier}, expires_at = expires_at - ${earlier}`);
    },
    count: async () => Number((await pool.query('SELECT count(*) AS count FROM answers')).rows[0].count),
  };
});
