import { DatabaseSync } from 'node:sqlite';
import { toStoreError } from './sqlite-error.ts';

/**
 * Locks a database file for this process until it ends. The lock is an open exclusive transaction on a file beside it. The
 * operating system drops it with the process, also after `kill -9`, so no stale lock remains; readers of the database itself are
 * not blocked.
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
