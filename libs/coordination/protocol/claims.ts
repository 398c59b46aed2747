/** How a node is taken, held, handed on and taken back. */
import type { ChainNode, NodeRef } from './node.ts';
import type { Bell, CodeOf } from './outcome.ts';

export const ClaimCode = {
  EXECUTE: 0,
  DUPLICATE_DONE: 1,
  STALE_STEP: 2,
  OUT_OF_ORDER: 3,
  LOCKED_BY_OTHER: 4,
  TERMINATED: 5,
  PAUSED: 6,
  RUN_CLOSED: 7,
} as const;

export const RenewCode = { RENEWED: 0, FENCING_REJECT: 1 } as const;

export const ReleaseCode = { RELEASED: 0, FENCING_REJECT: 1 } as const;

export const RecoverCode = { RECOVERED: 0, NOT_EXPIRED: 1, NOT_PROCESSING: 2 } as const;

export const ReorderCode = { ENQUEUED: 0, DUPLICATE_BUFFERED: 1 } as const;

export interface ClaimCommand {
  readonly node: NodeRef;
  /** The epoch that the message names. An older one than the node's is stale; a newer one is only a bell. */
  readonly epoch: number;
  /** Unique per attempt, never per process: a repeated call with the same owner answers the stored outcome. */
  readonly owner: string;
  /** The parser also takes a `fetched` node, and a pending one whose response it already holds. */
  readonly stage: 'module-processor' | 'downloader' | 'parser';
  readonly leaseMs: number;
}

export interface ClaimOutcome {
  readonly code: CodeOf<typeof ClaimCode>;
  /** With EXECUTE: the node as claimed, its token set. */
  readonly node?: ChainNode;
  /** With LOCKED_BY_OTHER: until the node is due. */
  readonly retryInMs?: number;
}

/** A held lease: what a holder presents. */
export interface Held {
  readonly node: NodeRef;
  readonly token: string;
}

export interface RecoverCommand {
  readonly node: NodeRef;
  /** The node dies when it has lost this many leases. */
  readonly crashBudget: number;
}

export interface RecoverOutcome {
  readonly code: CodeOf<typeof RecoverCode>;
  /** With RECOVERED: whether the crash budget is spent. */
  readonly died: boolean;
  readonly bells: readonly Bell[];
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
  /** Takes the right to execute a node. */
  claim(claim: ClaimCommand): Promise<ClaimOutcome>;
  /** Extends a lease; also after it ran out, if nobody took over. */
  renew(renew: Held & { readonly leaseMs: number }): Promise<CodeOf<typeof RenewCode>>;
  /** Downloader to parser: the download is done and its lease ends. */
  release(release: Held): Promise<CodeOf<typeof ReleaseCode>>;
  /** Takes back a node whose lease ran out. */
  recoverZombie(recover: RecoverCommand): Promise<RecoverOutcome>;
  /** Keeps a response whose node is not known yet. */
  reorderEnqueue(reorder: ReorderCommand): Promise<ReorderOutcome>;
}
