import { ManualClock } from '../../../libs/clock/clock.ts';
import { defaultPolicy } from '../../../libs/coordination/protocol/policy.ts';
import type { Coordinator } from '../../../libs/coordination/protocol/port.ts';
import { openSqliteCoordinator } from '../../../libs/coordination/sqlite/index.ts';
import { SqliteDatabase } from '../../../libs/sqlite/database.ts';
import type { Windows } from '../coordinator/scene/harness.ts';
import type { Pair } from './property.ts';

/** Two SQLite coordinators in memory; the right one may be broken on purpose. */
export async function openSqlitePair(
  windows: Windows,
  breakRight = (whole: Coordinator): Coordinator => whole,
): Promise<Pair> {
  const policy = { ...defaultPolicy, ...windows };
  const clock = new ManualClock();
  const databases = [new SqliteDatabase({ path: ':memory:' }), new SqliteDatabase({ path: ':memory:' })] as const;
  const [left, right] = databases.map((db) => openSqliteCoordinator({ db, clock, policy }));
  return {
    left: { coordinator: left!, shard: 0 },
    right: { coordinator: breakRight(right!), shard: 0 },
    now: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    close: async () => {
      for (const db of databases) db.close();
    },
  };
}
