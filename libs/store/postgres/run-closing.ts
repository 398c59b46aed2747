import type { DeadLetter, RunEnd, RunRecords, StoredEvent } from '../port.ts';
import type { PostgresDatabase, Statement } from './database.ts';
import type { Items } from './items.ts';
import { CLEAR_PARTIALS } from './partials.ts';
import type { RunNumbers } from './run-numbers.ts';
import { countRun, type EndedRun } from './tasks.ts';

/** Rows per statement. */
const BATCH = 500;

/**
 * Writes the end of a run in bounded statements. The run's own row is last, so after a crash the closing starts over. Two
 * processes may close a run at the same time: each closing has a number, letters are written under it, and only those of earlier
 * closings are deleted at the end.
 */
export class RunClosing {
  readonly #db: PostgresDatabase;
  readonly #numbers: RunNumbers;
  readonly #items: Items;

  constructor(db: PostgresDatabase, numbers: RunNumbers, items: Items) {
    this.#db = db;
    this.#numbers = numbers;
    this.#items = items;
  }

  async close(runId: string, end: RunEnd, { deadLetters, events, summary, count }: RunRecords): Promise<void> {
    const runNo = await this.#numbers.of(runId);
    const [begun] = await this.#db.query(BEGIN, [runNo]);
    const settling = begun!.settlings as number;
    await inBatches(deadLetters, (batch) => this.#saveLetters(runNo, settling, batch));
    await inBatches(events, (batch) => this.#saveEvents(runNo, batch));
    while ((await this.#db.query(CLEAR_PARTIALS, [runNo, BATCH]))[0]!.n === BATCH);
    while (await this.#items.prune(runNo));
    await this.#db.transaction(async (query) => {
      await query(FORGET_LETTERS, [runNo, settling]);
      const whole = JSON.stringify({ ...end, ...summary?.() });
      const nodes = end.done + end.dead;
      const [ended] = await query(END, [runNo, whole, end.endedAtMs, end.cost?.spent ?? 0, nodes]);
      if (count !== undefined && ended?.is_named === true) await countRun(query, ended as unknown as EndedRun, count);
    });
  }

  /** The nodes of the closed run are deleted, so rows that a late execution has inserted since are deleted too. */
  async expire(runId: string): Promise<void> {
    const runNo = await this.#numbers.of(runId);
    while (await this.#items.prune(runNo));
    await this.#db.query(MARK_EXPIRED, [runNo]);
  }

  async #saveLetters(runNo: number, settling: number, letters: readonly DeadLetter[]): Promise<void> {
    // A statement must not write a row twice, so only the newest letter of a node is kept.
    const newest = [...new Map(letters.map((letter) => [letter.nodeId, letter])).values()];
    await this.#db.query(SAVE_LETTERS, [
      runNo,
      settling,
      newest.map(({ nodeId }) => nodeId),
      newest.map(({ epoch }) => epoch),
      newest.map((letter) => JSON.stringify(letter)),
    ]);
  }

  async #saveEvents(runNo: number, events: readonly StoredEvent[]): Promise<void> {
    const texts = events.map(({ id, type, atMs, data }) => JSON.stringify({ id, type, atMs, data }));
    await this.#db.query(SAVE_EVENTS, [runNo, events.map(({ id }) => id), texts]);
  }
}

async function inBatches<Row>(rows: AsyncIterable<Row>, save: (batch: readonly Row[]) => Promise<void>): Promise<void> {
  let batch: Row[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    await save(batch);
    batch = [];
  }
  if (batch.length > 0) await save(batch);
}

const BEGIN: Statement = {
  name: 'begin_settling',
  text: 'UPDATE runs SET settlings = settlings + 1 WHERE no = $1 RETURNING settlings',
};

/** A discarded letter stays discarded, unless its node was replayed and died again. */
const SAVE_LETTERS: Statement = {
  name: 'save_letters',
  text: `INSERT INTO dead_letters AS kept (run_no, settling, node_id, epoch, letter)
    SELECT $1, $2, * FROM unnest($3::text[], $4::int[], $5::text[])
    ON CONFLICT (run_no, node_id) DO UPDATE SET
      settling = greatest(kept.settling, excluded.settling),
      letter = CASE WHEN kept.discarded AND excluded.epoch <= kept.epoch THEN '' ELSE excluded.letter END,
      discarded = kept.discarded AND excluded.epoch <= kept.epoch,
      epoch = greatest(kept.epoch, excluded.epoch)`,
};

/** Deletes letters of an earlier end whose nodes were replayed or deleted since. */
const FORGET_LETTERS: Statement = {
  name: 'forget_letters',
  text: 'DELETE FROM dead_letters WHERE run_no = $1 AND settling < $2',
};

const SAVE_EVENTS: Statement = {
  name: 'save_events',
  text: `INSERT INTO events (run_no, id, event)
    SELECT $1, given.id, given.event FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given (id, event, position)
    ORDER BY given.position ON CONFLICT DO NOTHING`,
};

const END: Statement = {
  name: 'end_run',
  text: `UPDATE runs SET state = 'closed', run_end = $2, ended_at = $3, cost = $4, nodes = $5, expired = FALSE
    WHERE no = $1
    RETURNING no, account, task_id, task_id <> run_id AS is_named, task_lifts, counted_executions, counted_errors`,
};

const MARK_EXPIRED: Statement = { name: 'mark_expired', text: 'UPDATE runs SET expired = TRUE WHERE no = $1' };
