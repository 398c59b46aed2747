import { DatabaseError, Pool, type PoolClient, types } from 'pg';
import { CatenaError } from '../../errors/catena-error.ts';
import { inCallSpan } from '../../telemetry/spans.ts';
import { toPostgresError } from './postgres-error.ts';
import { addressOf, type DatabaseAddress, statementSpan, transactionSpan } from './statement-span.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Most open connections. */
  readonly connections: number;
  /** Timeout of one statement, and of the wait for a connection. */
  readonly timeoutMs: number;
  /** Called for each statement or connection that failed. */
  readonly onError?: ((error: CatenaError) => void) | undefined;
}

/** A statement with a name is prepared once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  /** Timeout, if longer than the default. */
  readonly waitMs?: number;
}

export type Row = Record<string, unknown>;

/** Runs one statement; returns its rows. */
export type Query = (statement: Statement, values?: readonly unknown[]) => Promise<Row[]>;

/** Added to the server's timeout for the driver's own, which ends waits for a server that hangs. */
const HANG_GRACE_MS = 1_000;

/** What the pool says when a connection was not free, or not open, in time. */
const POOL_TIMEOUT = 'timeout exceeded when trying to connect';

/** The server takes no writes: it is a standby. */
const READ_ONLY = '25006';

/** A bounded pool of connections. All methods throw `store.…` errors and end in bounded time, whatever the server does. */
export class PostgresDatabase {
  /** Host, port and database: the parts of the URL that errors may contain. */
  readonly place: string;
  readonly timeoutMs: number;
  readonly #address: DatabaseAddress;
  readonly #pool: Pool;
  readonly #connections: number;
  readonly #onError: PostgresOptions['onError'];
  #closed: Promise<void> | undefined;

  constructor({ url, connections, timeoutMs, onError }: PostgresOptions) {
    this.#onError = onError;
    this.place = placeOf(url);
    this.#address = addressOf(url);
    this.timeoutMs = timeoutMs;
    this.#connections = connections;
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
    // An idle connection broke. The pool has dropped it; the next query opens another or reports the reason.
    this.#pool.on('error', () => undefined);
    // A connection that breaks in use rejects its query. Without a listener the event would end the process.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  query: Query = (statement, values = []) =>
    inCallSpan(
      () => statementSpan(statement, this.#address),
      async () => {
        try {
          const { rows } = await this.#pool.query(toConfig(statement, values));
          return rows as Row[];
        } catch (thrown) {
          throw this.#error(thrown);
        }
      },
    );

  /** Runs statements in one transaction, which is one call in traces. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return inCallSpan(
      () => transactionSpan(this.#address),
      () => this.#transaction(work),
    );
  }

  async #transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
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
      // A connection is closed if its state is unknown, or if its server is no primary any more: the next one may find it.
      const isOfReplica = thrown instanceof DatabaseError && thrown.code === READ_ONLY;
      await client.query('ROLLBACK').then(
        () => client.release(isOfReplica),
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
    const error = this.#errorOf(thrown);
    // What the work of a transaction rejects is no error of the database.
    if (error !== thrown) this.#onError?.(error);
    return error;
  }

  #errorOf(thrown: unknown): CatenaError {
    if (this.#closed !== undefined && !(thrown instanceof CatenaError)) {
      return new CatenaError('store.closed', `the store at ${this.place} is closed`, { cause: thrown });
    }
    if (thrown instanceof Error && thrown.message === POOL_TIMEOUT && this.#pool.totalCount >= this.#connections) {
      return new CatenaError('store.busy', `no connection to ${this.place} was free within ${this.timeoutMs} ms`, {
        class: 'retryable',
        cause: thrown,
        data: { place: this.place, connections: this.#connections },
        remedy: 'nothing is lost; raise store.connections, or look for slow statements',
      });
    }
    return toPostgresError(thrown, this.place);
  }
}

function toConfig({ waitMs, ...statement }: Statement, values: readonly unknown[]) {
  return { ...statement, values: [...values], ...(waitMs === undefined ? {} : { query_timeout: waitMs }) };
}

/** Parses 8-byte integers as numbers: all of Catena's are in the safe range. */
function parserOf(oid: number, format?: 'text' | 'binary') {
  if (oid === types.builtins.INT8) return Number;
  return types.getTypeParser(oid, format as 'text');
}

function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}
