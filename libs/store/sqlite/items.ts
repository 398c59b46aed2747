import type { SqliteDatabase } from '../../sqlite/database.ts';
import { assertCommittable, assertInOrder } from '../assertions.ts';
import type { ItemBatch, ItemQuery, StoredItem } from '../port.ts';
import type { RunNumbers } from './run-numbers.ts';

/**
 * A row is visible while its node's committed token is the row's. Closing a run deletes the other rows, so all rows of a closed
 * run are visible, even after its nodes are deleted.
 */
const VISIBLE = `(EXISTS (SELECT 1 FROM chain_nodes n WHERE n.id = i.node_id AND n.committed_token = i.token)
  OR EXISTS (SELECT 1 FROM runs r WHERE r.no = i.run_no AND r.state = 'closed'))`;

/** Rows of items: inserted, never replaced. */
export class Items {
  readonly #runs: RunNumbers;
  readonly #insert;
  readonly #read;
  readonly #readJoin;
  readonly #count;
  readonly #withdrawn;
  readonly #prune;

  constructor(db: SqliteDatabase, runs: RunNumbers) {
    this.#runs = runs;
    this.#insert = db.prepare(
      'INSERT INTO items (run_no, phase, module_id, node_id, token, ordinal, type, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#read = db.prepare(
      `SELECT seq, module_id AS moduleId, type, data FROM items i
       WHERE run_no = ? AND seq > ? AND (? = '' OR type = ?) AND ${VISIBLE} ORDER BY seq LIMIT ?`,
    );
    this.#readJoin = db.prepare(
      `SELECT seq, module_id AS moduleId, type, data FROM items i
       WHERE run_no = ? AND seq > ? AND (? = '' OR type = ?) AND module_id = ? AND phase < ? AND ${VISIBLE}
       ORDER BY seq LIMIT ?`,
    );
    this.#count = db.prepare(`SELECT count(*) AS n FROM items i WHERE run_no = ? AND ${VISIBLE}`);
    this.#withdrawn = db.prepare(`SELECT 1 FROM items i WHERE run_no = ? AND seq <= ? AND NOT ${VISIBLE} LIMIT 1`);
    this.#prune = db.prepare(
      `DELETE FROM items WHERE seq IN
         (SELECT seq FROM items i WHERE run_no = ? AND NOT ${VISIBLE} ORDER BY seq LIMIT ?) RETURNING seq`,
    );
  }

  /** Call this inside the transaction of the commit. */
  insert(batch: ItemBatch): void {
    assertCommittable(batch);
    const { runId, moduleId, phase, nodeId, token, items } = batch;
    const runNo = this.#runs.of(runId);
    for (const [ordinal, { type, data }] of items.entries()) {
      this.#insert.run(runNo, phase, moduleId, nodeId, token, ordinal, type, data);
    }
  }

  read({ runId, afterSeq, limit, type = '', join }: ItemQuery): StoredItem[] {
    const runNo = this.#runs.of(runId);
    const rows =
      join === undefined
        ? this.#read.all(runNo, afterSeq, type, type, limit)
        : this.#readJoin.all(runNo, afterSeq, type, type, join.moduleId, join.beforePhase, limit);
    return assertInOrder(rows as unknown as StoredItem[], runId, afterSeq);
  }

  count(runId: string): number {
    return this.#count.get(this.#runs.of(runId))!.n as number;
  }

  hasWithdrawn(runId: string, upToSeq: number): boolean {
    return this.#withdrawn.get(this.#runs.of(runId), upToSeq) !== undefined;
  }

  /** Deletes a batch of hidden rows; returns the lowest sequence number among them, or 0 if there were none. */
  prune(runId: string, limit: number): { readonly deleted: number; readonly lowestSeq: number } {
    const rows = this.#prune.all(this.#runs.of(runId), limit);
    return {
      deleted: rows.length,
      lowestSeq: rows.length === 0 ? 0 : Math.min(...rows.map((row) => row.seq as number)),
    };
  }
}
