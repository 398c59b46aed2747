import type { ConfirmedItems, ShownItems, Store } from '../port.ts';
import type { AnswerBounds, ResponseCache } from '../response-cache.ts';
import { contractsIn } from './contracts.ts';
import { PostgresDatabase, type PostgresOptions } from './database.ts';
import { deploymentIn } from './deployment.ts';
import { type Incarnation, incarnationIn } from './incarnation.ts';
import { Items } from './items.ts';
import { migratePostgres } from './migrate.ts';
import { partialsIn } from './partials.ts';
import { recordsIn } from './records.ts';
import { responseCacheIn } from './response-cache.ts';
import { RunClosing } from './run-closing.ts';
import { runDeletingIn } from './run-deleting.ts';
import { RunNumbers } from './run-numbers.ts';
import { runsIn } from './runs.ts';
import { POSTGRES_MIGRATIONS } from './schema.ts';
import { tasksIn } from './tasks.ts';

/** The store of distributed mode. It does not share the coordinator's transactions: see {@link ConfirmedItems}. */
export interface PostgresStore extends Store, ConfirmedItems, ShownItems, Incarnation {
  /** The response cache, in the same database. */
  responseCache(bounds: AnswerBounds): ResponseCache;
  /** Closes all connections; idempotent. */
  close(): Promise<void>;
}

/**
 * Connects, and migrates the tables. Throws `store.unavailable` when the server does not answer, `store.refused` when it refuses
 * the login, `store.too_new` when a newer Catena has written the tables.
 */
export async function openPostgresStore(options: PostgresOptions): Promise<PostgresStore> {
  const db = new PostgresDatabase(options);
  try {
    await migratePostgres(db, POSTGRES_MIGRATIONS);
  } catch (thrown) {
    await db.close();
    throw thrown;
  }
  return postgresStoreIn(db);
}

/** The store over migrated tables. */
export function postgresStoreIn(db: PostgresDatabase): PostgresStore {
  const numbers = new RunNumbers(db.query);
  const items = new Items(db, numbers);
  const closing = new RunClosing(db, numbers, items);
  return {
    ...runsIn(db.query, numbers),
    ...runDeletingIn(db.query, numbers),
    ...recordsIn(db.query, numbers),
    ...tasksIn(db),
    ...deploymentIn(db.query),
    ...contractsIn(db.query),
    ...partialsIn(db.query, numbers),
    ...incarnationIn(db.query),
    insertItems: (batches) => items.insert(batches),
    confirmItems: (runId, confirmations) => items.confirm(runId, confirmations),
    listUnconfirmed: (runId, limit, after) => items.listUnconfirmed(runId, limit, after),
    readItems: (query) => items.read(query),
    countItems: (runId) => items.count(runId),
    listShown: (runId, limit, beforeSeq) => items.listShown(runId, limit, beforeSeq),
    withdrawItems: (runId, executions) => items.withdraw(runId, executions),
    hasWithdrawnItems: (runId, upToSeq, withReplaced = false) => items.hasWithdrawn(runId, upToSeq, withReplaced),
    markExpired: (runId) => closing.expire(runId),
    closeRun: (runId, end, records) => closing.close(runId, end, records),
    responseCache: (bounds) => responseCacheIn(db.query, bounds),
    close: () => db.close(),
  };
}
