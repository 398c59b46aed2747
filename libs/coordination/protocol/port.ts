/**
 * The coordinator: it holds every node of every open run, and moves them by atomic, bounded, replay-safe transitions.
 *
 * State is the truth and a message is a bell, so everything that must survive is a transition here. Each method is one
 * transition (or one bounded step of the sweeper); each validates everything before it writes, and repeating a call
 * answers what the first one did. A rejected promise means that the coordinator could not be asked: nothing was executed,
 * and the caller returns its message (fail closed).
 */

import { ClaimCode, type ClaimTransitions, RecoverCode, ReleaseCode, RenewCode, ReorderCode } from './claims.ts';
import { CommitCode, type CommitTransitions, PumpCode, StageCode } from './commits.ts';
import { CommitErrorCode, DecideCode, type ErrorTransitions, ReplayCode, RetryCode, TerminateCode } from './errors.ts';
import { DrainCode, PhaseCloseCode, type PhaseTransitions } from './phases.ts';
import type { Reads } from './reads.ts';
import { ControlCode, RunOpenCode, type RunTransitions, SettleCode } from './runs.ts';
import type { SweepTransitions } from './sweep.ts';

export interface Coordinator
  extends RunTransitions,
    ClaimTransitions,
    CommitTransitions,
    ErrorTransitions,
    PhaseTransitions,
    SweepTransitions,
    Reads {}

/** The codes that a transition answers, by name. The numbers are the contract with the Lua scripts. */
export type CodeTable = Readonly<Record<string, number>>;

const NO_CODES: CodeTable = {};

/** Each transition's name in metrics and traces, which is that of its Lua script where it has one, and its codes. Reads have none. */
export const TRANSITIONS = {
  runOpen: ['run_open', RunOpenCode],
  claim: ['ptm_claim', ClaimCode],
  renew: ['ptm_renew', RenewCode],
  release: ['ptm_release', ReleaseCode],
  stageChildren: ['children_stage', StageCode],
  commitSuccess: ['ptm_commit_success', CommitCode],
  commitError: ['ptm_commit_error', CommitErrorCode],
  recoverZombie: ['ptm_recover_zombie', RecoverCode],
  reorderEnqueue: ['ptm_reorder_enqueue', ReorderCode],
  thresholdDecide: ['etm_threshold_decide', DecideCode],
  retrySchedule: ['etm_retry_schedule', RetryCode],
  terminateMark: ['etm_terminate_mark', TerminateCode],
  dueTake: ['due_take', NO_CODES],
  childrenPump: ['children_pump', PumpCode],
  scopeDrain: ['scope_drain', DrainCode],
  runControl: ['run_control', ControlCode],
  phaseClose: ['phase_close', PhaseCloseCode],
  runSettle: ['run_settle', SettleCode],
  replay: ['ptm_replay', ReplayCode],
  runAudit: ['run_audit', NO_CODES],
  runPurge: ['run_purge', NO_CODES],
  findRun: ['run_read', NO_CODES],
  findNode: ['node_read', NO_CODES],
  listNodes: ['nodes_read', NO_CODES],
  listEvents: ['events_read', NO_CODES],
} as const satisfies Readonly<Record<keyof Coordinator, readonly [name: string, codes: CodeTable]>>;
