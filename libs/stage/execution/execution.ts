/**
 * What the stages that execute nodes have in common: claim, commit what was yielded, record what failed. Each verb answers
 * an outcome, or what the next verb needs.
 */
import type { Clock } from '../../clock/clock.ts';
import type { Message } from '../../contracts/chain.ts';
import { ResponseModel } from '../../contracts/messages.ts';
import { ClaimCode, type ClaimCommand } from '../../coordination/protocol/claims.ts';
import { CommitCode, type CommitCommand, type CommitOutcome } from '../../coordination/protocol/commits.ts';
import { CommitErrorCode } from '../../coordination/protocol/errors.ts';
import type { ChainNode, NodeRef } from '../../coordination/protocol/node.ts';
import { type CodeOf, codeName, type ReleasedResponse } from '../../coordination/protocol/outcome.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { CatenaError } from '../../errors/catena-error.ts';
import { toFailure } from '../../errors/failure.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import type { ItemBatch } from '../../store/port.ts';
import type { Log } from '../../telemetry/log.ts';
import { isTracing, noteOnSpan } from '../../telemetry/spans.ts';
import { childMessages, errorMessage, type MessageOrigin } from '../messages/bells.ts';
import type { Grant, Publisher } from '../messages/publisher.ts';
import { nodeFields } from '../node/node-fields.ts';
import type { Meters } from '../observe/meters.ts';
import { noteFailure } from '../observe/stage-span.ts';
import type { LoadedRun } from '../run/runs.ts';
import type { Lease, LeaseKeeper } from './lease.ts';
import type { HandOver } from './outcome.ts';

/** Stores the items of an execution and commits it; no reader sees one without the other. */
export type CommitWithItems = (commit: ExecutionCommit, items: ItemBatch | undefined) => Promise<CommitOutcome>;

/** A commit with its node as it was claimed. */
export interface ExecutionCommit extends CommitCommand {
  readonly node: ChainNode;
}

export interface ExecutionDeps {
  readonly coordinator: Coordinator;
  readonly commitWithItems: CommitWithItems;
  readonly leases: LeaseKeeper;
  readonly publisher: Publisher;
  /** A name that no other attempt to execute has or had. */
  readonly nextOwner: () => string;
  /** Moves a committed node's staged children into being, in the background. */
  readonly startPump: (node: NodeRef) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly meters: Meters;
  /** Whether other processes work at the same runs, and may serve a module that this one does not. */
  readonly isShared: boolean;
}

/** A claim that was refused, as every stage treats it. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: number;
  readonly reason: string;
  readonly retryInMs: number;
}

export interface Claimed {
  readonly kind: 'claimed';
  readonly lease: Lease;
}

export async function claimNode(
  deps: ExecutionDeps,
  command: Pick<ClaimCommand, 'node' | 'epoch' | 'stage'>,
): Promise<Claimed | Refused> {
  const sinceMs = deps.clock.monotonic();
  failpoint('claim.before');
  const owner = deps.nextOwner();
  const outcome = await deps.coordinator.claim({ ...command, owner, leaseMs: deps.leases.leaseMs });
  failpoint('claim.after');
  deps.meters.claim(outcome.code);
  if (isTracing()) noteOnSpan({ claim: codeName(ClaimCode, outcome.code) });
  if (outcome.code === ClaimCode.EXECUTE) {
    if (isTracing()) noteOnSpan(nodeFields(outcome.node!));
    return { kind: 'claimed', lease: deps.leases.hold(outcome.node!, sinceMs) };
  }
  const reason = codeName(ClaimCode, outcome.code);
  return { kind: 'refused', code: outcome.code, reason, retryInMs: outcome.retryInMs ?? 0 };
}

/** What a commit leaves to be done. */
export type Committed =
  | { readonly kind: 'skip'; readonly reason: string }
  | {
      readonly kind: 'committed';
      readonly messages: readonly Message<'parser_task' | 'request' | 'response'>[];
      readonly next: ChainNode | undefined;
      readonly pump: HandOver | undefined;
      /** The room that the messages were promised. */
      readonly grant: Grant;
    };

/** What a node commits. */
export interface NodeCommit extends Pick<CommitCommand, 'children' | 'staged' | 'handOver'> {
  /** The stage that the children's bells go to. */
  readonly rings: 'ingress' | 'downloader';
}

export async function commitNode(
  deps: ExecutionDeps,
  run: LoadedRun,
  lease: Lease,
  { rings, ...command }: NodeCommit,
  items: ItemBatch | undefined,
): Promise<Committed> {
  const { node } = lease;
  const grant = deps.publisher.grant(rings, command.children.length);
  failpoint('commit.before');
  const outcome = await deps
    .commitWithItems({ ...command, bells: grant.count, node, token: node.token }, items)
    .catch((thrown: unknown) => {
      grant.giveBack();
      throw thrown;
    });
  failpoint('commit.after');
  lease.end();
  deps.meters.commit(outcome);
  countDuration(deps, lease);
  if (isTracing()) noteOnSpan({ commit: codeName(CommitCode, outcome.code), children: outcome.created });
  if (outcome.code === CommitCode.COMMIT_OK) deps.meters.items(items?.items.length ?? 0);
  if (outcome.code === CommitCode.FENCING_REJECT || outcome.code === CommitCode.CAS_CONFLICT) {
    grant.giveBack();
    return { kind: 'skip', reason: codeName(CommitCode, outcome.code) };
  }
  const pump = outcome.releasing ? { start: () => deps.startPump(node) } : undefined;
  const messages = [...childMessages(outcome.bells, run), ...outcome.released.map(releasedMessage)];
  return { kind: 'committed', messages, next: outcome.next, pump, grant };
}

/** The node waits for its decision; the message that asks for it, or why there is none to send. */
export async function recordFailure(
  deps: ExecutionDeps,
  run: MessageOrigin,
  lease: Lease,
  error: CatenaError,
  stage: string,
): Promise<
  { readonly kind: 'fail'; readonly error: Message<'error'> } | { readonly kind: 'skip'; readonly reason: string }
> {
  const { node } = lease;
  const failure = toFailure(error, stage);
  let code: CodeOf<typeof CommitErrorCode>;
  try {
    code = await deps.coordinator.commitError({ node, token: node.token, error: JSON.stringify(failure) });
  } finally {
    // Also when the coordinator does not answer: a lease that is kept alive would hide the node from the sweeper.
    lease.end();
  }
  if (isTracing()) noteFailure(node, run.task, failure, codeName(CommitErrorCode, code));
  countDuration(deps, lease);
  if (code === CommitErrorCode.FENCING_REJECT) return { kind: 'skip', reason: codeName(CommitErrorCode, code) };
  deps.meters.failure(stage);
  deps.log.debug('a node failed', { ...nodeFields(node), code: failure.code, reason: failure.message });
  return { kind: 'fail', error: errorMessage(node, run, failure, deps.clock.now()) };
}

/** How long the node was held; a lease that was not made by the keeper does not know. */
function countDuration({ meters, clock }: ExecutionDeps, { node, startedMs }: Lease & { readonly startedMs?: number }) {
  if (startedMs !== undefined) meters.processed(node.kind, clock.monotonic() - startedMs);
}

/** A response that had come before its node. */
export function releasedMessage({ response }: ReleasedResponse): Message<'response'> {
  return { kind: 'response', model: ResponseModel.fromJSON(JSON.parse(response)) };
}
