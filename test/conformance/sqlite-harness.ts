import { ManualClock } from '../../libs/clock/clock.ts';
import { defaultPolicy } from '../../libs/coordination/protocol/policy.ts';
import { openSqliteCoordinator } from '../../libs/coordination/sqlite/index.ts';
import { SqliteDatabase } from '../../libs/sqlite/database.ts';
import type { CoordinatorHarness, Windows } from './coordinator.ts';

/** The SQLite coordinator in memory, on a clock of its own. */
export async function openSqliteHarness(windows?: Windows): Promise<CoordinatorHarness> {
  const policy = { ...defaultPolicy, ...windows };
  const clock = new ManualClock();
  const db = new SqliteDatabase({ path: ':memory:' });
  return {
    coordinator: openSqliteCoordinator({ db, clock, policy }),
    policy,
    shards: 1,
    now: () => clock.now(),
    advance: async (ms) => clock.advance(ms),
    close: async () => db.close(),
  };
}
