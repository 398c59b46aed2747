import type { SqliteDatabase } from '../../sqlite/database.ts';
import type { DeadLetter, LetterPage } from '../port.ts';

/** More rows than there can be, to read all of them. */
const NO_LIMIT = -1;

/** Dead letters. A discarded one leaves an empty row, so that closing the run again does not restore it. */
export class DeadLetters {
  readonly #list;
  readonly #clear;
  readonly #save;
  readonly #discard;

  constructor(db: SqliteDatabase) {
    this.#list = db.prepare(
      'SELECT letter FROM dead_letters WHERE run_no = ? AND node_id > ? AND discarded = 0 ORDER BY node_id LIMIT ?',
    );
    this.#clear = db.prepare('DELETE FROM dead_letters WHERE run_no = ? AND discarded = 0');
    this.#save = db.prepare(
      `INSERT INTO dead_letters (run_no, node_id, letter, epoch) VALUES (?, ?, ?, ?)
       ON CONFLICT (run_no, node_id) DO UPDATE SET letter = excluded.letter, epoch = excluded.epoch, discarded = 0
       WHERE excluded.epoch > epoch`,
    );
    this.#discard = db.prepare(
      `UPDATE dead_letters SET discarded = 1, letter = '' WHERE run_no = ? AND node_id = ? AND discarded = 0`,
    );
  }

  list(runNo: number, page?: LetterPage): DeadLetter[] {
    const rows = this.#list.all(runNo, page?.after ?? '', page?.limit ?? NO_LIMIT);
    return rows.map((row) => JSON.parse(row.letter as string) as DeadLetter);
  }

  /** Call this inside a transaction, as the two below. */
  clear(runNo: number): void {
    this.#clear.run(runNo);
  }

  save(runNo: number, letter: DeadLetter): void {
    this.#save.run(runNo, letter.nodeId, JSON.stringify(letter), letter.epoch);
  }

  /** Discards letters; returns how many there were. */
  discard(runNo: number, nodeIds: readonly string[]): number {
    let discarded = 0;
    for (const nodeId of nodeIds) discarded += Number(this.#discard.run(runNo, nodeId).changes);
    return discarded;
  }
}
