import { DatabaseSync } from 'node:sqlite';
import { toStoreError } from './sqlite-error.ts';

/**
 * Holds a database file for this process alone, until it ends in whatever way. The lock is an open exclusive transaction
 * on a file beside it: the operating system drops it with the process, also after `kill -9`, so there is no stale lock to
 * clean up; and readers of the database itself are not kept out.
 */
export class FileLock {
  readonly #db: DatabaseSync;

  /** Throws `store.locked` when another process holds the file. */
  constructor(databasePath: string) {
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(`${databasePath}.lock`, { timeout: 0 });
      db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (thrown) {
      db?.close();
      throw toStoreError(thrown, databasePath);
    }
    this.#db = db;
  }

  release(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}
