/**
 * The life of a node, in any stage:
 *
 *     load ─→ claim ─→ body ─→ commit      the node is done, its items and children exist
 *      │        │        ├───→ pass on     the next stage continues under the same lease, in this process
 *      │        │        ├───→ release     the node waits for the next stage; its lease ends
 *      │        │        ├───→ terminate   the module ends, and the node with it
 *      │        │        ├───→ fail        the failure is recorded; error-threshold decides
 *      │        │        └───→ lost        somebody else holds the node now: nothing takes effect
 *      │        ├─ refused: done before, stale, paused, …
 *      │        └─ put off: a suspect is executed alone in this process, or this suspect must wait
 *      └─ the run cannot be executed here: another process tries, or the node fails
 *
 * A handler provides the body; this file does the rest. A backend failure (the store or the coordinator did not answer) is
 * rethrown: it decides nothing. The node is given up without a crash, and the sweeper brings it again.
 */

import type { Clock } from '../../clock/clock.ts';
import type { Message, Stage } from '../../contracts/chain.ts';
import { ResponseModel } from '../../contracts/messages.ts';
import { priorityClass } from '../../contracts/priority.ts';
import { ClaimCode, type ClaimCommand, type Held, ReleaseCode } from '../../coordination/protocol/claims.ts';
import { CommitCode, type CommitOutcome } from '../../coordination/protocol/commits.ts';
import { CommitErrorCode } from '../../coordination/protocol/errors.ts';
import type { ChainNode, NodeRef } from '../../coordination/protocol/node.ts';
import { type CodeOf, codeName, type ReleasedResponse } from '../../coordination/protocol/outcome.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { Fillable } from '../../coordination/protocol/sweep.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { type Failure, pageOfFailure, toFailure } from '../../errors/failure.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import type { Log } from '../../telemetry/log.ts';
import { isTracing, noteOnSpan } from '../../telemetry/spans.ts';
import type { CommitPort } from '../items/commit-port.ts';
import type { Publisher, Waiting } from '../messages/publisher.ts';
import { childMessages, errorMessage, type MessageOrigin } from '../messages/wake-ups.ts';
import { logNode, logRefused } from '../observe/chain-log.ts';
import type { Meters } from '../observe/meters.ts';
import { nodeFields, noteFailure, noteStep } from '../observe/stage-span.ts';
import { type LoadedRun, loadRunOf, type Runs } from '../run/runs.ts';
import { isBackendFailure } from './backend-failure.ts';
import { LeaseLost, type Yield } from './gather.ts';
import type { GrowthWatch } from './growth-watch.ts';
import { giveUp } from './hand-back.ts';
import type { HandOver } from './hand-over.ts';
import type { HeldNode, Lease, LeaseKeeper } from './lease.ts';
import type { AnyOutcome, Outcome } from './outcome.ts';
import type { Later, Solitude } from './solitude.ts';

/** Dependencies of every stage that executes nodes. */
export interface ExecutionDeps {
  readonly coordinator: Coordinator;
  readonly commits: CommitPort;
  readonly runs: Runs;
  readonly leases: LeaseKeeper;
  readonly solitude: Solitude;
  readonly publisher: Publisher;
  /** Returns an owner name that no other attempt has or had. */
  readonly nextOwner: () => string;
  /** Gives a node back, without a crash, and notifies its next holder. */
  readonly handBack: (held: Held) => Promise<unknown>;
  /** Creates a committed node's staged children in the background. */
  readonly startPump: (node: NodeRef) => void;
  /** Lets ready nodes of a module into its window, in the background. */
  readonly fillWindow: (scope: Fillable) => void;
  /** Takes note of commits, to name steps that only grow. */
  readonly growth: Pick<GrowthWatch, 'note'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly meters: Meters;
  /** Whether other processes work on the same runs, and may serve modules that this one does not. */
  readonly isShared: boolean;
}

/** The stages that execute nodes. */
export type ExecutingStage = ClaimCommand['stage'];

