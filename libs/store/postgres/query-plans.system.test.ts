import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { END, letter, newRun, records } from '../../../test/conformance/store/harness.ts';
import { type PostgresServer, startPostgres } from '../../../test/fixtures/servers/postgres-server.ts';
import { PostgresDatabase, type PostgresOptions, type Query, type Statement } from './database.ts';
import { type PostgresStore, postgresStoreIn } from './index.ts';
import { migratePostgres } from './migrate.ts';
import { POSTGRES_MIGRATIONS } from './schema.ts';

/** Remembers every statement, and how many values it takes. */
class ListeningDatabase extends PostgresDatabase {
  readonly statements = new Map<string, number>();

  constructor(options: PostgresOptions) {
    super(options);
    this.query = this.#listening(this.query);
  }

  override transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return super.transaction((query) => work(this.#listening(query)));
  }

  #listening(query: Query): Query {
    return (statement: Statement, values = []) => {
      this.statements.set(statement.text, values.length);
      return query(statement, values);
    };
  }
}

/** Tables of a few rows, read whole. */
const MAY_SCAN = ['incarnation'];

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
}

let server: PostgresServer;
let db: ListeningDatabase;
let client: Client;

beforeAll(async () => {
  server = await startPostgres({ fsync: false });
  const url = await server.newDatabase();
  db = new ListeningDatabase({ url, connections: 2, timeoutMs: 60_000 });
  await migratePostgres(db, POSTGRES_MIGRATIONS);
  client = new Client({ connectionString: url });
  await client.connect();
  await fill();
  db.statements.clear();
  await callEverything(postgresStoreIn(db));
  await client.query('SET plan_cache_mode = force_generic_plan');
});

afterAll(async () => {
  await client?.end();
  await db?.close();
  await server?.stop();
});

/** Enough rows that reading a whole table would show. */
async function fill(): Promise<void> {
  await client.query(`
    INSERT INTO runs (run_id, task_id, account, run_user, fingerprint, accepted_at, record, state)
      SELECT 'run-' || n, 't' || n % 20, 'account-' || n % 50, 'user-' || n % 50, 'f' || n, n, '{}', CASE n % 100 WHEN 0 THEN 'open' ELSE 'closed' END
      FROM generate_series(1, 20000) n;
    INSERT INTO tasks (account, name, mark, ending)
      SELECT 'account-' || n % 50, 't' || n, CASE n % 1000 WHEN 0 THEN '{}' ELSE '' END, n % 1000 = 0 FROM generate_series(1, 20000) n;
    INSERT INTO run_modules SELECT 'module-' || no % 50, accepted_at, no FROM runs;
    INSERT INTO items (run_no, node_id, token, ordinal, seq, phase, module_id, type, data)
      SELECT 1 + n % 20, 'node-' || n / 5, 't', n % 5, CASE WHEN n % 50 < 45 THEN n END, 0, 'm', 'row', '{}'
      FROM generate_series(1, 100000) n;
    INSERT INTO partials SELECT n / 50, 'node-' || n, 'm', 0, 1, '' FROM generate_series(1, 20000) n;
    INSERT INTO dead_letters SELECT n / 50, 'node-' || n, 1, '{}', FALSE, 0 FROM generate_series(1, 20000) n;
    INSERT INTO events (run_no, id, event) SELECT n / 50, 'e' || n, '{}' FROM generate_series(1, 20000) n;
    INSERT INTO exports SELECT n, 'p', 1, 1, 1, '' FROM generate_series(1, 20000) n;
    INSERT INTO accounts SELECT 'a' || n, 'p', '{}', 1 FROM generate_series(1, 20000) n;
    INSERT INTO foreign_messages (subject, reason, bytes, at) SELECT 's', 'r', '', 1 FROM generate_series(1, 9000) n;
    ANALYZE`);
}

