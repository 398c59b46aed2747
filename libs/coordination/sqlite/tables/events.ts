import { type EventType, eventId } from '../../../contracts/events.ts';
import type { SqliteDatabase } from '../../../sqlite/database.ts';
import type { EventFilter, TimelineEvent } from '../../protocol/reads.ts';
import type { ModuleScope, RunScope } from './scopes.ts';

export interface AppendedEvent {
  readonly type: EventType;
  readonly runId: string;
  readonly taskId: string;
  readonly subject: string;
  readonly epoch: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Called within the transaction; it may be called again if that is rolled back. */
export type OnEvent = (event: AppendedEvent) => void;

/** The run's timeline: one row per event, unique by its stable id, written in the transition that causes it. */
export class Events {
  readonly #insert;

  readonly #list;
  readonly #onEvent: OnEvent;

  constructor(db: SqliteDatabase, onEvent: OnEvent = () => {}) {
    this.#onEvent = onEvent;
    this.#list = db.prepare(
      `SELECT seq, id, type, at AS atMs, data FROM chain_events
       WHERE run_no = (SELECT no FROM chain_runs WHERE run_id = ?) AND seq > ? ORDER BY seq LIMIT ?`,
    );
    this.#insert = db.prepare(
      'INSERT INTO chain_events (id, run_no, type, at, data) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    );
  }

  list({ runId, afterSeq, limit }: EventFilter): TimelineEvent[] {
    const rows = this.#list.all(runId, afterSeq, limit) as unknown as (TimelineEvent & { data: string })[];
    return rows.map((row) => ({ ...row, data: JSON.parse(row.data) as TimelineEvent['data'] }));
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
    const added = this.#insert.run(eventId(subject, epoch, type), run.no, type, atMs, JSON.stringify(data));
    if (added.changes === 1) this.#onEvent({ type, runId: run.runId, taskId: run.taskId, subject, epoch, data });
  }

  /** Records an event that occurs once per step of a module. */
  appendOfStep(module: ModuleScope, type: EventType, stepIdx: number, atMs: number): void {
    const { run, moduleId } = module;
    this.append(run, type, `${run.runId}:${moduleId}:${stepIdx}`, 0, atMs, { moduleId, stepIdx });
  }
}