/** A node as a message or a call names it. */
export interface NodeToExecute<S extends ExecutingStage> {
  readonly stage: S;
  readonly node: NodeRef;
  /** The epoch that the message names. */
  readonly epoch: number;
  /** Identifies the run in a failure when the run cannot be loaded. */
  readonly origin: MessageOrigin;
  /** The run, if it is loaded already. */
  readonly run?: LoadedRun;
  /** The stage that a failure is attributed to; default: `stage`. */
  readonly failsIn?: Stage;
  /** Lends the slot of this node to others during a wait. */
  readonly aside?: <T>(wait: () => Promise<T>) => Promise<T>;
  /** Called when the claim is refused. Default, or when it returns undefined: the message is acked. */
  readonly onRefused?: (refused: Refused) => Promise<Outcome<S> | undefined>;
}

/** Executes a held node. An error that it throws is the node's failure, unless a backend failed. */
export type NodeBody = (held: HeldNode) => Promise<Ending>;

/** How a body ends its node. */
export type Ending =
  | Commit
  /** The next stage in this process continues under the same lease. */
  | { readonly kind: 'passOn'; readonly start: () => void }
  /** The node waits for the next stage, which receives this message. */
  | { readonly kind: 'release'; readonly message: Message<'response'> }
  /** The module has been marked as ended; the mark ends this node too. */
  | { readonly kind: 'terminate'; readonly reason: string };

/** The node is done; its items and its children are created with it. */
export interface Commit {
  readonly kind: 'commit';
  readonly yielded: Yield;
  /** Bytes of the body that was downloaded for it; default 0. */
  readonly bytes?: number;
  /** The stage that executes the children. */
  readonly childStage: 'ingress' | 'downloader';
  /** Executes an only child in this process; the same commit claims it. */
  readonly onlyChild?: OnlyChild | undefined;
}

/** Reserved room in this process for the only child of a commit. {@link OnlyChild.release} is always called last. */
export interface OnlyChild {
  /** Takes the child, which the commit has claimed. The returned hand-over starts after the messages are published. */
  take(child: HeldNode): HandOver | undefined;
  /** Releases the room, unless a child has taken it. */
  release(): void;
}

/** Takes a node through its whole life. Rejects when a backend did not answer. */
export async function executeNode<S extends ExecutingStage>(
  deps: ExecutionDeps,
  ref: NodeToExecute<S>,
  body: NodeBody,
): Promise<Outcome<S>> {
  const run = ref.run ?? (await loadRunOf(deps.runs, ref.node));
  if (run instanceof CatenaError) return failUnloaded(deps, ref, run);
  const claimed = await claimNode(deps, ref);
  if (claimed.kind === 'later') return putOff(claimed);
  if (claimed.kind === 'refused') return (await ref.onRefused?.(claimed)) ?? { kind: 'skip', reason: claimed.reason };
  if (isTracing()) noteStep(ref.stage, run, claimed.lease.node);
  return executeHeld(deps, { run, lease: claimed.lease }, ref, body);
}

/** Executes a node that is held already: it was handed over, or its parent's commit claimed it. */
export async function executeHeld<S extends ExecutingStage>(
  deps: ExecutionDeps,
  held: HeldNode,
  { stage, failsIn = stage }: Pick<NodeToExecute<S>, 'stage' | 'failsIn'>,
  body: NodeBody,
): Promise<Outcome<S>> {
  // A body ends only in ways that its stage allows, so the outcome contains only messages of its stage.
  return (await endingOf(deps, held, { stage, failsIn }, body)) as Outcome<S>;
}

async function endingOf(
  deps: ExecutionDeps,
  held: HeldNode,
  { stage, failsIn }: { readonly stage: ExecutingStage; readonly failsIn: Stage },
  body: NodeBody,
): Promise<AnyOutcome> {
  const { lease } = held;
  try {
    const ending = await body(held);
    switch (ending.kind) {
      case 'commit':
        try {
          return await commit(deps, held, stage, ending);
        } finally {
          ending.onlyChild?.release();
        }
      case 'passOn':
        logNode(
          deps.log,
          'a node was passed on',
          { node: lease.node, taskId: held.run.task.taskId },
          { stage, decision: 'pass_on' },
        );
        return { kind: 'next', messages: [], handOver: { start: ending.start } };
      case 'release':
        return await release(deps, held, stage, ending.message);
      case 'terminate':
        lease.end();
        logNode(
          deps.log,
          'a node ended its module',
          { node: lease.node, taskId: held.run.task.taskId },
          { stage, decision: 'terminate', reason: ending.reason },
        );
        return { kind: 'terminate', scope: 'module', reason: ending.reason, messages: [] };
    }
  } catch (thrown) {
    if (thrown instanceof LeaseLost || lease.signal.aborted) return lost(deps, held, stage);
    if (isBackendFailure(thrown)) {
      // Without a wake-up: what failed now would fail again at once.
      await giveUp(deps.coordinator, heldBy(lease)).catch(() => undefined);
      lease.end();
      throw thrown;
    }
    deps.meters.bodyFailed(stage);
    return fail(deps, held.run, lease, thrown as CatenaError, failsIn);
  }
}

