/** Hand-over: what one stage gives to the next in the same process, under a lease that goes along. */
import type { ResponseModel } from '../../contracts/messages.ts';
import type { Permit } from '../../limits/limiter.ts';
import type { HeldNode } from './lease.ts';

/** A request, claimed, with the permit to send it. */
export interface DownloadWork extends HeldNode {
  readonly permit: Permit;
}

/** A response, under the lease that its download was made with. */
export interface ParseWork extends HeldNode {
  readonly response: ResponseModel;
}

/** The next stage's work, to be started in this process in a slot that was reserved for it. */
export interface HandOver {
  start(): void;
}

/** A free slot of the next stage in this process; exactly one of the two is called. */
export interface Slot<Work> {
  start(work: Work): void;
  release(): void;
}

/** The next stage, where it runs in this process. */
export interface LocalStage<Work> {
  /** A slot, if one is free now and nobody waits for one. */
  reserve(): Slot<Work> | undefined;
}
