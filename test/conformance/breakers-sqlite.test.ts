import { ManualClock } from '../../libs/clock/clock.ts';
import { openSqliteBreakers } from '../../libs/limits/sqlite/breakers.ts';
import { SqliteDatabase } from '../../libs/sqlite/database.ts';
import { describeBreakerSequences } from './breaker-sequences.ts';
import { type BreakersHarness, describeBreakers } from './breakers.ts';

async function open(): Promise<BreakersHarness> {
  const clock = new ManualClock();
  const db = new SqliteDatabase({ path: ':memory:' });
  return {
    breakers: openSqliteBreakers({ db, clock }),
    another: async () => openSqliteBreakers({ db, clock }),
    now: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    close: async () => db.close(),
  };
}

describeBreakers('SQLite', open);
describeBreakerSequences('SQLite', open, 300);
