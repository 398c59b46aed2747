import type { SqliteDatabase } from '../../sqlite/database.ts';
import type { ChainNode, DeathReason, NodeKind, NodeSeed, NodeState } from '../node.ts';
import type { PhaseScope } from './scopes.ts';

/** A node as its row holds it; transitions change it and save it. */
export interface NodeRow {
  readonly no: number;
  readonly id: string;
  readonly phase_no: number;
  readonly kind: NodeKind;
  readonly step_idx: number;
  readonly limit_key: string;
  state: NodeState;
  epoch: number;
  attempts: number;
  crashes: number;
  dispatches: number;
  due_at: number;
  reopened: number;
  error_epoch: number;
  owner: string;
  token: string;
  committed_token: string;
  handed_over: string;
  death_reason: DeathReason | '';
  /** `epoch:code:action;` for each decision made. */
  decisions: string;
  error: string;
  prefix_request: string;
  body: string;
}

/** How a node comes into being: to be claimed, or claimed already. */
export interface Birth {
  readonly dueAtMs: number;
  readonly reopened: boolean;
  readonly claim?: { readonly owner: string; readonly token: string };
}

/** The rows of nodes, by prepared statements. */
export class Nodes {
  readonly #find;
  readonly #insert;
  readonly #save;
  readonly #saveBody;
  readonly #due;
  readonly #dueReopened;
  readonly #anyOpen;
  readonly #drainable;

  constructor(db: SqliteDatabase) {
    this.#find = db.prepare('SELECT * FROM chain_nodes WHERE id = ?');
    this.#insert = db.prepare(
      `INSERT INTO chain_nodes (id, phase_no, kind, state, step_idx, attempts, due_at, reopened, owner, token, limit_key,
         prefix_request, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    );
    this.#save = db.prepare(
      `UPDATE chain_nodes SET state = ?, epoch = ?, attempts = ?, crashes = ?, dispatches = ?, due_at = ?, reopened = ?,
         error_epoch = ?, owner = ?, token = ?, committed_token = ?, handed_over = ?, death_reason = ?, decisions = ?,
         error = ? WHERE no = ?`,
    );
    this.#saveBody = db.prepare('UPDATE chain_nodes SET body = ?, prefix_request = ? WHERE no = ?');
    this.#due = db.prepare(
      'SELECT * FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND due_at <= ? ORDER BY due_at, no LIMIT ?',
    );
    this.#dueReopened = db.prepare(
      `SELECT * FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND due_at <= ? AND reopened = 1
       ORDER BY due_at, no LIMIT ?`,
    );
    this.#anyOpen = db.prepare('SELECT 1 FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND reopened = 0 LIMIT 1');
    this.#drainable = db.prepare(
      'SELECT * FROM chain_nodes WHERE phase_no = ? AND due_at > 0 AND (reopened = 0 OR ? = 1) ORDER BY due_at LIMIT ?',
    );
  }

  find(id: string): NodeRow | undefined {
    return this.#find.get(id) as NodeRow | undefined;
  }

  /** The new row, or undefined when a node with this id exists. */
  insert(seed: NodeSeed, phase: PhaseScope, { dueAtMs, reopened, claim }: Birth): NodeRow | undefined {
    const limitKey = seed.limitKey ?? '';
    const state = claim === undefined ? 'pending' : 'processing';
    const attempts = claim === undefined ? 0 : 1;
    const owner = claim?.owner ?? '';
    const token = claim?.token ?? '';
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
    );
    if (changes === 0) return undefined;
    return {
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
    };
  }

  save(row: NodeRow): void {
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
      row.no,
    );
  }

  saveBody(row: NodeRow): void {
    this.#saveBody.run(row.body, row.prefix_request, row.no);
  }

  /** Due nodes of a phase, the longest overdue first; of a closed phase only the re-opened ones. */
  due(phase: PhaseScope, nowMs: number, limit: number): NodeRow[] {
    const query = phase.closed === '' ? this.#due : this.#dueReopened;
    return query.all(phase.no, nowMs, limit) as unknown as NodeRow[];
  }

  /** Whether an open node of the phase stands that was not re-opened. */
  hasOriginalOpen(phase: PhaseScope): boolean {
    return this.#anyOpen.get(phase.no) !== undefined;
  }

  /** Open nodes of a phase; without `all`, re-opened ones are left out. */
  open(phase: PhaseScope, all: boolean, limit: number): NodeRow[] {
    return this.#drainable.all(phase.no, all ? 1 : 0, limit) as unknown as NodeRow[];
  }
}

/** The node as the port speaks of it. */
export function toChainNode(row: NodeRow, phase: PhaseScope): ChainNode {
  return {
    id: row.id,
    runId: phase.module.run.runId,
    moduleId: phase.module.moduleId,
    phase: phase.idx,
    kind: row.kind,
    stepIdx: row.step_idx,
    prefixRequest: row.prefix_request,
    body: row.body,
    limitKey: row.limit_key,
    state: row.state,
    epoch: row.epoch,
    attempts: row.attempts,
    crashes: row.crashes,
    dispatches: row.dispatches,
    owner: row.owner,
    token: row.token,
    dueAtMs: row.due_at,
    error: row.error,
    deathReason: row.death_reason,
    committedToken: row.committed_token,
  };
}
