/** How a node is claimed, renewed, released and recovered. */
import type { ChainNode, NodeRef } from './node.ts';
import type { CodeOf, WakeUp } from './outcome.ts';

/** What `claim` answers; {@link ClaimTransitions.claim} gives the order of the checks. */
export const ClaimCode = {
  /**
   * The node is leased to this owner, under a new token.
   * Caller: executes the node, then commits it or its failure under that token.
   */
  EXECUTE: 0,
  /** The node is done or dead. Caller: acks the message. */
  DUPLICATE_DONE: 1,
  /**
   * The message names an epoch that is over.
   * Caller: acks the message: the present epoch has its own wake-up.
   */
  STALE_STEP: 2,
  /**
   * An open run does not know the node: its parent has not committed yet, or that commit was lost with Redis.
   * Caller: acks a wake-up; keeps a response with `reorderEnqueue`.
   */
  OUT_OF_ORDER: 3,
  /**
   * Another owner holds the node, or it waits for a decision, a retry, its phase or a cool-down. The answer names the time
   * until it is due.
   * Caller: acks a wake-up; returns a response with that delay, to keep its body.
   */
  LOCKED_BY_OTHER: 4,
  /** A mark has ended the run, the module or the phase, or a cap leaves the node out. Caller: acks the message. */
  TERMINATED: 5,
  /** The run is paused. Caller: acks the message: a resume sends new wake-ups. */
  PAUSED: 6,
  /** The run is unknown, closing or closed. Caller: acks the message. */
  RUN_CLOSED: 7,
  /**
   * The node is a suspect: it has lost {@link SUSPECT_AFTER} leases, so it may be what ends its processes.
   * Caller: waits until its process holds no other node, then claims with `alone`; else returns the message with a delay.
   */
  SUSPECT: 8,
} as const;

/**
 * A node that has lost this many leases is a suspect. It is executed alone in its process: no other node is blamed for what it
 * does, and none is there to end its process. So every lease that a node loses beyond these was lost alone.
 */
export const SUSPECT_AFTER = 2;

/** What `renew` answers. */
export const RenewCode = {
  /**
   * The lease holds for its length from now on.
   * Caller: continues; it counts the lease from the time at which it sent the call.
   */
  RENEWED: 0,
  /**
   * Another owner took the node over, or the node was ended.
   * Caller: aborts its execution, which cannot commit any more.
   */
  FENCING_REJECT: 1,
} as const;

/** What `release` answers. */
export const ReleaseCode = {
  /** The node is fetched and waits for the parser. Caller: publishes the response, then acks its request. */
  RELEASED: 0,
  /** The token is not the node's, or a mark has ended it. Caller: drops the response and acks. */
  FENCING_REJECT: 1,
} as const;

/** What `recoverZombie` answers. */
export const RecoverCode = {
  /**
   * The node is pending in its next epoch, or dead because its crash budget is spent.
   * Caller: sends the wake-ups.
   */
  RECOVERED: 0,
  /** The lease was renewed meanwhile. Caller: does nothing; the node is due when its lease ends. */
  NOT_EXPIRED: 1,
  /**
   * Nobody holds the node: it was committed, failed, recovered or ended, or is unknown; or another holder has it than the one
   * that the caller means.
   * Caller: does nothing.
   */
  NOT_PROCESSING: 2,
} as const;

/** What `reorderEnqueue` answers. */
export const ReorderCode = {
  /**
   * The response is kept for its node. Of a run that is not known nothing is kept.
   * Caller: acks the response.
   */
  ENQUEUED: 0,
  /** A response of this node is kept already; the first one stays. Caller: acks the response. */
  DUPLICATE_BUFFERED: 1,
} as const;

export interface ClaimCommand {
  readonly node: NodeRef;
  /** The epoch that the message names. An older one than the node's is stale; a newer one is only a wake-up. */
  readonly epoch: number;
  /** Unique per attempt, never per process: a repeated call of the same owner gets the stored outcome. */
  readonly owner: string;
  /** The parser also takes a `fetched` node, and a pending one whose response it already holds. */
  readonly stage: 'module-processor' | 'downloader' | 'parser';
  readonly leaseMs: number;
  /** Whether this process holds no other node and starts none while it holds this one: what a suspect needs. */
  readonly alone: boolean;
}

export interface ClaimOutcome {
  readonly code: CodeOf<typeof ClaimCode>;
  /** With EXECUTE: the node as claimed, its token set. */
  readonly node?: ChainNode;
  /** With LOCKED_BY_OTHER: milliseconds until the node is due. */
  readonly retryInMs?: number;
  /** With SUSPECT: how many leases the node has lost. */
  readonly crashes?: number;
}

/** What a holder presents: the node and its token. */
export interface Held {
  readonly node: NodeRef;
  readonly token: string;
}

