/**
 * The coordinator: it holds every node of every open run, and moves them by atomic, bounded, replay-safe transitions.
 *
 * Terms:
 * - **Run**: one task with its input, from `runOpen` to `runSettle`. It has modules; a **module** has **phases** in an order.
 * - **Node**: the unit of claim and commit. A **hop** executes a step; a **request** is downloaded and parsed. A commit creates
 *   the node's **children**, in its phase or a later one.
 * - **Lease**: the right to execute a node until a time. Its **owner** is unique per attempt; its **token** is the fencing value
 *   that each call of the holder carries, compared for equality.
 * - **Epoch**: the life of a node in which it commits at most once. A recovery, a retry, a replay and a fallback begin the next.
 * - **Attempt**: an execution that was begun; **crash**: a lease that ran out. Each has a budget of its own. A **suspect** is a
 *   node with several crashes: it is executed alone in its process.
 * - **Due time**: when the sweeper must look at a node next. Each open node has one, in the **due set** of its phase. The
 *   **sweeper** acts on due nodes.
 * - **Window**: how many nodes of a module and a kind are *inside*: with the stages, from their wake-up to their end. The others
 *   that could be executed stand *ready*, in the order of their creation. So no queue grows with a run, and a wake-up is sent only
 *   for a node that is inside.
 * - **Wake-up** (`WakeUp`): a message that asks a stage to look at a node. It may be lost, doubled or late: the state decides.
 * - **Mark**: the end of a run or module by termination, cancel or threshold; a deadline ends a phase. From then on nothing is
 *   claimed or committed, and the open nodes of the scope are **drained** in batches.
 * - **Join**: a phase that is empty closes, and the next one opens, in one transition. Its **opener** is the hop that runs then.
 * - **Early opening**: the later phases of a module open once, at a given time, while an earlier phase is open. Its **revision**
 *   numbers the openings: what an early one yields is replaced by what the **last opening** yields.
 * - **Staged** children are kept under their parent's token until it commits; the **pump** moves them. A **hand-over** is an only
 *   child that its committer claims in the same transition. The **advance gate** is the child's own key: a child that exists is
 *   not created again.
 * - **Replay-safe**: a repeated call gives the same answer, or the answer that it was done before.
 *
 * Each method is one transition, or one bounded step of the sweeper. It checks everything before it writes. A rejected promise
 * means that the coordinator did not answer, or that its state is inconsistent: the caller executes nothing and returns its
 * message (fail closed).
 *
 * The seven groups have the same names here, in `sqlite/`, `redis/`, `lua/` and `test/conformance/coordinator/`.
 */
import { ClaimCode, type ClaimTransitions, RecoverCode, ReleaseCode, RenewCode, ReorderCode } from './claims.ts';
import { CommitCode, type CommitTransitions, PumpCode, StageCode } from './commits.ts';
import { CommitErrorCode, DecideCode, type ErrorTransitions, ReplayCode, RetryCode, TerminateCode } from './errors.ts';
import { DrainCode, EarlyOpenCode, PhaseCloseCode, type PhaseTransitions } from './phases.ts';
import type { Reads } from './reads.ts';
import { ControlCode, RunOpenCode, type RunTransitions, SettleCode } from './runs.ts';
import type { SweepTransitions } from './sweep.ts';

/** The port that adapters implement: the seven groups. `docs/internals/protocol.md` is generated from them. */
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

/** Each transition's codes and its name in metrics and traces: that of its Lua script, if it has one. Reads have no codes. */
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
  windowFill: ['window_fill', NO_CODES],
  childrenPump: ['children_pump', PumpCode],
  scopeDrain: ['scope_drain', DrainCode],
  runControl: ['run_control', ControlCode],
  phaseClose: ['phase_close', PhaseCloseCode],
  earlyOpen: ['early_open', EarlyOpenCode],
  runSettle: ['run_settle', SettleCode],
  replay: ['ptm_replay', ReplayCode],
  runAudit: ['run_audit', NO_CODES],
  runPurge: ['run_purge', NO_CODES],
  findRun: ['run_read', NO_CODES],
  findNode: ['node_read', NO_CODES],
  listNodes: ['nodes_read', NO_CODES],
  listDue: ['due_read', NO_CODES],
  listEvents: ['events_read', NO_CODES],
} as const satisfies Readonly<Record<keyof Coordinator, readonly [name: string, codes: CodeTable]>>;
