import type { SqliteDatabase } from '../../../sqlite/database.ts';
import { LAST_OPENING_MS, type NodeKind, type NodeSeed, READY_REQUEST_MS, readyAt } from '../../protocol/node.ts';
import {
  assertRow,
  COLUMNS,
  type NodeRow,
  type RowColumns,
  toRow,
  type WindowNumber,
  windowNumber,
} from './node-row.ts';
import type { PhaseScope } from './scopes.ts';

/** How a node is created: pending, or claimed already. */
export interface Birth {
  readonly dueAtMs: number;
  /** How many nodes of its run were created before it. */
  readonly place: number;
  readonly reopened: boolean;
  readonly claim?: {
    readonly owner: string;
    readonly token: string;
    readonly revision: number;
    readonly isEarly: boolean;
  };
}

/**
 * The rows of nodes. Leased nodes are kept in memory too, because they are committed soon. So there is one object per leased
 * node; a transition that changes it saves it in the same transaction, and a rollback drops all of them.
 */
export class Nodes {
  readonly #leased = new Map<string, NodeRow>();
  readonly #find;
  readonly #insert;
  readonly #save;
  readonly #saveBody;
  readonly #due;
  readonly #waiting;
  readonly #openBefore;
  readonly #dueReopened;
  readonly #anyOpen;
  readonly #someOpen;
  readonly #drainable;
  readonly #ready;
  readonly #waitingOf;
  readonly #onPlaced;

