/** Hand-over: one stage gives a node, with its lease, to the next stage in the same process. */
import type { ResponseModel } from '../../contracts/messages.ts';
import type { Permit } from '../../limits/limiter.ts';
import type { HeldNode } from './lease.ts';

/** A claimed request with the permit to send it. */
export interface DownloadWork extends HeldNode {
  readonly permit: Permit;
}

/** A response under the lease of its download. */
export interface ParseWork extends HeldNode {
  readonly response: ResponseModel;
}

/** Work of the next stage, to be started in its reserved slot. */
export interface HandOver {
  start(): void;
}

/** A reserved slot of the next stage; call exactly one of the two methods. */
export interface Slot<Work> {
  start(work: Work): void;
  release(): void;
}

/** The next stage, if it runs in this process. */
export interface LocalStage<Work> {
  /** Reserves a slot, if one is free now and nobody waits for one. */
  reserve(): Slot<Work> | undefined;
}
