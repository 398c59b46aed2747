import { CatenaError } from '../errors/catena-error.ts';

/** Primary result codes of SQLite (the low byte of an extended code). */
const BUSY = 5;
const READONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

interface NodeSqliteError extends Error {
  readonly code: 'ERR_SQLITE_ERROR';
  readonly errcode: number;
}

function isSqliteError(thrown: unknown): thrown is NodeSqliteError {
  return thrown instanceof Error && (thrown as { code?: unknown }).code === 'ERR_SQLITE_ERROR';
}

/** Converts an SQLite error to a CatenaError that names the file and a remedy; other errors are returned unchanged. */
export function toStoreError(thrown: unknown, path: string): unknown {
  if (!isSqliteError(thrown)) return thrown;
  const about = { cause: thrown, data: { path } };
  switch (thrown.errcode & 0xff) {
    case FULL:
      return new CatenaError('store.disk_full', `no space left while writing ${path}`, {
        ...about,
        class: 'retryable',
        remedy: 'free some space and run the same command again: it resumes, nothing is lost',
      });
    case CORRUPT:
    case NOT_A_DATABASE:
      return new CatenaError('store.corrupt', `${path} is not a valid database (${thrown.message})`, {
        ...about,
        remedy: 'name another file with --db, or restore this one from a backup',
      });
    case CANNOT_OPEN:
    case READONLY:
      return new CatenaError('store.unwritable', `${path} cannot be opened for writing (${thrown.message})`, {
        ...about,
        remedy: 'check that the folder exists and may be written, or name another file with --db',
      });
    case BUSY:
      return new CatenaError('store.locked', `${path} is in use by another process`, {
        ...about,
        remedy: 'wait until it ends, or give this run a file of its own with --db',
      });
    case IO_ERROR:
      return new CatenaError('store.io_error', `reading or writing ${path} failed (${thrown.message})`, {
        ...about,
        class: 'retryable',
        remedy: 'check the disk, then run the same command again: it resumes',
      });
    default:
      return thrown;
  }
}
