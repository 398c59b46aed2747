import { readFile } from 'node:fs/promises';
import { systemClock } from '../../libs/clock/clock.ts';
import { defaultPolicy } from '../../libs/coordination/protocol/policy.ts';
import { openSqliteCoordinator } from '../../libs/coordination/sqlite/index.ts';
import { SqliteDatabase } from '../../libs/sqlite/database.ts';
import { openSqliteStore } from '../../libs/store/sqlite/index.ts';

/** What a resumed run left, beside what an undisturbed one leaves. */
export interface Verdict {
  readonly items: number;
  /** Items that should be there and are not. */
  readonly lost: number;
  /** Items that are there more often than they should be. */
  readonly duplicate: number;
  /** Counters and index entries that disagree with the nodes. */
  readonly drift: readonly string[];
  /** Number of nodes that lost at least so many leases: once, twice, … */
  readonly crashed: readonly number[];
}

/** Compares a finished run's file and database with the items that its site has. */
export async function verify(output: string, database: string, expected: readonly unknown[]): Promise<Verdict> {
  const lines = (await readFile(output, 'utf8')).split('\n').filter((line) => line !== '');
  const written = lines.map((line) => canonical(JSON.parse(line)));
  const stored = await readDatabase(database);
  const wanted = expected.map(canonical);
  const file = compare(wanted, written);
  const rows = compare(wanted, stored.items);
  return {
    items: written.length,
    lost: file.missing + rows.missing,
    duplicate: file.extra + rows.extra,
    drift: stored.drift,
    crashed: stored.crashed,
  };
}

async function readDatabase(path: string): Promise<{ items: string[]; drift: string[]; crashed: number[] }> {
  const db = new SqliteDatabase({ path });
  try {
    const coordinator = openSqliteCoordinator({ db, clock: systemClock, policy: defaultPolicy });
    const store = openSqliteStore(db);
    const items: string[] = [];
    const drift: string[] = [];
    const crashed: number[] = [];
    for (const { runId } of await store.listRuns({ limit: 10 })) {
      drift.push(...(await coordinator.runAudit({ runId })).drift);
      const rows = await store.readItems({ runId, afterSeq: 0, limit: 1_000_000 });
      for (const { crashes } of await coordinator.listNodes({ runId, limit: 1_000_000 })) {
        for (let lost = 0; lost < crashes; lost++) crashed[lost] = (crashed[lost] ?? 0) + 1;
      }
      items.push(...rows.map((row) => canonical(JSON.parse(row.data))));
    }
    return { items, drift, crashed };
  } finally {
    db.close();
  }
}

/** How many of the one list the other lacks, and the other way round, as multisets. */
function compare(wanted: readonly string[], got: readonly string[]): { missing: number; extra: number } {
  const counts = new Map<string, number>();
  for (const item of wanted) counts.set(item, (counts.get(item) ?? 0) + 1);
  for (const item of got) counts.set(item, (counts.get(item) ?? 0) - 1);
  let missing = 0;
  let extra = 0;
  for (const count of counts.values()) {
    if (count > 0) missing += count;
    else extra -= count;
  }
  return { missing, extra };
}

function canonical(item: unknown): string {
  const entries = Object.entries(item as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(entries);
}
