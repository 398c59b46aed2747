/**
 * The coordinator: it holds every node of every open run, and moves them by atomic, bounded, replay-safe transitions.
 *
 * State is the truth and a message is a bell, so everything that must survive is a transition here. Each method is one
 * transition (or one bounded step of the sweeper); each validates everything before it writes, and repeating a call
 * answers what the first one did. A rejected promise means that the coordinator could not be asked: nothing was executed,
 * and the caller returns its message (fail closed).
 */
import type {
  CodeOf,
  CommitErrorCode,
  ControlCode,
  PhaseCloseCode,
  ReleaseCode,
  RenewCode,
  RetryCode,
  RunOpenCode,
  SettleCode,
  StageCode,
  TerminateCode,
} from './codes.ts';
import type * as command from './commands.ts';
import type { ChainNode, NodeRef, NodeSeed } from './node.ts';
import type { RunSnapshot } from './snapshot.ts';

export interface Coordinator {
  /** Opens a run with its modules and first hops; idempotent by run id. */
  runOpen(open: command.RunOpenCommand): Promise<command.WithBells<CodeOf<typeof RunOpenCode>>>;
  /** Takes the right to execute a node. */
  claim(claim: command.ClaimCommand): Promise<command.ClaimOutcome>;
  /** Extends a lease; also after it ran out, if nobody took over. */
  renew(renew: command.Held & { readonly leaseMs: number }): Promise<CodeOf<typeof RenewCode>>;
  /** Downloader to parser: the download is done and its lease ends. */
  release(release: command.Held): Promise<CodeOf<typeof ReleaseCode>>;
  /** Keeps children ahead of a commit, at most {@link command.MAX_CHILDREN} a call; a child staged twice counts once. */
  stageChildren(stage: command.Held & { readonly children: readonly NodeSeed[] }): Promise<CodeOf<typeof StageCode>>;
  /** Ends an execution well: the node is done and its children exist. */
  commitSuccess(commit: command.CommitCommand): Promise<command.CommitOutcome>;
  /** Ends an execution badly: the node waits for its decision. */
  commitError(commit: command.CommitErrorCommand): Promise<CodeOf<typeof CommitErrorCode>>;
  /** Takes back a node whose lease ran out. */
  recoverZombie(recover: command.RecoverCommand): Promise<command.RecoverOutcome>;
  /** Keeps a response whose node is not known yet. */
  reorderEnqueue(reorder: command.ReorderCommand): Promise<command.ReorderOutcome>;
  /** Decides about a failure once per node and epoch, and acts on it. */
  thresholdDecide(decide: command.DecideCommand): Promise<command.DecideOutcome>;
  /** A retry by hand of a node that waits for its decision. */
  retrySchedule(retry: command.RetryScheduleCommand): Promise<CodeOf<typeof RetryCode>>;
  /** Marks a module or the whole task: from now on nothing of it is claimed. */
  terminateMark(terminate: command.TerminateCommand): Promise<CodeOf<typeof TerminateCode>>;
  /** What stands due, moved forward so that it is looked at again if the caller dies. */
  dueTake(take: command.DueTakeCommand): Promise<command.DueTakeOutcome>;
  /** Moves a batch of staged children into being. */
  childrenPump(pump: command.PumpCommand): Promise<command.PumpOutcome>;
  /** Ends a batch of nodes of a marked scope. */
  scopeDrain(drain: command.DrainCommand): Promise<command.DrainOutcome>;
  runControl(control: {
    readonly runId: string;
    readonly action: 'pause' | 'resume' | 'cancel';
  }): Promise<CodeOf<typeof ControlCode>>;
  /** A phase's deadline has passed: mark it, and start the next one on what there is. */
  phaseClose(close: command.PhaseCloseCommand): Promise<command.WithBells<CodeOf<typeof PhaseCloseCode>>>;
  /** The end of a run has been written to the store. */
  runSettle(settle: { readonly runId: string }): Promise<CodeOf<typeof SettleCode>>;
  /** Re-opens a dead node, with fresh budgets and its scope's marks lifted. */
  replay(replay: command.ReplayCommand): Promise<command.ReplayOutcome>;
  /** Recomputes counters and indexes of a run from its nodes, repairs them, and reports what had drifted. */
  runAudit(audit: { readonly runId: string }): Promise<command.AuditReport>;

  /** Forgets a batch of a closed run's nodes, and in the end the run. */
  runPurge(purge: command.PurgeCommand): Promise<command.PurgeOutcome>;

  /** Reads; none of them changes anything. */
  findRun(runId: string): Promise<RunSnapshot | undefined>;
  findNode(node: NodeRef): Promise<ChainNode | undefined>;
  listNodes(filter: command.NodeFilter): Promise<readonly ChainNode[]>;
  listEvents(filter: command.EventFilter): Promise<readonly command.TimelineEvent[]>;
}
