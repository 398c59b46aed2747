import { readFile } from 'node:fs/promises';
import { systemClock } from '../../libs/clock/clock.ts';
import { defaultPolicy } from '../../libs/coordination/protocol/policy.ts';
import { openSqliteCoordinator } from '../../libs/coordination/sqlite/index.ts';
import { SqliteDatabase } from '../../libs/sqlite/database.ts';
import type { DeadLetter } from '../../libs/store/port.ts';
import { openSqliteStore } from '../../libs/store/sqlite/index.ts';

/** What a resumed run left, beside what an undisturbed one leaves. */
export interface Verdict {
  readonly items: number;
  /** Items that should be there and are not. */
  readonly lost: number;
  /** Items that are there more often than they should be. */
  readonly duplicate: number;
  /** Nodes that are dead and should not be, or by another name; and those that should be dead and are not. */
  readonly wrongDeaths: readonly string[];
  /** Counters and index entries that disagree with the nodes. */
  readonly drift: readonly string[];
  /** Number of nodes that lost at least so many leases: once, twice, … */
  readonly crashed: readonly number[];
}

/** What a run must leave. */
export interface Expected {
  readonly items: readonly unknown[];
  /** For each node that must be dead, its product and the codes by which it may be. */
  readonly deaths: readonly { readonly sku: string; readonly codes: readonly string[] }[];
}

/** Compares a finished run's file and database with the items that its site has. */
export async function verify(output: string, database: string, { items, deaths }: Expected): Promise<Verdict> {
  const lines = (await readFile(output, 'utf8')).split('\n').filter((line) => line !== '');
  const written = lines.map((line) => canonical(JSON.parse(line)));
  const stored = await readDatabase(database);
  const wanted = items.map(canonical);
  const allowed = deaths.map(({ sku, codes }) => codes.map((code) => `${sku} ${code}`));
  const file = compare(wanted, written);
  const rows = compare(wanted, stored.items);
  return {
    items: written.length,
    lost: file.missing + rows.missing,
    duplicate: file.extra + rows.extra,
    wrongDeaths: [
      ...allowed
        .filter((each) => !each.some((death) => stored.deaths.includes(death)))
        .map(([death]) => `not dead: ${death}`),
      ...stored.deaths.filter((death) => !allowed.flat().includes(death)).map((death) => `dead: ${death}`),
    ],
    drift: stored.drift,
    crashed: stored.crashed,
  };
}

interface Stored {
  readonly items: string[];
  readonly deaths: string[];
  readonly drift: string[];
  readonly crashed: number[];
}

async function readDatabase(path: string): Promise<Stored> {
  const db = new SqliteDatabase({ path });
  try {
    const coordinator = openSqliteCoordinator({ db, clock: systemClock, policy: defaultPolicy });
    const store = openSqliteStore(db);
    const items: string[] = [];
    const deaths: string[] = [];
    const drift: string[] = [];
    const crashed: number[] = [];
    for (const { runId } of await store.listRuns({ limit: 10 })) {
      drift.push(...(await coordinator.runAudit({ runId })).drift);
      const rows = await store.readItems({ runId, afterSeq: 0, limit: 1_000_000 });
      for (const { crashes } of await coordinator.listNodes({ runId, limit: 1_000_000 })) {
        for (let lost = 0; lost < crashes; lost++) crashed[lost] = (crashed[lost] ?? 0) + 1;
      }
      deaths.push(...(await store.listDeadLetters(runId)).map(deathOf));
      items.push(...rows.map((row) => canonical(JSON.parse(row.data))));
    }
    return { items, deaths, drift, crashed };
  } finally {
    db.close();
  }
}

function deathOf({ body, error, reason }: DeadLetter): string {
  const [, sku] = /\/product\/([A-Z]+-\d+)/.exec(body) ?? [];
  return `${sku ?? body} ${error === '' ? reason : (JSON.parse(error) as { readonly code: string }).code}`;
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
