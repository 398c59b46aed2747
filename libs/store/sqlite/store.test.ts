import { describeStore, type StoreHarness } from '../../../test/conformance/store.ts';
import { ManualClock } from '../../clock/clock.ts';
import { defaultPolicy } from '../../coordination/protocol/policy.ts';
import { openSqliteCoordinator } from '../../coordination/sqlite/index.ts';
import { SqliteDatabase } from '../../sqlite/database.ts';
import type { NewItem } from '../port.ts';
import { openSqliteStore } from './index.ts';

/** The store beside the coordinator's tables, in which the harness writes the committed tokens itself. */
async function open(): Promise<StoreHarness> {
  const db = new SqliteDatabase({ path: ':memory:' });
  openSqliteCoordinator({ db, clock: new ManualClock(), policy: defaultPolicy });
  const store = openSqliteStore(db);
  const commitNode = db.prepare(
    `INSERT INTO chain_nodes (id, phase_no, kind, state, step_idx, due_at, prefix_request, body, committed_token, revision)
     VALUES (?, 1, 'hop', 'done', 0, 0, '', '', ?, ?)
     ON CONFLICT (id) DO UPDATE SET committed_token = excluded.committed_token, revision = excluded.revision`,
  );
  let tokens = 0;
  const insert = (place: Parameters<StoreHarness['commit']>[0], items: readonly NewItem[]): string => {
    tokens += 1;
    store.insertItems({ moduleId: 'm@1.0.0', phase: 0, ...place, token: `t${tokens}`, items });
    return `t${tokens}`;
  };
  return {
    store,
    commit: (place, items) =>
      db.write(() => void commitNode.run(place.nodeId, insert(place, items), place.revision ?? 1)),
    abandon: (place, items) => db.write(() => void insert(place, items)),
    close: async () => db.close(),
  };
}

describeStore('SQLite', open);