async function callEverything(store: PostgresStore): Promise<void> {
  const run = newRun('r', { idempotencyKey: 'k' });
  for (let times = 0; times < 2; times++) await store.acceptRun(run);
  await store.markOpen('r');
  await store.findRun('r');
  await store.findRunByFingerprint('f');
  await store.listExpiring(1, 10);
  await store.listExpired(1, 10);
  await store.countRuns('accepted', 10);
  const times = { acceptedFromMs: 1, acceptedBeforeMs: 2 };
  for (const filter of [
    {},
    { state: 'open' as const },
    { account: 'a' },
    { user: 'u' },
    { moduleId: 'm' },
    { account: 'a', taskId: 't' },
  ]) {
    await store.listRuns({ limit: 1, ...filter });
    await store.listRuns({ limit: 1, ...filter, ...times, after: 'r', offset: 1 });
  }
  const rows = { runId: 'r', moduleId: 'm', phase: 0, nodeId: 'n' };
  await store.insertItems([{ ...rows, token: 't1', items: [{ type: 'row', data: '{}' }] }]);
  await store.confirmItems('r', [{ nodeId: 'n', token: 't1', replaces: '' }]);
  await store.listUnconfirmed('r', 10);
  const join = { moduleId: 'm', beforePhase: 1 };
  for (const query of [{}, { type: 'row' }, { join }, { type: 'row', join }]) {
    await store.readItems({ runId: 'r', afterSeq: 0, limit: 10, ...query });
    await store.readItems({ runId: 'r', afterSeq: 0, limit: 10, ...query, withReplaced: true });
  }
  await store.countItems('r');
  await store.hasWithdrawnItems('r', 1);
  await store.savePartial({ ...rows, text: '', receivedAtMs: 1 });
  await store.listPartials({ runId: 'r', moduleId: 'm', beforePhase: 1, limit: 1, after: '' });
  const count = { executions: 1, errors: 1, items: 0 };
  await store.closeRun('r', END, { ...records([letter('n')], [{ id: 'e', type: 'T', atMs: 1, data: {} }]), count });
  const task = { account: run.account, name: run.taskId };
  await store.markTask(task, { by: 'threshold', reason: '', atMs: 1, runId: 'r' });
  await store.findTask(task, 10);
  await store.listEndingTasks(10, 10);
  for (const filter of [{}, { account: 'a' }, { isMarked: true }, { account: 'a', isMarked: true }]) {
    await store.listTasks({ limit: 1, ...filter }, 1);
  }
  await store.endedTask(task);
  await store.liftTask(task);
  await store.listEvents('r');
  await store.listDeadLetters('r', { limit: 10, after: 'a' });
  await store.discardDeadLetters('r', ['n']);
  await store.saveExport('r', 'p', { seq: 1, bytes: 1, rows: 1, layout: '' });
  await store.findExport('r', 'p');
  await store.putAccount({ account: 'a', platform: 'p', login: {}, updatedAtMs: 1 });
  await store.getAccount('a', 'p');
  await store.keepForeignMessage({ subject: 's', reason: 'r', bytes: new Uint8Array(), atMs: 1 });
  await store.listForeignMessages(10);
  await store.raiseIncarnation();
  await store.incarnation();
  await store.markExpired('r');
  while (await store.deleteRun('r', 1));
}

/** The nodes of the plan that is made without looking at any value: a prepared statement may come to use it. */
async function planOf(text: string, parameters: number): Promise<Plan[]> {
  await client.query(`PREPARE looked_at AS ${text}`);
  const nulls = Array.from({ length: parameters }, () => 'NULL').join(', ');
  const { rows } = await client.query(`EXPLAIN (FORMAT JSON) EXECUTE looked_at${parameters === 0 ? '' : `(${nulls})`}`);
  await client.query('DEALLOCATE looked_at');
  const nodes: Plan[] = [];
  const visit = (plan: Plan): void => {
    nodes.push(plan);
    plan.Plans?.forEach(visit);
  };
  for (const { Plan: plan } of rows[0]['QUERY PLAN'] as { readonly Plan: Plan }[]) visit(plan);
  return nodes;
}

const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

describe('the statements of the store in PostgreSQL', () => {
  it('find what they look for by an index', async () => {
    expect(db.statements.size).toBeGreaterThan(35);
    const scans: string[] = [];
    for (const [text, parameters] of db.statements) {
      for (const node of await planOf(text, parameters)) {
        const table = node['Relation Name'];
        if (node['Node Type'] !== 'Seq Scan' || table === undefined || MAY_SCAN.includes(table)) continue;
        scans.push(`${table}: ${inOneLine(text)}`);
      }
    }
    expect(scans).toEqual([]);
  });

  it.each([
    ['SELECT r.* FROM runs r WHERE r.state = $1', 'runs_by_state'],
    ['SELECT r.* FROM runs r WHERE r.account = $1 AND (', 'runs_by_account'],
    ['SELECT r.* FROM runs r WHERE r.account = $1 AND r.accepted_at', 'runs_by_account'],
    ['SELECT r.* FROM runs r WHERE r.account = $1 AND r.task_id = $2', 'runs_by_task'],
    ['SELECT t.*, ARRAY( SELECT json_build_object', 'runs_open_by_task'],
    // B35: what the HTTP API asks for is answered from an index.
    ['SELECT r.* FROM runs r WHERE r.run_user = $1', 'runs_by_user'],
    ['SELECT * FROM runs WHERE run_id = $1', 'runs_run_id_key'],
    ['SELECT r.* FROM runs r WHERE r.accepted_at >= $1', 'runs_by_acceptance'],
    ['SELECT r.* FROM runs r WHERE (r.accepted_at,r.no) <', 'runs_by_acceptance'],
    ['SELECT r.* FROM run_modules m JOIN', 'run_modules_pkey'],
    ['SELECT * FROM runs WHERE fingerprint = $1', 'runs_by_fingerprint'],
    ["SELECT run_id FROM runs WHERE state = 'closed' AND NOT expired", 'runs_by_end'],
    ["SELECT run_id FROM runs WHERE state = 'closed' AND expired", 'runs_expired'],
    ['SELECT seq, module_id AS "moduleId", type, data, revision FROM items', 'items_by_seq'],
    ['SELECT i.node_id AS "nodeId"', 'items_unconfirmed'],
    ['SELECT letter FROM dead_letters', 'dead_letters_pkey'],
    ['SELECT event FROM events', 'events_in_order'],
    ['SELECT subject, reason, bytes, at FROM foreign_messages', 'foreign_messages_pkey'],
  ])('%s … by %s, without sorting', async (beginning, index) => {
    const found = [...db.statements].filter(([text]) => inOneLine(text).startsWith(beginning));
    expect(found.length).toBeGreaterThan(0);
    for (const [text, parameters] of found) {
      const plan = await planOf(text, parameters);
      expect(plan.map((node) => node['Index Name'])).toContain(index);
      expect(plan.map((node) => node['Node Type'])).not.toContain('Sort');
    }
  });
});
