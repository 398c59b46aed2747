import type { Confirmation, ItemBatch, ItemQuery, StoredItem, UnconfirmedRows } from '../port.ts';
import type { PostgresDatabase, Row } from './database.ts';
import * as sql from './item-statements.ts';
import type { RunNumbers } from './run-numbers.ts';

/** Rows and characters of one statement: it stays far below the time that a statement may take. */
const MAX_ROWS = 1_000;
const MAX_CHARS = 4_000_000;

/** Rows of items: inserted, never replaced; shown while they carry a sequence number. */
export class Items {
  readonly #db: PostgresDatabase;
  readonly #runs: RunNumbers;

  constructor(db: PostgresDatabase, runs: RunNumbers) {
    this.#db = db;
    this.#runs = runs;
  }

  /** Inserting the same batch again changes nothing. */
  async insert(batches: readonly ItemBatch[]): Promise<void> {
    const numbers = new Map<string, number>();
    for (const { runId } of batches) {
      if (!numbers.has(runId)) numbers.set(runId, await this.#runs.of(runId));
    }
    for (const columns of inStatements(batches, numbers)) await this.#db.query(sql.INSERT, columns);
  }

  /**
   * One transaction. The lock on the run's row comes first, in a statement of its own: what follows then sees everything
   * that was confirmed before, and readers see numbers in the order in which they were given.
   */
  async confirm(runId: string, confirmations: readonly Confirmation[]): Promise<readonly string[]> {
    const latest = [...new Map(confirmations.map((each) => [each.nodeId, each])).values()];
    const runNo = await this.#runs.of(runId);
    return this.#db.transaction(async (query) => {
      const [run] = await query(sql.LOCK_RUN, [runNo]);
      const given = [
        latest.map(({ nodeId }) => nodeId),
        latest.map(({ token }) => token),
        latest.map(({ replaces }) => replaces),
      ];
      const refused = await query(sql.REFUSED, [runNo, ...given]);
      const names = new Set(refused.map((row) => row.node_id as string));
      const accepted = latest.filter(({ nodeId }) => !names.has(nodeId));
      if (accepted.length > 0) {
        const nodeIds = accepted.map(({ nodeId }) => nodeId);
        const tokens = accepted.map(({ token }) => token);
        await query(sql.WITHDRAW, [runNo, nodeIds, tokens]);
        await query(sql.CONFIRM, [runNo, nodeIds, tokens, run!.last_seq]);
      }
      return [...names];
    });
  }

  async listUnconfirmed(runId: string, limit: number, after?: { nodeId: string; token: string }) {
    const runNo = await this.#runs.of(runId);
    const rows = await this.#db.query(sql.UNCONFIRMED, [runNo, after?.nodeId ?? '', after?.token ?? '', limit]);
    return rows as unknown as readonly UnconfirmedRows[];
  }

  async read({ runId, afterSeq, limit, type, join }: ItemQuery): Promise<StoredItem[]> {
    const values: unknown[] = [await this.#runs.of(runId), afterSeq, limit];
    if (type !== undefined) values.push(type);
    if (join !== undefined) values.push(join.moduleId, join.beforePhase);
    const rows = await this.#db.query(sql.readStatement(type !== undefined, join !== undefined), values);
    return rows as unknown as StoredItem[];
  }

  async count(runId: string): Promise<number> {
    const [row] = await this.#db.query(sql.COUNT, [await this.#runs.of(runId)]);
    return row!.n as number;
  }

  async hasWithdrawn(runId: string, upToSeq: number): Promise<boolean> {
    const [row] = await this.#db.query(sql.WITHDRAWN, [await this.#runs.of(runId)]);
    const lowest = row!.withdrawn_seq as number;
    return lowest > 0 && lowest <= upToSeq;
  }

  /** Deletes some rows that are not shown; true while there may be more. */
  async prune(runNo: number): Promise<boolean> {
    const deleted: Row[] = await this.#db.query(sql.PRUNE, [runNo, MAX_ROWS]);
    return (deleted[0]!.n as number) > 0;
  }
}

type Columns = readonly [number[], string[], string[], number[], number[], string[], string[], string[]];

/** The rows of all batches, column by column, in statements of bounded size. */
function* inStatements(batches: readonly ItemBatch[], numbers: ReadonlyMap<string, number>): Generator<Columns> {
  let columns: Columns = [[], [], [], [], [], [], [], []];
  let chars = 0;
  for (const { runId, nodeId, token, phase, moduleId, items } of batches) {
    const rows =
      items.length === 0 ? [[-1, '', ''] as const] : items.map(({ type, data }, i) => [i, type, data] as const);
    for (const [ordinal, type, data] of rows) {
      const row = [numbers.get(runId)!, nodeId, token, ordinal, phase, moduleId, type, data] as const;
      row.forEach((value, column) => {
        (columns[column] as unknown[]).push(value);
      });
      chars += data.length;
      if (columns[0].length < MAX_ROWS && chars < MAX_CHARS) continue;
      yield columns;
      columns = [[], [], [], [], [], [], [], []];
      chars = 0;
    }
  }
  if (columns[0].length > 0) yield columns;
}
