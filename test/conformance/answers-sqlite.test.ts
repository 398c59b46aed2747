import { onTestFinished } from 'vitest';
import { ManualClock } from '../../libs/clock/clock.ts';
import { SqliteDatabase } from '../../libs/sqlite/database.ts';
import { openSqliteResponseCache } from '../../libs/store/sqlite/response-cache.ts';
import { describeAnswers } from './answers.ts';

describeAnswers('SQLite', async (bounds) => {
  const db = new SqliteDatabase({ path: ':memory:' });
  onTestFinished(() => db.close());
  const clock = new ManualClock();
  const answers = openSqliteResponseCache({ db, clock, bounds });
  const rows = db.prepare('SELECT count(*) AS count FROM answers');
  return {
    answers,
    reopen: () => openSqliteResponseCache({ db, clock, bounds }),
    pass: async (ms) => clock.advance(ms),
    count: async () => rows.get()?.count as number,
  };
});
