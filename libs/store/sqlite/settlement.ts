import type { SqliteDatabase } from '../../sqlite/database.ts';
import type { DeadLetter, RunEnd, RunRecords, StoredEvent } from '../port.ts';
import type { Items } from './items.ts';
import type { RunNumbers } from './run-numbers.ts';

/** Rows written, or deleted, per transaction. */
const BATCH = 200;

/** Writes the end of a run in bounded transactions; the run's own row comes last, so whoever dies before starts over. */
export class Settlement {
  readonly #db: SqliteDatabase;
  readonly #numbers: RunNumbers;
  readonly #items: Items;
  readonly #clearLetters;
  readonly #saveLetter;
  readonly #saveEvent;
  readonly #markWithdrawn;
  readonly #end;

  constructor(db: SqliteDatabase, numbers: RunNumbers, items: Items) {
    this.#db = db;
    this.#numbers = numbers;
    this.#items = items;
    this.#clearLetters = db.prepare('DELETE FROM dead_letters WHERE run_no = ?');
    this.#saveLetter = db.prepare(
      'INSERT INTO dead_letters VALUES (?, ?, ?) ON CONFLICT (run_no, node_id) DO UPDATE SET letter = excluded.letter',
    );
    this.#saveEvent = db.prepare('INSERT INTO events (run_no, id, event) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#markWithdrawn = db.prepare(
      `UPDATE runs SET withdrawn_seq = CASE WHEN withdrawn_seq = 0 THEN ? ELSE min(withdrawn_seq, ?) END WHERE no = ?`,
    );
    this.#end = db.prepare(`UPDATE runs SET state = 'closed', run_end = ?, ended_at = ?, expired = 0 WHERE no = ?`);
  }

  async settle(runId: string, end: RunEnd, { deadLetters, events }: RunRecords): Promise<void> {
    const runNo = this.#numbers.of(runId);
    // Letters of an earlier end may have been replayed since.
    await this.#db.write(() => void this.#clearLetters.run(runNo));
    await this.#inBatches<DeadLetter>(deadLetters, (letter) =>
      this.#saveLetter.run(runNo, letter.nodeId, JSON.stringify(letter)),
    );
    await this.#inBatches<StoredEvent>(events, ({ id, type, atMs, data }) =>
      this.#saveEvent.run(runNo, id, JSON.stringify({ id, type, atMs, data })),
    );
    while (await this.#prune(runId, runNo));
    await this.#db.write(() => void this.#end.run(JSON.stringify(end), end.endedAtMs, runNo));
  }

  async #inBatches<Row>(rows: AsyncIterable<Row>, save: (row: Row) => void): Promise<void> {
    let batch: Row[] = [];
    const flush = () => this.#db.write(() => batch.forEach(save));
    for await (const row of rows) {
      batch.push(row);
      if (batch.length < BATCH) continue;
      await flush();
      batch = [];
    }
    if (batch.length > 0) await flush();
  }

  /** Deletes a batch of rows that never committed; true while there may be more. */
  #prune(runId: string, runNo: number): Promise<boolean> {
    return this.#db.write(() => {
      const { deleted, lowestSeq } = this.#items.prune(runId, BATCH);
      if (deleted > 0) this.#markWithdrawn.run(lowestSeq, lowestSeq, runNo);
      return deleted === BATCH;
    });
  }
}
