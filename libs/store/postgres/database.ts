import { Pool, type PoolClient, types } from 'pg';
import { CatenaError } from '../../errors/catena-error.ts';
import { toPostgresError } from './postgres-error.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Open at once, at most. */
  readonly connections: number;
  /** Of one statement, and of the wait for a connection. */
  readonly timeoutMs: number;
}

/** A statement with a name is prepared once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  /** How long to wait for an answer, where that is longer than for others. */
  readonly waitMs?: number;
}

export type Row = Record<string, unknown>;

/** Runs one statement; answers its rows. */
export type Query = (statement: Statement, values?: readonly unknown[]) => Promise<Row[]>;

/** The driver's own limit, beyond the server's: it ends waits for a server that hangs. */
const HANG_GRACE_MS = 1_000;

/** A bounded pool of connections. Every method throws `store.…` errors; whatever a server does, it answers in bounded time. */
export class PostgresDatabase {
  /** Host, port and database: what errors may say of the URL. */
  readonly place: string;
  readonly timeoutMs: number;
  readonly #pool: Pool;
  #closed: Promise<void> | undefined;

  constructor({ url, connections, timeoutMs }: PostgresOptions) {
    this.place = placeOf(url);
    this.timeoutMs = timeoutMs;
    this.#pool = new Pool({
      connectionString: url,
      max: connections,
      connectionTimeoutMillis: timeoutMs,
      statement_timeout: timeoutMs,
      query_timeout: timeoutMs + HANG_GRACE_MS,
      idle_in_transaction_session_timeout: timeoutMs,
      keepAlive: true,
      application_name: 'catena',
      types: { getTypeParser: parserOf },
    });
    // An idle connection broke: the pool has dropped it, and the next query opens another or says why not.
    this.#pool.on('error', () => undefined);
  }

  query: Query = async (statement, values = []) => {
    try {
      const { rows } = await this.#pool.query(toConfig(statement, values));
      return rows as Row[];
    } catch (thrown) {
      throw this.#error(thrown);
    }
  };

  /** Runs statements in one transaction: all of them stand, or none. */
  async transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    try {
      await client.query('BEGIN');
      const result = await work(async (statement, values = []) => {
        const { rows } = await client.query(toConfig(statement, values));
        return rows as Row[];
      });
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (thrown) {
      await client.query('ROLLBACK').then(
        () => client.release(),
        // Nobody knows what this connection is in the middle of.
        () => client.release(true),
      );
      throw this.#error(thrown);
    }
  }

  /** Resolves when every connection is closed; idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (thrown) {
      throw this.#error(thrown);
    }
  }

  #error(thrown: unknown): CatenaError {
    if (this.#closed !== undefined && !(thrown instanceof CatenaError)) {
      return new CatenaError('store.closed', `the store at ${this.place} is closed`, { cause: thrown });
    }
    return toPostgresError(thrown, this.place);
  }
}

function toConfig({ waitMs, ...statement }: Statement, values: readonly unknown[]) {
  return { ...statement, values: [...values], ...(waitMs === undefined ? {} : { query_timeout: waitMs }) };
}

/** Whole numbers of eight bytes as numbers: none of ours leaves the safe range. */
function parserOf(oid: number, format?: 'text' | 'binary') {
  if (oid === types.builtins.INT8) return Number;
  return types.getTypeParser(oid, format as 'text');
}

function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}
