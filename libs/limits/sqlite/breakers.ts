import type { Clock } from '../../clock/clock.ts';
import type { SqliteDatabase } from '../../sqlite/database.ts';
import { migrate } from '../../sqlite/migrate.ts';
import {
  ask,
  type BreakerRecord,
  type BreakerStep,
  report,
  reset,
  snapshotOf,
  UNKNOWN_BREAKER,
} from '../breaker-rules.ts';
import { type Breakers, type BreakerTransition, checkedPolicy, decodeToken, encodeToken, nonces } from '../breakers.ts';

const MIGRATIONS = [
  `CREATE TABLE breakers (
     key TEXT PRIMARY KEY, state TEXT NOT NULL, record TEXT NOT NULL, changed_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX breakers_not_closed ON breakers (key) WHERE state <> 'closed';
   CREATE INDEX breakers_by_age ON breakers (changed_ms)`,
];

/** Keys that are unused for this long are deleted at the next start. */
const KEPT_MS = 7 * 86_400_000;

export interface SqliteBreakersOptions {
  readonly db: SqliteDatabase;
  readonly clock: Clock;
}

/** The breakers of single-node mode, on the engine's database. A healthy key costs one read and no write. */
export function openSqliteBreakers({ db, clock }: SqliteBreakersOptions): Breakers {
  migrate(db, 'breakers', MIGRATIONS);
  const sql = {
    find: db.prepare('SELECT record FROM breakers WHERE key = ?'),
    put: db.prepare(
      `INSERT INTO breakers (key, state, record, changed_ms) VALUES (?, ?, ?, ?) ON CONFLICT (key)
       DO UPDATE SET state = excluded.state, record = excluded.record, changed_ms = excluded.changed_ms`,
    ),
    list: db.prepare(`SELECT key, record FROM breakers WHERE state <> 'closed' ORDER BY key`),
    forget: db.prepare('DELETE FROM breakers WHERE changed_ms < ?'),
  };
  db.read(() => sql.forget.run(clock.now() - KEPT_MS));
  const nextNonce = nonces();

  const find = (key: string): BreakerRecord => {
    const row = sql.find.get(key);
    return row === undefined ? UNKNOWN_BREAKER : (JSON.parse(row.record as string) as BreakerRecord);
  };

  /** Decides on committed state first; only if that changes something, decides again inside a transaction. */
  async function transit<Answer>(key: string, decide: (record: BreakerRecord) => BreakerStep<Answer>): Promise<Answer> {
    const { record, answer } = db.read(() => {
      const found = find(key);
      const step = decide(found);
      return { ...step, record: step.record === found ? undefined : step.record };
    });
    if (record === undefined) return answer;
    return db.write(() => {
      const found = find(key);
      const step = decide(found);
      if (step.record !== found) sql.put.run(key, step.record.state, JSON.stringify(step.record), clock.now());
      return step.answer;
    });
  }

  return {
    async acquire(key, wanted) {
      const policy = checkedPolicy(key, wanted);
      const nonce = nextNonce();
      const answer = await transit(key, (record) => ask(record, { nonce, policy, nowMs: clock.now() }));
      if ('generation' in answer) return { granted: true, token: encodeToken({ ...policy, ...answer, nonce }) };
      return { granted: false, ...answer, waitMs: Math.max(0, answer.retryAtMs - clock.now()) };
    },
    async report(key, text, outcome) {
      const token = decodeToken(text);
      if (token === undefined) return undefined;
      return named(key, await transit(key, (record) => report(record, { token, outcome, nowMs: clock.now() })));
    },
    state: async (key) =>
      snapshotOf(
        key,
        db.read(() => find(key)),
      ),
    list: async () =>
      db.read(() => sql.list.all()).map(({ key, record }) => snapshotOf(key as string, JSON.parse(record as string))),
    reset: async (key) => named(key, await transit(key, (record) => reset(record, clock.now()))),
  };
}

function named(key: string, change: Omit<BreakerTransition, 'key'> | undefined): BreakerTransition | undefined {
  return change === undefined ? undefined : { key, ...change };
}
