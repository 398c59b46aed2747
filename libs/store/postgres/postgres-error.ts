import { DatabaseError } from 'pg';
import { CatenaError } from '../../errors/catena-error.ts';

/** A kind of failure: its code, whether another attempt may help, and what to do. */
type Kind = readonly [code: string, failureClass: 'retryable' | 'fatal', remedy: string];

const UNAVAILABLE: Kind = [
  'store.unavailable',
  'retryable',
  'check that PostgreSQL runs and can be reached; nothing is lost',
];

/** By SQLSTATE, or by its class, the first two characters. */
const KINDS: Readonly<Record<string, Kind>> = {
  '08': UNAVAILABLE,
  '57P': UNAVAILABLE,
  '53': ['store.unavailable', 'retryable', 'give PostgreSQL more connections or memory, or lower store.connections'],
  '53100': [
    'store.disk_full',
    'retryable',
    'free some space for PostgreSQL: work continues by itself, nothing is lost',
  ],
  '58': ['store.io_error', 'retryable', 'check the disk of PostgreSQL, and its log'],
  '40': ['store.conflict', 'retryable', 'nothing: the caller retries'],
  '55P03': ['store.conflict', 'retryable', 'nothing: the caller retries'],
  '57014': ['store.timeout', 'retryable', 'look for what keeps PostgreSQL busy, or raise store.timeout_ms'],
  '25006': ['store.unwritable', 'retryable', 'set store.url to the primary: this server accepts no writes'],
  '42501': [
    'store.unwritable',
    'fatal',
    'grant the user of store.url the right to create and write tables in its schema',
  ],
  '28': [
    'store.refused',
    'fatal',
    'check user and password in store.url, and the server’s rules for log-ins from this host',
  ],
  '3D': ['store.refused', 'fatal', 'create the database that store.url names'],
  '22': ['store.bad_value', 'fatal', 'leave out what a database cannot store, such as NUL characters in names'],
  XX: ['store.corrupt', 'fatal', 'restore the database from a backup; the log of PostgreSQL names the damage'],
};

/**
 * Converts an error of the driver to a CatenaError that names the server and a remedy; a CatenaError is returned unchanged. An
 * error without SQLSTATE is a connection that failed, broke or took too long.
 */
export function toPostgresError(thrown: unknown, place: string): CatenaError {
  if (thrown instanceof CatenaError) return thrown;
  const message = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  const sqlState = thrown instanceof DatabaseError ? (thrown.code ?? '') : '';
  const about = { cause: thrown, data: sqlState === '' ? { place } : { place, sqlState } };
  const kind = sqlState === '' ? UNAVAILABLE : kindOf(sqlState);
  if (kind === undefined) {
    return new CatenaError('store.failed', `PostgreSQL at ${place} refused a statement (${message})`, {
      ...about,
      remedy: 'report it with this message: it is a bug of Catena, or tables were changed by hand',
    });
  }
  const [code, failureClass, remedy] = kind;
  return new CatenaError(code, `PostgreSQL at ${place}: ${message}`, { ...about, class: failureClass, remedy });
}

function kindOf(sqlState: string): Kind | undefined {
  return KINDS[sqlState] ?? KINDS[sqlState.slice(0, 3)] ?? KINDS[sqlState.slice(0, 2)];
}