/** How long a message waits when its module is not served here: another process may serve it, now or soon. */
const UNSERVED_DELAY_MS = 5_000;

/** Returns a retry when the module is not served here but another process may serve it. */
export function retryElsewhere({ isShared }: Pick<ExecutionDeps, 'isShared'>, error: CatenaError): PutOff | undefined {
  if (!isShared || error.code !== 'module.unknown') return undefined;
  return { kind: 'retry', delayMs: UNSERVED_DELAY_MS, reason: error.code };
}

/** Claims and fails a node whose run cannot be executed here, so that the failure is always recorded. */
export async function failUnloaded<S extends ExecutingStage>(
  deps: ExecutionDeps,
  ref: Pick<NodeToExecute<S>, 'stage' | 'node' | 'epoch' | 'origin' | 'failsIn'>,
  error: CatenaError,
): Promise<Failed | PutOff> {
  const retry = retryElsewhere(deps, error);
  if (retry !== undefined) return retry;
  const claimed = await claimNode(deps, ref);
  if (claimed.kind === 'later') return putOff(claimed);
  if (claimed.kind === 'refused') return { kind: 'skip', reason: claimed.reason };
  return fail(deps, ref.origin, claimed.lease, error, ref.failsIn ?? ref.stage);
}

/** A claim that was refused. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: CodeOf<typeof ClaimCode>;
  /** The code's name. */
  readonly reason: string;
  /** With LOCKED_BY_OTHER: milliseconds until the node is due. */
  readonly retryInMs: number;
  /** With SUSPECT: how many leases the node has lost. */
  readonly crashes: number;
}

type ClaimDeps = Pick<
  ExecutionDeps,
  'clock' | 'coordinator' | 'leases' | 'log' | 'meters' | 'nextOwner' | 'runs' | 'solitude'
>;

type Claiming = Pick<NodeToExecute<ExecutingStage>, 'node' | 'epoch' | 'stage' | 'aside'>;

type Claimed = { readonly kind: 'claimed'; readonly lease: Lease } | Refused;

/**
 * Claims a node, and renews its lease from then on. A suspect is claimed when no other node is held here. The answer is `later`
 * while that is not possible, and for every node while a suspect is executed alone.
 */
export async function claimNode(deps: ClaimDeps, claiming: Claiming): Promise<Claimed | Later> {
  const start = deps.solitude.startClaim();
  if (start.kind === 'later') return start;
  let claimed: Claimed;
  try {
    claimed = await sendClaim(deps, claiming, { alone: false });
  } finally {
    start.end();
  }
  if (claimed.kind !== 'refused' || claimed.code !== ClaimCode.SUSPECT) return claimed;
  return claimAlone(deps, claiming, claimed.crashes);
}

async function claimAlone(deps: ClaimDeps, claiming: Claiming, crashes: number): Promise<Claimed | Later> {
  const { aside = (wait) => wait() } = claiming;
  const room = await aside(() => deps.solitude.makeRoom(crashes));
  if (room.kind === 'later') return room;
  let claimed: Claimed | undefined;
  try {
    claimed = await sendClaim(deps, claiming, { alone: true, onEnd: () => room.end() });
    return claimed;
  } finally {
    if (claimed?.kind === 'claimed') deps.meters.suspectExecuted();
    else room.end();
  }
}

