import type { SqliteDatabase } from '../../../sqlite/database.ts';
import type { NodeSeed } from '../../protocol/node.ts';
import type { NodeRow } from './node-row.ts';

/** Children staged before their parent's commit, by parent and token. */
export class Staged {
  readonly #insert;
  readonly #count;
  readonly #first;
  readonly #delete;
  readonly #deleteOthers;
  /** Tokens with staged children; commits of other tokens need no count. */
  readonly #used = new Set<string>();

  constructor(db: SqliteDatabase) {
    this.#insert = db.prepare(
      'INSERT INTO chain_staged (node_no, token, id, seed) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#count = db.prepare('SELECT count(*) AS n FROM chain_staged WHERE node_no = ? AND token = ?');
    this.#first = db.prepare('SELECT no, seed FROM chain_staged WHERE node_no = ? AND token = ? ORDER BY no LIMIT ?');
    this.#delete = db.prepare('DELETE FROM chain_staged WHERE no = ?');
    this.#deleteOthers = db.prepare(
      'DELETE FROM chain_staged WHERE no IN (SELECT no FROM chain_staged WHERE node_no = ? AND token <> ? LIMIT ?)',
    );
  }

  add(row: NodeRow, seeds: readonly NodeSeed[]): void {
    this.#used.add(row.token);
    for (const seed of seeds) this.#insert.run(row.no, row.token, seed.id, JSON.stringify(seed));
  }

  count(row: NodeRow): number {
    return this.#count.get(row.no, row.token)!.n as number;
  }

  /** How many children are staged under the committing token. */
  countForCommit(row: NodeRow): number {
    // A token is used only by the process that got it, so memory knows whether it staged anything.
    return this.#used.has(row.token) ? this.count(row) : 0;
  }

  /** Drops a token whose commit was accepted or will never come. */
  forget(token: string): void {
    this.#used.delete(token);
  }

  /** Removes and returns up to `limit` children in the order of staging. */
  take(row: NodeRow, limit: number): NodeSeed[] {
    const seeds: NodeSeed[] = [];
    for (const staged of this.#first.all(row.no, row.token, limit)) {
      this.#delete.run(staged.no as number);
      seeds.push(JSON.parse(staged.seed as string) as NodeSeed);
    }
    return seeds;
  }

  /** Deletes a batch of the children that other tokens staged; true when there may be more. */
  deleteOthers(row: NodeRow, limit: number): boolean {
    return Number(this.#deleteOthers.run(row.no, row.token, limit).changes) === limit;
  }
}
