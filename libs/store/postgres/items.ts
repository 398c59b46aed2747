import { assertCommittable, assertInOrder } from '../assertions.ts';
import type {
  Confirmation,
  ExecutionRows,
  ItemBatch,
  ItemQuery,
  ShownPage,
  ShownRows,
  StoredItem,
  UnconfirmedRows,
} from '../port.ts';
import type { PostgresDatabase, Row } from './database.ts';
import * as sql from './item-statements.ts';
import type { RunNumbers } from './run-numbers.ts';

/** Rows and characters of one statement, to stay far below the statement timeout. */
const MAX_ROWS = 1_000;
const MAX_CHARS = 4_000_000;
/** Rows of several executions that are confirmed while the run is locked. */
const MAX_CONFIRMED_ROWS = 10_000;

/** Rows of items: inserted, never replaced, and visible while they have a sequence number. */
export class Items {
  readonly #db: PostgresDatabase;
  readonly #runs: RunNumbers;

  constructor(db: PostgresDatabase, runs: RunNumbers) {
    this.#db = db;
    this.#runs = runs;
  }

  /** Inserts a batch; idempotent. */
  async insert(batches: readonly ItemBatch[]): Promise<void> {
    const numbers = new Map<string, number>();
    for (const batch of batches) {
      assertCommittable(batch);
      const { runId } = batch;
      if (!numbers.has(runId)) numbers.set(runId, await this.#runs.of(runId));
    }
    for (const columns of inStatements(batches, numbers)) await this.#db.query(sql.INSERT, columns);
  }

  /** Returns the refused nodes. */
  async confirm(runId: string, confirmations: readonly Confirmation[]): Promise<readonly string[]> {
    const latest = [...new Map(confirmations.map((each) => [each.nodeId, each])).values()];
    const runNo = await this.#runs.of(runId);
    const sized = await this.#db.query(sql.SIZES, [runNo, nodeIdsOf(latest), tokensOf(latest)]);
    const sizes = sized.map((row) => row.size as number);
    const refused: string[] = [];
    for (const some of inTransactions(latest, sizes)) refused.push(...(await this.#confirmSome(runNo, some)));
    return refused;
  }

  /**
   * One transaction. It first locks the run's row, in a statement of its own, so that the next statements see all earlier
   * confirmations, and readers see sequence numbers in their order.
   */
  #confirmSome(runNo: number, some: readonly Confirmation[]): Promise<readonly string[]> {
    return this.#db.transaction(async (query) => {
      const [run] = await query(sql.LOCK_RUN, [runNo]);
      const replaced = some.map(({ replaces }) => replaces);
      const rows = await query(sql.REFUSED, [runNo, nodeIdsOf(some), tokensOf(some), replaced]);
      const refused = new Set(rows.map((row) => row.node_id as string));
      const taken = some.filter(({ nodeId }) => !refused.has(nodeId));
      if (taken.length > 0) {
        await query(sql.REPLACE, [runNo, nodeIdsOf(taken), tokensOf(taken)]);
        await query(sql.WITHDRAW, [runNo, nodeIdsOf(taken), tokensOf(taken)]);
        await query(sql.CONFIRM, [runNo, nodeIdsOf(taken), tokensOf(taken), run!.last_seq]);
      }
      return [...refused];
    });
  }

  async listShown(runId: string, limit: number, beforeSeq = Number.MAX_SAFE_INTEGER): Promise<ShownPage> {
    const rows = await this.#db.query(sql.SHOWN, [await this.#runs.of(runId), beforeSeq, limit]);
    const executions = rows.map(
      ({ nodeId, token, moduleId, phase }) => ({ nodeId, token, moduleId, phase }) as ShownRows,
    );
    const lowestSeq = rows.length === 0 ? undefined : Math.min(...rows.map(({ seq }) => seq as number));
    return { executions, lowestSeq };
  }

