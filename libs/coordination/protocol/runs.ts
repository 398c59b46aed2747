/** How a run opens, is paused and cancelled, ends, and is forgotten. */
import type { NodeSeed } from './node.ts';
import type { CodeOf, WithBells } from './outcome.ts';

/** The codes that each transition answers, by name. The numbers are the contract with the Lua scripts. */

export const RunOpenCode = { OPENED: 0, ALREADY_OPEN: 1, RUN_CLOSED: 2 } as const;

export const ControlCode = { DONE: 0, NO_CHANGE: 1, RUN_CLOSED: 2 } as const;

export const SettleCode = { SETTLED: 0, NOT_CLOSING: 1 } as const;

/** When the next phase starts: `settle` always; `failFast` if no node died; a threshold if at most so many died. */
export type JoinPolicy =
  | { readonly kind: 'settle' }
  | { readonly kind: 'failFast' }
  | { readonly kind: 'threshold'; readonly maxDead?: number; readonly maxDeadRate?: number };

export interface PhasePlan {
  /** The hop that opens the phase when its first step is a compute step. */
  readonly opener?: NodeSeed;
  readonly join: JoinPolicy;
  /** When the phase is closed by force. */
  readonly deadlineAtMs?: number;
}

export interface ModulePlan {
  readonly moduleId: string;
  /** At least one. */
  readonly phases: readonly PhasePlan[];
  /** The module's first hops; all of the first phase or later. */
  readonly first: readonly NodeSeed[];
}

export interface RunOpenCommand {
  readonly runId: string;
  readonly modules: readonly ModulePlan[];
}

export interface PurgeCommand {
  readonly runId: string;
  /** At most so many nodes. */
  readonly limit: number;
}

export interface PurgeOutcome {
  readonly deleted: number;
  readonly more: boolean;
}

export interface AuditReport {
  readonly nodes: number;
  /** One line per counter or index entry that disagreed with the nodes; empty when all is well. */
  readonly drift: readonly string[];
}

export interface RunTransitions {
  /** Opens a run with its modules and first hops; idempotent by run id. */
  runOpen(open: RunOpenCommand): Promise<WithBells<CodeOf<typeof RunOpenCode>>>;
  runControl(control: {
    readonly runId: string;
    readonly action: 'pause' | 'resume' | 'cancel';
  }): Promise<CodeOf<typeof ControlCode>>;
  /** The end of a run has been written to the store. */
  runSettle(settle: { readonly runId: string }): Promise<CodeOf<typeof SettleCode>>;
  /** Recomputes counters and indexes of a run from its nodes, repairs them, and reports what had drifted. */
  runAudit(audit: { readonly runId: string }): Promise<AuditReport>;
  /** Forgets a batch of a closed run's nodes, and in the end the run. */
  runPurge(purge: PurgeCommand): Promise<PurgeOutcome>;
}