  /** `onPlaced` is called when a node goes in or out of the window of its module, before it is written. */
  constructor(db: SqliteDatabase, onPlaced: (row: NodeRow, to: WindowNumber) => void) {
    this.#onPlaced = onPlaced;
    this.#find = db.prepare(`SELECT ${COLUMNS} FROM chain_nodes WHERE id = ?`);
    // Arrays take half the time of objects, which are also slower to read from.
    this.#find.setReturnArrays(true);
    this.#insert = db.prepare(
      `INSERT INTO chain_nodes (id, phase_no, kind, state, step_idx, attempts, due_at, reopened, owner, token, limit_key,
         prefix_request, body, revision, early, place, window_place)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    );
    this.#save = db.prepare(
      `UPDATE chain_nodes SET state = ?, epoch = ?, attempts = ?, crashes = ?, dispatches = ?, due_at = ?, reopened = ?,
         error_epoch = ?, owner = ?, token = ?, committed_token = ?, handed_over = ?, death_reason = ?, decisions = ?,
         error = ?, revision = ?, early = ?, window_place = ?, items = ? WHERE no = ?`,
    );
    this.#saveBody = db.prepare('UPDATE chain_nodes SET body = ?, prefix_request = ? WHERE no = ?');
    this.#due = db.prepare(
      'SELECT * FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND due_at <= ? ORDER BY due_at, no LIMIT ?',
    );
    this.#waiting = db.prepare(
      'SELECT * FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND due_at >= ? ORDER BY due_at, no LIMIT ?',
    );
    this.#ready = db.prepare(
      `SELECT * FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND due_at >= ? AND due_at < ? AND reopened >= ?
       ORDER BY due_at, no LIMIT ?`,
    );
    this.#openBefore = db.prepare('SELECT 1 FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND due_at < ? LIMIT 1');
    this.#dueReopened = db.prepare(
      `SELECT * FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND due_at <= ? AND reopened = 1
       ORDER BY due_at, no LIMIT ?`,
    );
    this.#anyOpen = db.prepare('SELECT 1 FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND reopened = 0 LIMIT 1');
    this.#someOpen = db.prepare('SELECT 1 FROM chain_nodes WHERE phase_no = ? AND due_at > 0 LIMIT ?');
    this.#drainable = db.prepare(
      'SELECT * FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND (reopened = 0 OR ? = 1) ORDER BY due_at LIMIT ?',
    );
    this.#waitingOf = db.prepare(
      `SELECT * FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND reopened = 0 AND state IN ('pending', 'retry', 'fetched')
       ORDER BY due_at`,
    );
    db.onRollback(() => this.forgetLeased());
  }

  find(id: string): NodeRow | undefined {
    const leased = this.#leased.get(id);
    if (leased !== undefined) return leased;
    const columns = this.#find.get(id) as unknown as RowColumns | undefined;
    return columns === undefined ? undefined : toRow(columns);
  }

  /** Call this when rows were changed other than by {@link save}. */
  forgetLeased(): void {
    this.#leased.clear();
  }

  /** Inserts a node; returns its row, or undefined when a node with this id exists. */
  insert(seed: NodeSeed, phase: PhaseScope, { dueAtMs, place, reopened, claim }: Birth): NodeRow | undefined {
    const limitKey = seed.limitKey ?? '';
    const state = claim === undefined ? 'pending' : 'processing';
    const attempts = claim === undefined ? 0 : 1;
    const owner = claim?.owner ?? '';
    const token = claim?.token ?? '';
    const revision = claim?.revision ?? 0;
    const early = claim?.isEarly === true ? 1 : 0;
    const windowPlace = windowNumber({ state, due_at: dueAtMs });
    const { changes, lastInsertRowid } = this.#insert.run(
      seed.id,
      phase.no,
      seed.kind,
      state,
      seed.stepIdx,
      attempts,
      dueAtMs,
      reopened ? 1 : 0,
      owner,
      token,
      limitKey,
      seed.prefixRequest,
      seed.body,
      revision,
      early,
      place,
      windowPlace,
    );
    if (changes === 0) return undefined;
    const row: NodeRow = {
      no: Number(lastInsertRowid),
      id: seed.id,
      phase_no: phase.no,
      kind: seed.kind,
      step_idx: seed.stepIdx,
      limit_key: limitKey,
      state,
      epoch: 0,
      attempts,
      crashes: 0,
      dispatches: 0,
      due_at: dueAtMs,
      reopened: reopened ? 1 : 0,
      error_epoch: -1,
      owner,
      token,
      committed_token: '',
      handed_over: '',
      death_reason: '',
      decisions: '',
      error: '',
      prefix_request: seed.prefixRequest,
      body: seed.body,
      revision,
      early,
      place,
      items: 0,
      window_place: 0,
    };
    this.#place(row, windowPlace);
    this.#keep(row);
    return row;
  }

  save(row: NodeRow): void {
    assertRow(row);
    this.#place(row, windowNumber(row));
    this.#save.run(
      row.state,
      row.epoch,
      row.attempts,
      row.crashes,
      row.dispatches,
      row.due_at,
      row.reopened,
      row.error_epoch,
      row.owner,
      row.token,
      row.committed_token,
      row.handed_over,
      row.death_reason,
      row.decisions,
      row.error,
      row.revision,
      row.early,
      row.window_place,
      row.items,
      row.no,
    );
    this.#keep(row);
  }

  #place(row: NodeRow, to: WindowNumber): void {
    if (row.window_place === to) return;
    this.#onPlaced(row, to);
    row.window_place = to;
  }

  #keep(row: NodeRow): void {
    if (row.state === 'processing') this.#leased.set(row.id, row);
    else this.#leased.delete(row.id);
  }

  saveBody(row: NodeRow): void {
    this.#saveBody.run(row.body, row.prefix_request, row.no);
  }

  /** Due nodes of a phase, the longest overdue first; in a closed phase only re-opened ones. */
  due(phase: PhaseScope, nowMs: number, limit: number): NodeRow[] {
    const query = phase.closed === '' ? this.#due : this.#dueReopened;
    const due = query.all(phase.no, nowMs, limit) as unknown as NodeRow[];
    const { idx, module } = phase;
    if (idx === 0 || idx > module.currentPhase || phase.closed !== '' || due.length === limit) return due;
    // What waited for the last opening of this phase.
    const waiting = this.#waiting.all(phase.no, LAST_OPENING_MS, limit - due.length) as unknown as NodeRow[];
    return waiting.length === 0 ? due : [...due, ...waiting];
  }

  /** Ready nodes of a phase, the first created first; in a closed phase only re-opened ones. */
  ready(phase: PhaseScope, kind: NodeKind, limit: number): NodeRow[] {
    const from = readyAt(kind, 0);
    const until = kind === 'hop' ? READY_REQUEST_MS : LAST_OPENING_MS;
    const reopened = phase.closed === '' ? 0 : 1;
    return this.#ready.all(phase.no, from, until, reopened, limit) as unknown as NodeRow[];
  }

  /** Whether the phase has an open node that is due before this time. */
  hasOpenBefore(phase: PhaseScope, dueAtMs: number): boolean {
    return this.#openBefore.get(phase.no, dueAtMs) !== undefined;
  }

  /** Whether the phase has an open node that was not re-opened. */
  hasOriginalOpen(phase: PhaseScope): boolean {
    return this.#anyOpen.get(phase.no) !== undefined;
  }

  /** Number of open nodes of the phase, counted up to `limit`. */
  countOpen(phase: PhaseScope, limit: number): number {
    return this.#someOpen.all(phase.no, limit).length;
  }

  /** Nodes of a phase that nobody executes and that were not re-opened, of those that `counts` takes. */
  waiting(phase: PhaseScope, limit: number, counts: (row: NodeRow) => boolean): NodeRow[] {
    const found: NodeRow[] = [];
    for (const row of this.#waitingOf.iterate(phase.no) as Iterable<unknown>) {
      if (!counts(row as NodeRow)) continue;
      found.push(row as NodeRow);
      if (found.length === limit) break;
    }
    return found;
  }

  /** Open nodes of a phase; without `all`, re-opened ones are left out. */
  open(phase: PhaseScope, all: boolean, limit: number): NodeRow[] {
    return this.#drainable.all(phase.no, all ? 1 : 0, limit) as unknown as NodeRow[];
  }
}
