import type { SqliteDatabase } from '../../../sqlite/database.ts';

/** Whether a module has used its one fallback for a step and a request. */
export class FallbackGates {
  readonly #insert;

  constructor(db: SqliteDatabase) {
    this.#insert = db.prepare('INSERT INTO chain_fallback_gates VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  }

  /** Uses the gate; true only the first time. */
  take(moduleNo: number, stepIdx: number, prefixRequest: string): boolean {
    return this.#insert.run(moduleNo, stepIdx, prefixRequest).changes === 1;
  }
}
