import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { CatenaError, isInvariantBroken } from '../errors/catena-error.ts';
import { failpoint } from '../failpoints/failpoint.ts';
import { FileLock } from './file-lock.ts';
import { toStoreError } from './sqlite-error.ts';

/**
 * One SQLite file, written by group commit: all works of one turn of the event loop share one transaction, and their promises
 * resolve after it is committed. Each work is atomic: it refuses before its first write (a CatenaError), or all its writes are
 * committed. A violated invariant may be found later; it undoes the whole work.
 *
 * If a transaction fails as a whole (a full disk, for example), it is rolled back and its works are tried one by one, so that
 * only the faulty one fails.
 */
export interface SqliteOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  /**
   * `process`: commits survive any end of the process (WAL, synchronous NORMAL); a power failure may lose the last commits, but
   * never the consistency of the file. `power`: commits survive that too, at the cost of a disk sync per group.
   */
  readonly durability?: 'process' | 'power';
  readonly readOnly?: boolean;
  /** Called when a work could not be written because the file failed: a full disk, a corrupt file. */
  readonly onFailure?: (error: CatenaError) => void;
}

interface Work {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
}

/** Works per transaction; few, because a transaction blocks the event loop. */
const MAX_GROUP = 512;
/** A group of this size is written without waiting for more … */
const FULL_GROUP = 64;
/** … and any group after so many turns of the event loop. */
const MAX_TURNS = 4;
/**
 * Pages of the WAL, 4 KiB each, before a checkpoint. Each checkpoint waits for the disk, and writes a page that has changed ten
 * times only once. A long WAL halves the time of a busy disk, and costs 128 MiB and a slower start after `kill -9`.
 */
const CHECKPOINT_PAGES = 32_768;

export class SqliteDatabase {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #lock: FileLock | undefined;
  readonly #onFailure: ((error: CatenaError) => void) | undefined;
  readonly #queue: Work[] = [];
  readonly #beforeCommit: (() => void)[] = [];
  readonly #onRollback: (() => void)[] = [];
  #scheduled = false;
  /** Works that were queued at the last check of the group, and how often the group was allowed to grow. */
  #seen = 0;
  #turns = 0;
  #closed = false;

  constructor(options: SqliteOptions) {
    this.path = options.path;
    this.#onFailure = options.onFailure;
    const exclusive = options.path !== ':memory:' && options.readOnly !== true;
    this.#lock = exclusive ? new FileLock(options.path) : undefined;
    try {
      this.#db = new DatabaseSync(options.path, { readOnly: options.readOnly ?? false });
      if (options.readOnly !== true) {
        const synchronous = options.durability === 'power' ? 'FULL' : 'NORMAL';
        this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = ON;
          PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      }
      this.#db.exec('PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA busy_timeout = 5000');
      this.#db.prepare('SELECT count(*) FROM sqlite_schema').get();
      this.#begin = this.#db.prepare('BEGIN IMMEDIATE');
      this.#commit = this.#db.prepare('COMMIT');
    } catch (thrown) {
      this.#lock?.release();
      throw toStoreError(thrown, options.path);
    }
  }

  prepare(sql: string): StatementSync {
    try {
      return this.#db.prepare(sql);
    } catch (thrown) {
      throw toStoreError(thrown, this.path);
    }
  }

  /** Runs statements at once, outside any group: for schemas. */
  exec(sql: string): void {
    try {
      this.#db.exec(sql);
    } catch (thrown) {
      throw toStoreError(thrown, this.path);
    }
  }

  /** Rolls back a transaction that {@link exec} began but could not finish. */
  rollBack(): void {
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
  }

  /** Sets a callback inside each transaction before it commits, where caches write back. */
  beforeCommit(hook: () => void): void {
    this.#beforeCommit.push(hook);
  }

  /** Sets a callback after a rollback, where caches are dropped. */
  onRollback(hook: () => void): void {
    this.#onRollback.push(hook);
  }

  /** Reads committed state. Converts SQLite errors to CatenaErrors. */
  read<T>(query: () => T): T {
    try {
      return query();
    } catch (thrown) {
      throw toStoreError(thrown, this.path);
    }
  }

  /** Adds a work to the next transaction; resolves when it is committed. */
  write<T>(run: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new CatenaError('store.closed', `${this.path} is closed`));
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ run, resolve: resolve as (value: never) => void, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(this.#flush);
    });
  }

  /** Writes queued works and closes the file. Idempotent. */
  close(): void {
    if (this.#closed) return;
    while (this.#queue.length > 0) this.#writeGroup();
    this.#closed = true;
    this.#db.close();
    this.#lock?.release();
  }

  #flush = (): void => {
    if (this.#closed) return;
    // While each turn adds work, a group may grow for some turns, because a transaction costs more than its works.
    const grown = this.#queue.length > this.#seen;
    if (grown && this.#queue.length < FULL_GROUP && this.#turns < MAX_TURNS) {
      this.#seen = this.#queue.length;
      this.#turns += 1;
      setImmediate(this.#flush);
      return;
    }
    this.#seen = 0;
    this.#turns = 0;
    this.#scheduled = false;
    this.#writeGroup();
    if (this.#queue.length === 0) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  };

  #writeGroup(): void {
    const group = this.#queue.splice(0, MAX_GROUP);
    if (this.#transact(group)) return;
    for (const work of group) this.#transact([work], true);
  }

  /** Returns true when the group is finished; false when it was rolled back and its works must be tried one by one. */
  #transact(group: readonly Work[], alone = false): boolean {
    const settled: (() => void)[] = [];
    try {
      this.#begin.run();
      for (const work of group) {
        try {
          const value = work.run();
          settled.push(() => work.resolve(value as never));
        } catch (thrown) {
          // A refusal has written nothing, but an assertion may fail after writes.
          if (!(thrown instanceof CatenaError) || isInvariantBroken(thrown)) throw thrown;
          settled.push(() => work.reject(thrown));
        }
      }
      for (const hook of this.#beforeCommit) hook();
      failpoint('transaction.before_commit');
      this.#commit.run();
      failpoint('transaction.after_commit');
    } catch (thrown) {
      this.#rollBack();
      if (!alone && group.length > 1) return false;
      const error = toStoreError(thrown, this.path);
      if (error instanceof CatenaError && !isInvariantBroken(error)) this.#onFailure?.(error);
      for (const work of group) work.reject(error);
      return true;
    }
    for (const settle of settled) settle();
    return true;
  }

  #rollBack(): void {
    this.rollBack();
    for (const hook of this.#onRollback) hook();
  }
}
