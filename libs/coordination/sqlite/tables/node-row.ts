import { invariantBroken } from '../../protocol/assertions.ts';
import type { FailedNode } from '../../protocol/failed-node.ts';
import {
  type ChainNode,
  type DeathReason,
  isTerminal,
  type NodeKind,
  type NodeState,
  windowPlace,
} from '../../protocol/node.ts';
import type { PhaseScope } from './scopes.ts';

/** A row of a node; transitions change it and save it. */
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
  /** The opening of the later phases in which it was claimed last; 0 before the first claim. */
  revision: number;
  /** 1: an earlier phase was open then. */
  early: number;
  /** How many nodes of its run were created before it. */
  readonly place: number;
  /** In a run with caps, the items of its last commit. */
  items: number;
  /** How it stands to the window of its module, as the counters count it: {@link windowNumber}. */
  window_place: WindowNumber;
}

export type WindowNumber = 0 | 1 | 2;

/** The number by which a row stores its place: 0 outside, 1 inside, 2 ready. */
export function windowNumber({ state, due_at }: Pick<NodeRow, 'state' | 'due_at'>): WindowNumber {
  const place = windowPlace({ state, dueAtMs: due_at });
  if (place === 'inside') return 1;
  return place === 'ready' ? 2 : 0;
}

/** A row for the events of its failure. */
export function failedNode(row: NodeRow, { taskId }: { readonly taskId: string }): FailedNode {
  const { step_idx: stepIdx, prefix_request: prefixRequest, attempts, crashes, error } = row;
  return { taskId, stepIdx, prefixRequest, attempts, crashes, error };
}

/** The columns of a row, in the order in which {@link toRow} takes them. */
export const COLUMNS = `no, id, phase_no, kind, step_idx, limit_key, state, epoch, attempts, crashes, dispatches, due_at, reopened,
  error_epoch, owner, token, committed_token, handed_over, death_reason, decisions, error, prefix_request, body,
  revision, early, place, window_place, items`;

/** The values of {@link COLUMNS}. */
export type RowColumns = readonly [
  ...[no: number, id: string, phaseNo: number, kind: NodeKind, stepIdx: number, limitKey: string, state: NodeState],
  ...[epoch: number, attempts: number, crashes: number, dispatches: number, dueAt: number, reopened: number],
  ...[errorEpoch: number, owner: string, token: string, committedToken: string, handedOver: string],
  ...[deathReason: DeathReason | '', decisions: string, error: string, prefixRequest: string, body: string],
  ...[revision: number, early: number, place: number, windowPlace: WindowNumber],
  ...[items: number],
];

/** The row of these column values. */
export function toRow(columns: RowColumns): NodeRow {
  return {
    no: columns[0],
    id: columns[1],
    phase_no: columns[2],
    kind: columns[3],
    step_idx: columns[4],
    limit_key: columns[5],
    state: columns[6],
    epoch: columns[7],
    attempts: columns[8],
    crashes: columns[9],
    dispatches: columns[10],
    due_at: columns[11],
    reopened: columns[12],
    error_epoch: columns[13],
    owner: columns[14],
    token: columns[15],
    committed_token: columns[16],
    handed_over: columns[17],
    death_reason: columns[18],
    decisions: columns[19],
    error: columns[20],
    prefix_request: columns[21],
    body: columns[22],
    revision: columns[23],
    early: columns[24],
    place: columns[25],
    window_place: columns[26],
    items: columns[27],
  };
}

/** Asserts that a row is consistent, when a transition reads it and when it is written. */
export function assertRow(row: NodeRow): void {
  const broken = brokenIn(row);
  if (broken !== undefined) throw invariantBroken(broken.invariant, { id: row.id }, broken.found);
}

/** The invariant that the row violates; undefined when there is none. */
export function brokenIn({ state, due_at, owner, token, committed_token }: NodeRow) {
  if (isTerminal(state) !== (due_at === 0))
    return { invariant: 'I2', found: `it is ${state} and due at ${due_at}` } as const;
  if (state === 'processing' && (owner === '' || token === '')) {
    return { invariant: 'I3', found: 'it is processing without a holder' } as const;
  }
  if ((state === 'done' || state === 'releasing') && committed_token === '') {
    return { invariant: 'I3', found: `it is ${state} but never committed` } as const;
  }
  return undefined;
}

/** Converts a row to the node of the port. */
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
    revision: row.revision,
    isEarly: row.early === 1,
  };
}
