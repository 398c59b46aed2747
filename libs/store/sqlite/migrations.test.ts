import { expect, it, onTestFinished } from 'vitest';
import { END, letter, newRun, records } from '../../../test/conformance/store/harness.ts';
import { ManualClock } from '../../clock/clock.ts';
import { defaultPolicy } from '../../coordination/protocol/policy.ts';
import { openSqliteCoordinator } from '../../coordination/sqlite/index.ts';
import { SqliteDatabase } from '../../sqlite/database.ts';
import { migrate } from '../../sqlite/migrate.ts';
import { openSqliteStore } from './index.ts';
import { STORE_MIGRATIONS } from './schema.ts';

it('a file of the first version keeps its runs and letters, and finds them by what is new', async () => {
  const db = new SqliteDatabase({ path: ':memory:' });
  onTestFinished(() => db.close());
  openSqliteCoordinator({ db, clock: new ManualClock(), policy: defaultPolicy });
  migrate(db, 'store', STORE_MIGRATIONS.slice(0, 1));
  const run = newRun('r', { account: 'blue', modules: ['m@1.0.0', 'n@1.0.0'] });
  db.prepare(
    `INSERT INTO runs (run_id, task_id, fingerprint, state, accepted_at, record) VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(...['r', 't', run.fingerprint, 'closed', run.acceptedAtMs, JSON.stringify(run)]);
  db.prepare('INSERT INTO dead_letters VALUES (1, ?, ?)').run('a', JSON.stringify(letter('a')));

  const store = openSqliteStore(db);
  for (const filter of [{ account: 'blue' }, { moduleId: 'n@1.0.0' }, { acceptedFromMs: run.acceptedAtMs }]) {
    expect(await store.listRuns({ limit: 10, ...filter })).toMatchObject([{ runId: 'r', account: 'blue' }]);
  }
  expect(await store.listRuns({ limit: 10, account: 'red' })).toEqual([]);
  expect(await store.listDeadLetters('r')).toEqual([letter('a')]);
  await store.closeRun('r', END, records([letter('a', { epoch: 2 })]));
  expect(await store.listDeadLetters('r')).toEqual([letter('a', { epoch: 2 })]);
});
