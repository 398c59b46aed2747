/** Permits of a request: what it was admitted with, and the one of the host that it is at. */
import type { Permit } from '../../../libs/limits/limiter.ts';

/** Of a request that waited for more than its host: for its run's and its step's room too. */
export class AdmittedPermit implements Permit {
  readonly host: Permit;
  readonly #others: readonly Permit[];

  constructor(host: Permit, others: readonly Permit[]) {
    this.host = host;
    this.#others = others;
  }

  release(): void {
    this.host.release();
    for (const permit of this.#others) permit.release();
  }
}

/**
 * The permit of the host that a request is at. It begins as the request's own, and is another one after a redirect to another
 * host; the rest of what the request was admitted with stays with it to its end.
 */
export class HostPermit {
  #permit: Permit | undefined;

  constructor(admitted?: Permit) {
    this.#permit = admitted instanceof AdmittedPermit ? admitted.host : admitted;
  }

  /** The request is not at that host any more, but still under way. */
  stepAside(): void {
    this.#permit?.stepAside?.();
  }

  /** This one in the place of the one before. */
  exchange(permit: Permit): void {
    this.release();
    this.#permit = permit;
  }

  /** Gives it back; idempotent. */
  release(): void {
    this.#permit?.release();
    this.#permit = undefined;
  }
}
