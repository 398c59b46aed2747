import { type EventType, eventId } from '../../contracts/events.ts';
import type { SqliteDatabase } from '../../sqlite/database.ts';
import type { RunScope } from './scopes.ts';

/** The run's timeline: a row per event, exactly once by its stable id, written with the transition that it tells of. */
export class Events {
  readonly #insert;

  constructor(db: SqliteDatabase) {
    this.#insert = db.prepare(
      'INSERT INTO chain_events (id, run_no, type, at, data) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    );
  }

  /** `subject` and `epoch` make the id stable: a node, a module's phase, or the run itself. */
  append(
    run: RunScope,
    type: EventType,
    subject: string,
    epoch: number,
    atMs: number,
    data: Readonly<Record<string, unknown>>,
  ): void {
    this.#insert.run(eventId(subject, epoch, type), run.no, type, atMs, JSON.stringify(data));
  }
}
