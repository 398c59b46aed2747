import type { SqliteDatabase } from '../../sqlite/database.ts';
import { assertCommittable, assertInOrder } from '../assertions.ts';
import type { ItemBatch, ItemQuery, StoredItem } from '../port.ts';
import type { RunNumbers } from './run-numbers.ts';

/**
 * A row is current while its node's committed token is the row's. Closing a run deletes the rows that never were of use, so all
 * other rows of a closed run stay, even after its nodes are deleted.
 */
const CURRENT = `(EXISTS (SELECT 1 FROM chain_nodes n WHERE n.id = i.node_id AND n.committed_token = i.token)
  OR EXISTS (SELECT 1 FROM runs r WHERE r.no = i.run_no AND r.state = 'closed'))`;
const VISIBLE = `(i.replaced = 0 AND ${CURRENT})`;
/** Every row was committed once; a later commit of its node in a later revision replaces it, one in the same revision withdraws it. */
const REPLACED = `(i.replaced = 1 OR EXISTS (SELECT 1 FROM chain_nodes n
  WHERE n.id = i.node_id AND n.committed_token <> i.token AND i.revision < n.revision))`;
const KEPT = `(${CURRENT} OR ${REPLACED})`;

/** Rows of items: inserted, never replaced. */
export class Items {
  readonly #runs: RunNumbers;
  readonly #insert;
  readonly #read;
  readonly #readAll;
  readonly #readJoin;
  readonly #count;
  readonly #withdrawn;
  readonly #gone;
  readonly #markReplaced;
  readonly #prune;

  constructor(db: SqliteDatabase, runs: RunNumbers) {
    this.#runs = runs;
    this.#insert = db.prepare(
      `INSERT INTO items (run_no, phase, module_id, node_id, token, ordinal, type, data, revision)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#read = db.prepare(
      `SELECT seq, module_id AS moduleId, type, data, revision FROM items i
       WHERE run_no = ? AND seq > ? AND (? = '' OR type = ?) AND ${VISIBLE} ORDER BY seq LIMIT ?`,
    );
    this.#readAll = db.prepare(
      `SELECT seq, module_id AS moduleId, type, data, revision FROM items i
       WHERE run_no = ? AND seq > ? AND (? = '' OR type = ?) AND ${KEPT} ORDER BY seq LIMIT ?`,
    );
    this.#readJoin = db.prepare(
      `SELECT seq, module_id AS moduleId, type, data, revision FROM items i
       WHERE run_no = ? AND seq > ? AND (? = '' OR type = ?) AND module_id = ? AND phase < ? AND ${VISIBLE}
       ORDER BY seq LIMIT ?`,
    );
    this.#count = db.prepare(`SELECT count(*) AS n FROM items i WHERE run_no = ? AND ${VISIBLE}`);
    this.#withdrawn = db.prepare(`SELECT 1 FROM items i WHERE run_no = ? AND seq <= ? AND NOT ${VISIBLE} LIMIT 1`);
    this.#gone = db.prepare(`SELECT 1 FROM items i WHERE run_no = ? AND seq <= ? AND NOT ${KEPT} LIMIT 1`);
    this.#markReplaced = db.prepare(
      `UPDATE items SET replaced = 1 WHERE seq IN
         (SELECT seq FROM items i WHERE run_no = ? AND replaced = 0 AND NOT ${CURRENT} AND ${REPLACED} LIMIT ?)`,
    );
    this.#prune = db.prepare(
      `DELETE FROM items WHERE seq IN
         (SELECT seq FROM items i WHERE run_no = ? AND NOT ${KEPT} ORDER BY seq LIMIT ?) RETURNING seq`,
    );
  }

  /** Call this inside the transaction of the commit. */
  insert(batch: ItemBatch): void {
    assertCommittable(batch);
    const { runId, moduleId, phase, nodeId, token, revision = 1, items } = batch;
    const runNo = this.#runs.of(runId);
    for (const [ordinal, { type, data }] of items.entries()) {
      this.#insert.run(runNo, phase, moduleId, nodeId, token, ordinal, type, data, revision);
    }
  }

  read({ runId, afterSeq, limit, type = '', join, withReplaced = false }: ItemQuery): StoredItem[] {
    const runNo = this.#runs.of(runId);
    const rows =
      join === undefined
        ? (withReplaced ? this.#readAll : this.#read).all(runNo, afterSeq, type, type, limit)
        : this.#readJoin.all(runNo, afterSeq, type, type, join.moduleId, join.beforePhase, limit);
    return assertInOrder(rows as unknown as StoredItem[], runId, afterSeq);
  }

  count(runId: string): number {
    return this.#count.get(this.#runs.of(runId))!.n as number;
  }

  hasWithdrawn(runId: string, upToSeq: number, withReplaced: boolean): boolean {
    return (withReplaced ? this.#gone : this.#withdrawn).get(this.#runs.of(runId), upToSeq) !== undefined;
  }

  /** Marks a batch of rows that a later revision has replaced; returns how many. */
  markReplaced(runId: string, limit: number): number {
    return Number(this.#markReplaced.run(this.#runs.of(runId), limit).changes);
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
