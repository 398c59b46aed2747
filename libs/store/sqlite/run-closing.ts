import type { SqliteDatabase } from '../../sqlite/database.ts';
import type { RunEnd, RunRecords } from '../port.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Items } from './items.ts';
import type { RunNumbers } from './run-numbers.ts';
import type { Tasks } from './tasks.ts';

/** Rows written or deleted per transaction. */
const BATCH = 200;

export interface RunClosingParts {
  readonly db: SqliteDatabase;
  readonly numbers: RunNumbers;
  readonly items: Items;
  readonly letters: DeadLetters;
  readonly tasks: Pick<Tasks, 'count'>;
  /** Deletes a batch of what requests of the run had received; returns how many. */
  readonly clearPartials: (runNo: number, limit: number) => number;
}

/** Writes the end of a run in bounded transactions. The run's own row is last, so after a crash the closing starts over. */
export class RunClosing {
  readonly #db: SqliteDatabase;
  readonly #numbers: RunNumbers;
  readonly #items: Items;
  readonly #letters: DeadLetters;
  readonly #tasks: RunClosingParts['tasks'];
  readonly #clearPartials: RunClosingParts['clearPartials'];
  readonly #saveEvent;
  readonly #markWithdrawn;
  readonly #end;

  constructor({ db, numbers, items, letters, tasks, clearPartials }: RunClosingParts) {
    this.#tasks = tasks;
    this.#clearPartials = clearPartials;
    this.#db = db;
    this.#numbers = numbers;
    this.#items = items;
    this.#letters = letters;
    this.#saveEvent = db.prepare('INSERT INTO events (run_no, id, event) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#markWithdrawn = db.prepare(
      `UPDATE runs SET withdrawn_seq = CASE WHEN withdrawn_seq = 0 THEN ? ELSE min(withdrawn_seq, ?) END WHERE no = ?`,
    );
    this.#end = db.prepare(
      `UPDATE runs SET state = 'closed', run_end = ?, ended_at = ?, cost = ?, nodes = ?, expired = 0 WHERE no = ?`,
    );
  }

  async close(runId: string, end: RunEnd, { deadLetters, events, summary, count }: RunRecords): Promise<void> {
    const runNo = this.#numbers.of(runId);
    // Nodes of earlier letters may have been replayed since.
    await this.#db.write(() => this.#letters.clear(runNo));
    for await (const letters of batches(deadLetters)) {
      await this.#db.write(() => {
        for (const letter of letters) this.#letters.save(runNo, letter);
      });
    }
    for await (const some of batches(events)) {
      await this.#db.write(() => {
        for (const { id, type, atMs, data } of some) {
          this.#saveEvent.run(runNo, id, JSON.stringify({ id, type, atMs, data }));
        }
      });
    }
    while (await this.#db.write(() => this.#clearPartials(runNo, BATCH) === BATCH));
    while (await this.#db.write(() => this.#items.markReplaced(runId, BATCH) === BATCH));
    while (await this.#prune(runId, runNo));
    const whole = JSON.stringify({ ...end, ...summary?.() });
    const nodes = end.done + end.dead;
    await this.#db.write(() => {
      this.#end.run(whole, end.endedAtMs, end.cost?.spent ?? 0, nodes, runNo);
      if (count !== undefined) this.#tasks.count(runNo, count);
    });
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

async function* batches<Row>(rows: AsyncIterable<Row>): AsyncGenerator<readonly Row[]> {
  let batch: Row[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
