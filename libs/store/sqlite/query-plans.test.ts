import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { defaultPolicy } from '../../coordination/protocol/policy.ts';
import { openSqliteCoordinator } from '../../coordination/sqlite/index.ts';
import { SqliteDatabase } from '../../sqlite/database.ts';
import { openSqliteStore } from './index.ts';

/** Statements that read a whole table, and why they may. */
const MAY_SCAN: readonly (readonly [statement: RegExp, why: string])[] = [
  [/^SELECT count\(\*\) AS n FROM chain_reorder$/, 'once at start; the table is nearly always empty'],
  [/^DELETE FROM chain_reorder WHERE run_id/, 'once per run that expires; nearly always empty'],
  [/^SELECT count\(\*\) AS nodes,.* FROM chain_nodes/, 'the audit looks at every node'],
  [/^UPDATE chain_nodes SET due_at = CASE/, 'the audit looks at every node'],
  [/^UPDATE chain_nodes SET window_place = /, 'the audit looks at every node'],
  [/^UPDATE chain_nodes SET due_at = \? WHERE due_at > 0/, 'once at start, over the open nodes only'],
  [/^SELECT coalesce\(sum\(nodes\), 0\) AS n FROM runs/, 'once in ten minutes: the ended runs whose nodes are kept'],
  [/^DELETE FROM chain_nodes WHERE no IN/, 'bounded batches, long after the end of a run'],
];

class ListeningDatabase extends SqliteDatabase {
  readonly statements: string[] = [];

  override prepare(sql: string) {
    this.statements.push(sql);
    return super.prepare(sql);
  }

  plan(sql: string): string[] {
    return super
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail));
  }
}

/** With every kind of list asked for once: their statements are prepared on demand. */
async function open(): Promise<ListeningDatabase> {
  const db = new ListeningDatabase({ path: ':memory:' });
  onTestFinished(() => db.close());
  openSqliteCoordinator({ db, clock: new ManualClock(), policy: defaultPolicy });
  const store = openSqliteStore(db);
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
    await store.listRuns({ limit: 1, ...filter, ...times });
    await store.listRuns({ limit: 1, ...filter, offset: 1 });
  }
  for (const filter of [{}, { account: 'a' }, { isMarked: true }, { account: 'a', isMarked: true }]) {
    await store.listTasks({ limit: 1, ...filter }, 1);
  }
  return db;
}

const inOneLine = (sql: string) => sql.replaceAll(/\s+/g, ' ').trim();

describe('the statements of coordinator and store', () => {
  it('find what they look for by an index, but for those that are named here', async () => {
    const db = await open();
    expect(db.statements.length).toBeGreaterThan(50);
    const scans = db.statements.flatMap((sql) => {
      const text = inOneLine(sql);
      // What a subquery gives is no table: the table that it reads has a line of its own.
      const scanned = db.plan(sql).filter((detail) => /^SCAN (?!CONSTANT|\(subquery)/.test(detail));
      return scanned.length === 0 || MAY_SCAN.some(([statement]) => statement.test(text))
        ? []
        : [`${text}: ${scanned}`];
    });
    expect(scans).toEqual([]);
  });

  it.each([
    ['SELECT no, id, phase_no', 'sqlite_autoindex_chain_nodes_1'],
    ['SELECT * FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND due_at <= ? ORDER BY due_at, no', 'chain_due'],
    ['SELECT * FROM runs WHERE fingerprint = ?', 'runs_by_fingerprint'],
    ['SELECT r.* FROM runs r WHERE r.state = ?1', 'runs_by_state'],
    ['SELECT r.* FROM runs r WHERE r.account = ?1 AND (', 'runs_by_account'],
    ['SELECT r.* FROM runs r WHERE r.account = ?1 AND r.accepted_at', 'runs_by_account'],
    ['SELECT r.* FROM runs r WHERE r.account = ?1 AND r.task_id = ?2', 'runs_by_task'],
    ['SELECT run_id, task_lifts FROM runs WHERE account = ? AND task_id = ?', 'runs_open_by_task'],
    ['SELECT * FROM tasks WHERE account = ?', 'USING PRIMARY KEY'],
    ['SELECT * FROM tasks WHERE ending = 1', 'tasks_ending'],
    ['SELECT t.* FROM tasks t WHERE (t.account, t.name) > (?1, ?2) ORDER', 'USING PRIMARY KEY'],
    ['SELECT t.* FROM tasks t WHERE (t.account, t.name) > (?1, ?2) AND', 'tasks_marked'],
    // B35: what the HTTP API asks for is answered from an index.
    ['SELECT r.* FROM runs r WHERE r.run_user = ?1', 'runs_by_user'],
    ['SELECT * FROM runs WHERE run_id = ?', 'sqlite_autoindex_runs_1'],
    ['SELECT r.* FROM runs r WHERE r.accepted_at >= ?1', 'runs_by_acceptance'],
    ['SELECT r.* FROM runs r WHERE (r.accepted_at,r.no) <', 'runs_by_acceptance'],
    ['SELECT r.* FROM run_modules m JOIN', 'USING PRIMARY KEY'],
    ['SELECT letter FROM dead_letters', 'USING PRIMARY KEY'],
    [
      'SELECT seq, module_id AS moduleId, type, data, revision FROM items i WHERE run_no = ? AND seq > ?',
      'items_by_run',
    ],
  ])('%s … by %s, without sorting', async (beginning, index) => {
    const db = await open();
    const found = db.statements.filter((sql) => inOneLine(sql).startsWith(beginning));
    expect(found.length).toBeGreaterThan(0);
    for (const sql of found) {
      const plan = db.plan(sql);
      expect(plan[0]).toContain(index);
      expect(plan.join()).not.toContain('TEMP B-TREE');
    }
  });
});
