/**
 * Statements whose cost follows their batch, whatever the server believes of the run: after many tiny runs its statistics say that
 * a run has a few rows, and nothing corrects them while a large one grows.
 */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../test/fixtures/servers/postgres-server.ts';
import { PostgresDatabase, type Statement } from './database.ts';
import * as items from './item-statements.ts';
import { migratePostgres } from './migrate.ts';
import { POSTGRES_MIGRATIONS } from './schema.ts';

const TINY_RUNS = 5_000;
const BATCH = 100;
/** Executions of five rows each, of the runs that are compared. */
const SMALL = { runNo: TINY_RUNS + 1, executions: 400 };
const LARGE = { runNo: TINY_RUNS + 2, executions: 40_000 };

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ fsync: false });
});

afterAll(() => server?.stop());

/** A database that learned nothing of its two last runs: it was analyzed before them, or never. */
async function openDatabase(isAnalyzed: boolean): Promise<Client> {
  const url = await server.newDatabase();
  const db = new PostgresDatabase({ url, connections: 1, timeoutMs: 60_000 });
  await migratePostgres(db, POSTGRES_MIGRATIONS);
  await db.close();
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const table of ['items', 'runs']) await client.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  // Plans are made once, for the tables as they are then, as in a process that has run for long.
  await client.query('SET plan_cache_mode = force_generic_plan');
  for (const { name, text } of Object.values(STATEMENTS)) await client.query(`PREPARE ${name} AS ${text}`);
  if (isAnalyzed) {
    await client.query(`
      INSERT INTO items (run_no, node_id, token, ordinal, seq, phase, module_id, type, data)
        SELECT n, 'node-1', 't', ordinal, ordinal + 1, 0, 'm', 'row', '{}'
        FROM generate_series(1, ${TINY_RUNS}) n, generate_series(0, 2) ordinal;
      ANALYZE items`);
  }
  for (const name of Object.keys(STATEMENTS)) await blocksOf(client, name, SMALL);
  await client.query(`
    INSERT INTO runs (run_id, task_id, account, fingerprint, accepted_at, record)
      SELECT 'run-' || n, 't', 'a', 'f' || n, n, '{}' FROM generate_series(1, ${LARGE.runNo}) n`);
  for (const { runNo, executions } of [SMALL, LARGE]) {
    await client.query(
      `INSERT INTO items (run_no, node_id, token, ordinal, seq, phase, module_id, type, data)
        SELECT $1, 'node-' || n, 't', ordinal, CASE WHEN n % 2 = 0 THEN n * 5 + ordinal + 1 END, 0, 'm', 'row', '{}'
        FROM generate_series(1, $2::int) n, generate_series(0, 4) ordinal`,
      [runNo, executions],
    );
  }
  return client;
}

const STATEMENTS: Readonly<Record<string, Statement>> = {
  insert: items.INSERT,
  sizes: items.SIZES,
  refused: items.REFUSED,
  replace: items.REPLACE,
  withdraw: items.WITHDRAW,
  confirm: items.CONFIRM,
  'withdraw what was lost': items.WITHDRAW_LOST,
  'list what is not confirmed': items.UNCONFIRMED,
  'list what is shown': items.SHOWN,
  prune: items.PRUNE,
  read: items.readStatement(false, false, false),
  'read a type': items.readStatement(true, false, false),
};

const array = (values: readonly (string | number)[], type: string) =>
  `ARRAY[${values.map((value) => (typeof value === 'number' ? value : `'${value}'`)).join(',')}]::${type}[]`;

/** Values for a batch of executions that have not been confirmed, in the middle of a run. */
function valuesOf(name: string, { runNo, executions }: typeof SMALL): string {
  const nodes = Array.from({ length: BATCH }, (_, at) => `node-${executions / 2 + 1 + 2 * Math.floor(at / 2)}`);
  const [ids, tokens] = [
    array(nodes, 'text'),
    array(
      nodes.map(() => 't'),
      'text',
    ),
  ];
  const other = array(
    nodes.map(() => 'u'),
    'text',
  );
  const middle = Math.floor(executions / 2) * 5;
  switch (name) {
    case 'insert': {
      const same = (value: string | number, type: string) =>
        array(
          nodes.map(() => value),
          type,
        );
      const texts = [same('m', 'text'), same('row', 'text'), same('{}', 'text')];
      return [
        same(runNo, 'bigint'),
        ids,
        other,
        array(
          nodes.map((_, at) => at),
          'int',
        ),
        same(0, 'int'),
        ...texts,
        same(1, 'int'),
      ].join();
    }
    case 'refused':
      return `${runNo}, ${ids}, ${other}, ${array(
        nodes.map(() => ''),
        'text',
      )}`;
    case 'replace':
    case 'withdraw':
      return `${runNo}, ${ids}, ${other}`;
    case 'confirm':
      return `${runNo}, ${ids}, ${tokens}, ${executions * 10}`;
    case 'list what is not confirmed':
      return `${runNo}, 'node-1', 't', ${BATCH}`;
    case 'list what is shown':
      return `${runNo}, ${middle}, ${BATCH}`;
    case 'prune':
      return `${runNo}, ${BATCH}`;
    case 'read':
      return `${runNo}, ${middle}, ${BATCH}`;
    case 'read a type':
      return `${runNo}, ${middle}, ${BATCH}, 'row'`;
    default:
      return `${runNo}, ${ids}, ${tokens}`;
  }
}

interface Plan {
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
}

/** Blocks that the statement touches, which is what its time follows; its changes are taken back. */
async function blocksOf(client: Client, name: string, run: typeof SMALL): Promise<number> {
  await client.query('BEGIN');
  const execute = `EXECUTE ${STATEMENTS[name]!.name}(${valuesOf(name, run)})`;
  const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${execute}`);
  await client.query('ROLLBACK');
  const [{ Plan: plan }] = rows[0]['QUERY PLAN'] as [{ readonly Plan: Plan }];
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

describe.each([
  { statistics: 'of many tiny runs', isAnalyzed: true },
  { statistics: 'of empty tables', isAnalyzed: false },
])('with statistics $statistics, cost follows the batch', ({ isAnalyzed }) => {
  let client: Client;

  beforeAll(async () => {
    client = await openDatabase(isAnalyzed);
  });

  afterAll(() => client?.end());

  it.each(Object.keys(STATEMENTS))('K3: %s', async (name) => {
    const small = await blocksOf(client, name, SMALL);
    const large = await blocksOf(client, name, LARGE);
    // An index of a hundred times as many rows is a level deeper.
    expect(large / small, `${small} blocks in a small run, ${large} in a large one`).toBeLessThan(3);
  });
});