async function sendClaim(
  deps: ClaimDeps,
  { node, epoch, stage }: Claiming,
  { alone, onEnd }: { readonly alone: boolean; readonly onEnd?: () => void },
): Promise<Claimed> {
  const sinceMs = deps.clock.monotonic();
  failpoint('claim.before');
  const owner = deps.nextOwner();
  const outcome = await deps.coordinator.claim({ node, epoch, stage, owner, leaseMs: deps.leases.leaseMs, alone });
  failpoint('claim.after');
  deps.meters.claim(outcome.code);
  if (isTracing()) noteOnSpan({ claim: codeName(ClaimCode, outcome.code) });
  if (outcome.code === ClaimCode.EXECUTE) {
    if (isTracing()) noteOnSpan({ ...nodeFields(outcome.node!), attempt: outcome.node!.attempts });
    logNode(
      deps.log,
      'a node was claimed',
      { node: outcome.node!, taskId: deps.runs.kept(node.runId)?.task.taskId },
      { stage, decision: 'EXECUTE' },
    );
    return { kind: 'claimed', lease: deps.leases.hold(outcome.node!, sinceMs, onEnd) };
  }
  const reason = codeName(ClaimCode, outcome.code);
  const { code, retryInMs = 0, crashes = 0 } = outcome;
  logRefused(deps.log, node, { stage, epoch, decision: reason });
  return { kind: 'refused', code, reason, retryInMs, crashes };
}

/** The message waits: this process cannot start its node now. */
export interface PutOff {
  readonly kind: 'retry';
  readonly delayMs: number;
  readonly reason: string;
}

function putOff({ delayMs }: Later): PutOff {
  return { kind: 'retry', delayMs, reason: 'a suspect is executed alone' };
}

async function commit(
  deps: ExecutionDeps,
  { run, lease }: HeldNode,
  stage: ExecutingStage,
  ending: Commit,
): Promise<AnyOutcome> {
  const { node } = lease;
  const { yielded, childStage, onlyChild } = ending;
  const { children, staged, drops } = yielded;
  const child = staged === 0 && children.length === 1 && deps.solitude.isOpen ? onlyChild : undefined;
  deps.meters.drops(drops);
  const sinceMs = deps.clock.monotonic();
  const grant = deps.publisher.grant(childStage, children.length, priorityClass(run.task.priority));
  let outcome: CommitOutcome;
  try {
    outcome = await sendCommit(deps, node, ending, { wakeUps: grant.count, claimsChild: child !== undefined });
  } catch (thrown) {
    grant.release();
    throw thrown;
  }
  // The child is held before its parent ends: in between a suspect would take the process for empty.
  const next = outcome.next && deps.leases.hold(outcome.next, sinceMs);
  lease.end();
  deps.meters.commit(outcome);
  countDuration(deps, lease);
  const { items, created } = outcome;
  if (isTracing()) noteOnSpan({ commit: codeName(CommitCode, outcome.code), children: created, items });
  if (outcome.code === CommitCode.COMMIT_OK) {
    deps.meters.items(items);
    deps.growth.note(run, node, outcome);
  }
  const of = { node, taskId: run.task.taskId };
  const decision = codeName(CommitCode, outcome.code);
  logNode(deps.log, 'a node was committed', of, { stage, decision, items, children: created });
  if (outcome.code === CommitCode.FENCING_REJECT || outcome.code === CommitCode.CAS_CONFLICT) {
    grant.release();
    return { kind: 'skip', reason: codeName(CommitCode, outcome.code) };
  }
  deps.meters.bodyCommitted(stage, childStage);
  if (outcome.toFill !== undefined) {
    deps.fillWindow({ runId: node.runId, moduleId: node.moduleId, phase: outcome.toFill });
  }
  const messages = [...childMessages(outcome.wakeUps, run), ...outcome.released.map(releasedMessage)];
  const handOver = outcome.releasing
    ? { start: () => deps.startPump(node) }
    : next && child?.take({ run, lease: next });
  return { kind: 'next', messages, grant, ...(handOver === undefined ? {} : { handOver }) };
}

async function sendCommit(
  { commits, leases, nextOwner }: ExecutionDeps,
  node: ChainNode,
  { yielded: { children, staged, items, tooDeep }, bytes = 0 }: Commit,
  { wakeUps, claimsChild }: { readonly wakeUps: number; readonly claimsChild: boolean },
): Promise<CommitOutcome> {
  const { id: nodeId, runId, moduleId, phase, token, revision } = node;
  const handOver = claimsChild ? { handOver: { owner: nextOwner(), leaseMs: leases.leaseMs } } : {};
  const batch = items.length === 0 ? undefined : { runId, moduleId, phase, nodeId, token, revision, items };
  const usage = { items: items.length, bytes, tooDeep };
  failpoint('commit.before');
  const outcome = await commits.commit({ node, token, children, staged, wakeUps, ...handOver, usage }, batch);
  failpoint('commit.after');
  return outcome;
}