  /** One transaction, which locks the run's row as a confirmation does. */
  async withdraw(runId: string, executions: readonly ExecutionRows[]): Promise<void> {
    const runNo = await this.#runs.of(runId);
    const nodeIds = executions.map(({ nodeId }) => nodeId);
    const tokens = executions.map(({ token }) => token);
    await this.#db.transaction(async (query) => {
      await query(sql.LOCK_RUN, [runNo]);
      await query(sql.WITHDRAW_LOST, [runNo, nodeIds, tokens]);
    });
  }

  async listUnconfirmed(runId: string, limit: number, after?: { nodeId: string; token: string }) {
    const runNo = await this.#runs.of(runId);
    const rows = await this.#db.query(sql.UNCONFIRMED, [runNo, after?.nodeId ?? '', after?.token ?? '', limit]);
    return rows as unknown as readonly UnconfirmedRows[];
  }

  async read({ runId, afterSeq, limit, type, join, withReplaced = false }: ItemQuery): Promise<StoredItem[]> {
    const values: unknown[] = [await this.#runs.of(runId), afterSeq, limit];
    if (type !== undefined) values.push(type);
    if (join !== undefined) values.push(join.moduleId, join.beforePhase);
    const rows = await this.#db.query(sql.readStatement(type !== undefined, join !== undefined, withReplaced), values);
    return assertInOrder(rows as unknown as StoredItem[], runId, afterSeq);
  }

  async count(runId: string): Promise<number> {
    const [row] = await this.#db.query(sql.COUNT, [await this.#runs.of(runId)]);
    return row!.n as number;
  }

  async hasWithdrawn(runId: string, upToSeq: number, withReplaced: boolean): Promise<boolean> {
    const runNo = await this.#runs.of(runId);
    const [row] = await this.#db.query(sql.WITHDRAWN, [runNo]);
    const lowest = row!.withdrawn_seq as number;
    if (lowest > 0 && lowest <= upToSeq) return true;
    if (withReplaced) return false;
    const [replaced] = await this.#db.query(sql.REPLACED, [runNo, upToSeq]);
    return replaced!.found as boolean;
  }

  /** Deletes a batch of hidden rows; true while there may be more. */
  async prune(runNo: number): Promise<boolean> {
    const deleted: Row[] = await this.#db.query(sql.PRUNE, [runNo, MAX_ROWS]);
    return (deleted[0]!.n as number) > 0;
  }
}

const nodeIdsOf = (confirmations: readonly Confirmation[]) => confirmations.map(({ nodeId }) => nodeId);
const tokensOf = (confirmations: readonly Confirmation[]) => confirmations.map(({ token }) => token);

/** Groups confirmations so that their rows fit into one transaction; one with more rows is a group of its own. */
function* inTransactions(all: readonly Confirmation[], sizes: readonly number[]): Generator<readonly Confirmation[]> {
  let some: Confirmation[] = [];
  let rows = 0;
  for (const [position, confirmation] of all.entries()) {
    const size = sizes[position]!;
    if (some.length > 0 && rows + size > MAX_CONFIRMED_ROWS) {
      yield some;
      some = [];
      rows = 0;
    }
    some.push(confirmation);
    rows += size;
  }
  if (some.length > 0) yield some;
}

type Columns = readonly [number[], string[], string[], number[], number[], string[], string[], string[], number[]];

/** The rows of all batches, column by column, in statements of bounded size. */
function* inStatements(batches: readonly ItemBatch[], numbers: ReadonlyMap<string, number>): Generator<Columns> {
  let columns: Columns = [[], [], [], [], [], [], [], [], []];
  let chars = 0;
  for (const { runId, nodeId, token, phase, moduleId, revision = 1, items } of batches) {
    const rows =
      items.length === 0 ? [[-1, '', ''] as const] : items.map(({ type, data }, i) => [i, type, data] as const);
    for (const [ordinal, type, data] of rows) {
      const row = [numbers.get(runId)!, nodeId, token, ordinal, phase, moduleId, type, data, revision] as const;
      row.forEach((value, column) => {
        (columns[column] as unknown[]).push(value);
      });
      chars += data.length;
      if (columns[0].length < MAX_ROWS && chars < MAX_CHARS) continue;
      yield columns;
      columns = [[], [], [], [], [], [], [], [], []];
      chars = 0;
    }
  }
  if (columns[0].length > 0) yield columns;
}
