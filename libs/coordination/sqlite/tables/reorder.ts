import type { SqliteDatabase } from '../../../sqlite/database.ts';
import type { NodeRef } from '../../protocol/node.ts';
import type { ReleasedResponse } from '../../protocol/outcome.ts';

/** Responses that came before their node; the commit that creates the node returns them. */
export class ReorderBuffer {
  readonly #insert;
  readonly #take;
  readonly #count;
  #size: number;

  constructor(db: SqliteDatabase) {
    this.#insert = db.prepare(
      'INSERT INTO chain_reorder (id, run_id, response) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING',
    );
    this.#take = db.prepare('DELETE FROM chain_reorder WHERE id = ? RETURNING response');
    this.#count = db.prepare('SELECT count(*) AS n FROM chain_reorder');
    this.#size = this.count();
  }

  /** False when a response of this node is kept already. */
  keep(id: string, runId: string, response: string): boolean {
    const kept = this.#insert.run(id, runId, response).changes === 1;
    if (kept) this.#size += 1;
    return kept;
  }

  count(): number {
    return this.#count.get()!.n as number;
  }

  take(node: NodeRef): ReleasedResponse | undefined {
    // The table is nearly always empty, so a counter saves a query per child. After a rollback it may be too high, never too low.
    if (this.#size === 0) return undefined;
    const row = this.#take.get(node.id);
    if (row === undefined) return undefined;
    this.#size -= 1;
    return { node, response: row.response as string };
  }
}