async function release(
  deps: ExecutionDeps,
  { run, lease }: HeldNode,
  stage: ExecutingStage,
  message: Message<'response'>,
): Promise<AnyOutcome> {
  const { node } = lease;
  let code: CodeOf<typeof ReleaseCode>;
  try {
    code = await deps.coordinator.release({ node, token: node.token });
  } finally {
    lease.end();
  }
  const decision = codeName(ReleaseCode, code);
  logNode(deps.log, 'a node was released', { node, taskId: run.task.taskId }, { stage, decision });
  if (code === ReleaseCode.FENCING_REJECT) return { kind: 'skip', reason: decision };
  const held = { node, token: node.token };
  const waiting: Waiting = {
    keep: async () => void (await deps.coordinator.release(held)),
    giveUp: async () => void (await deps.handBack(held)),
  };
  return { kind: 'next', messages: [message], waiting };
}

type Failed =
  | { readonly kind: 'fail'; readonly error: Message<'error'> }
  | { readonly kind: 'skip'; readonly reason: string };

/** Records a failure; returns the message that asks for its decision, or why there is none. */
async function fail(
  deps: ExecutionDeps,
  origin: MessageOrigin,
  lease: Lease,
  error: CatenaError,
  stage: Stage,
): Promise<Failed> {
  const { node } = lease;
  const failure = recordOf(error, stage, node);
  let code: CodeOf<typeof CommitErrorCode>;
  try {
    code = await deps.coordinator.commitError({ node, token: node.token, error: JSON.stringify(failure) });
  } finally {
    // Also without an answer: a lease that is still renewed would hide the node from the sweeper.
    lease.end();
  }
  if (isTracing()) noteFailure(node, origin.task, failure, codeName(CommitErrorCode, code));
  countDuration(deps, lease);
  if (code === CommitErrorCode.FENCING_REJECT) return { kind: 'skip', reason: codeName(CommitErrorCode, code) };
  deps.meters.failure(stage);
  const decision = codeName(CommitErrorCode, code);
  const { code: failed, message: reason } = failure;
  logNode(deps.log, 'a node failed', { node, taskId: origin.task.taskId }, { stage, decision, code: failed, reason });
  return { kind: 'fail', error: errorMessage(node, origin, failure, deps.clock.now()) };
}

/** The record of a failure. It keeps the page of the failure before, so that a lost download in between does not give more tries. */
function recordOf(error: CatenaError, stage: Stage, { attempts, error: before }: ChainNode): Failure {
  const failure = toFailure(error, stage);
  const page = failure.page ?? (attempts > 1 ? pageOfFailure(before) : undefined);
  return page === undefined ? failure : { ...failure, page };
}

/** What the holder of a lease presents. */
function heldBy({ node }: Lease): Held {
  return { node, token: node.token };
}

async function lost({ handBack, log }: ExecutionDeps, { run, lease }: HeldNode, stage: Stage): Promise<AnyOutcome> {
  logNode(log, 'a lease was lost', { node: lease.node, taskId: run.task.taskId }, { stage, decision: 'lease_lost' });
  // If nobody has taken the node over, it need not wait for the end of a lease that nobody uses.
  if (!lease.signal.aborted) await handBack(heldBy(lease));
  lease.end();
  return { kind: 'skip', reason: 'lease lost' };
}

/** Counts how long the node was held; only a lease of the keeper knows. */
function countDuration({ meters, clock }: ExecutionDeps, { node, startedMs }: Lease & { readonly startedMs?: number }) {
  if (startedMs !== undefined) meters.processed(node.kind, clock.monotonic() - startedMs);
}

/** The message of a response that had arrived before its node existed. */
export function releasedMessage({ response }: ReleasedResponse): Message<'response'> {
  return { kind: 'response', model: ResponseModel.fromJSON(JSON.parse(response)) };
}
