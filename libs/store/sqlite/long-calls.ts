/** The long calls of the process that works on a file, for those who read the file beside it. */

import type { SqliteDatabase } from '../../sqlite/database.ts';
import { migrate } from '../../sqlite/migrate.ts';
import type { CallsInFlight } from '../../telemetry/calls-in-flight.ts';

const MIGRATIONS = [
  `CREATE TABLE long_calls (
     id INTEGER PRIMARY KEY CHECK (id = 1), noted_at_ms INTEGER NOT NULL, calls TEXT NOT NULL
   ) STRICT`,
];

/** A note that is older than this is of a process that has ended or stands still. */
const VALID_MS = 5_000;

/** Notes the calls; undefined: none takes long. */
export type NoteCalls = (calls: CallsInFlight | undefined, nowMs: number) => Promise<void>;

export function openSqliteCallNotes(db: SqliteDatabase): NoteCalls {
  migrate(db, 'long_calls', MIGRATIONS);
  const put = db.prepare('INSERT OR REPLACE INTO long_calls VALUES (1, ?, ?)');
  const drop = db.prepare('DELETE FROM long_calls');
  return (calls, nowMs) =>
    db.write(() => {
      if (calls === undefined) drop.run();
      else put.run(nowMs, JSON.stringify(calls));
    });
}

/** Undefined when no call takes long, or no process works on the file. */
export function openSqliteCallReader(db: SqliteDatabase): (nowMs: number) => CallsInFlight | undefined {
  const hasTable = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'long_calls'`).get() !== undefined;
  if (!hasTable) return () => undefined;
  const read = db.prepare('SELECT noted_at_ms AS notedAtMs, calls FROM long_calls');
  return (nowMs) => {
    const note = read.get() as { notedAtMs: number; calls: string } | undefined;
    if (note === undefined || nowMs - note.notedAtMs > VALID_MS) return undefined;
    return JSON.parse(note.calls) as CallsInFlight;
  };
}