export interface RecoverCommand {
  readonly node: NodeRef;
  /** The node dies when it has lost this many leases. */
  readonly crashBudget: number;
  /** The lease that is over before its time, because its holder says so or is gone. Default: it must have run out. */
  readonly token?: string;
  /** Whether the holder itself gave the lease up, which is no crash; default false. */
  readonly isHandedBack?: boolean;
}

export interface RecoverOutcome {
  readonly code: CodeOf<typeof RecoverCode>;
  /** With RECOVERED: whether the crash budget is spent. */
  readonly died: boolean;
  readonly wakeUps: readonly WakeUp[];
}

export interface ReorderCommand {
  readonly node: NodeRef;
  readonly epoch: number;
  readonly response: string;
}

export interface ReorderOutcome {
  readonly code: CodeOf<typeof ReorderCode>;
}

export interface ClaimTransitions {
  /**
   * Claims a node: takes the right to execute it.
   *
   * - Requires: an owner that is unique per attempt, never per process.
   * - Refuses: in this order: RUN_CLOSED; PAUSED; TERMINATED, the run is marked; for an unknown node TERMINATED, its
   *   module or phase is over, else OUT_OF_ORDER; TERMINATED, the module is; for a done or dead node TERMINATED, a
   *   deadline closed its phase, else DUPLICATE_DONE; TERMINATED, the phase is closed and the node was not re-opened, or a cap
   *   leaves the node out;
   *   STALE_STEP, the message's epoch is older than the node's (a newer one is only a wake-up); LOCKED_BY_OTHER, the
   *   node is not pending (for the parser: nor fetched), its phase has not opened, or its module cools down; SUSPECT, the
   *   node has lost {@link SUSPECT_AFTER} leases and the claim is not `alone`.
   * - Changes: processing, with owner and new token, due at the end of the lease; one attempt more where the node was
   *   pending. A refused wake-up of a pending node moves its due time: in a pause to now, in a cool-down to its end.
   * - Answers: EXECUTE with the node; LOCKED_BY_OTHER with the time until the node is due; SUSPECT with its lost leases.
   * - Again: the same owner gets the stored token as long as it holds the node, also after a pause or a mark.
   */
  claim(claim: ClaimCommand): Promise<ClaimOutcome>;
  /**
   * Extends a lease.
   *
   * - Requires: the token of the lease. Only the token matters: an expired lease is extended too if nobody took the node
   *   over, also in a pause and under a mark.
   * - Refuses: FENCING_REJECT for an unknown node, one that is not processing, and another token.
   * - Changes: the node is due one lease from now.
   * - Answers: RENEWED.
   * - Again: RENEWED, counted from the second call.
   */
  renew(renew: Held & { readonly leaseMs: number }): Promise<CodeOf<typeof RenewCode>>;
  /**
   * Releases a downloaded request for the parser: the downloader's lease ends.
   *
   * - Requires: the token of the lease.
   * - Refuses: FENCING_REJECT for an unknown node and another token; for a node that is neither processing nor fetched;
   *   and for a node that a mark has ended.
   * - Changes: processing to fetched, due after the response grace; then the sweeper looks whether the response still waits.
   * - Answers: RELEASED.
   * - Again: RELEASED, counted from the second call, as long as no parser has claimed it.
   */
  release(release: Held): Promise<CodeOf<typeof ReleaseCode>>;
  /**
   * Recovers a node whose lease is over, or whose response is lost.
   *
   * - Requires: of a fetched node, that its response waits nowhere. Of a lease nothing: the caller may be wrong about it.
   * - Refuses: NOT_PROCESSING for another token than the one that is named, and for a node that is neither processing nor
   *   fetched; then, without a token, NOT_EXPIRED by the coordinator's clock.
   * - Changes: of a processing node: one crash more, unless its holder hands it back, and one attempt less; pending in the next
   *   epoch, without owner and token, from {@link SUSPECT_AFTER} crashes on as a suspect; or dead, `crashed`, when the crash
   *   budget is spent, and then empty scopes close. Of a fetched node: one attempt less and one dispatch more; pending in the
   *   same epoch, so that a late response still counts.
   * - Answers: RECOVERED, whether the node died, and wake-ups of the node, or of what its death opened.
   * - Again: NOT_PROCESSING.
   */
  recoverZombie(recover: RecoverCommand): Promise<RecoverOutcome>;
  /**
   * Keeps a response whose node is not known yet; the transition that creates the node returns it.
   *
   * - Requires: that `claim` answered OUT_OF_ORDER.
   * - Refuses: DUPLICATE_BUFFERED when one is kept already.
   * - Changes: keeps the response with the run. SQLite keeps it for any run, Redis only for a known run, because a response
   *   of an unknown run would never be deleted.
   * - Answers: ENQUEUED.
   * - Again: DUPLICATE_BUFFERED.
   */
  reorderEnqueue(reorder: ReorderCommand): Promise<ReorderOutcome>;
}
