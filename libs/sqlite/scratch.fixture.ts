import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { SqliteDatabase, type SqliteOptions } from './database.ts';

/** A folder that is deleted when the test ends. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'catena-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A database that is closed when the test ends. */
export function openDatabase(options: Partial<SqliteOptions> = {}): SqliteDatabase {
  const db = new SqliteDatabase({ path: ':memory:', ...options });
  onTestFinished(() => db.close());
  return db;
}
