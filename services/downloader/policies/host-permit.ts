/** Permits of a request: those of its admission, and that of its current host. */
import type { Permit } from '../../../libs/limits/limiter.ts';

/** The permits of a request that also waited for room in its run and its step. */
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
 * The permit of a request's current host. It starts as that of the request's own host and is exchanged at a redirect to another
 * host. The permits of its run and step are held to the end.
 */
export class HostPermit {
  #permit: Permit | undefined;

  constructor(admitted?: Permit) {
    this.#permit = admitted instanceof AdmittedPermit ? admitted.host : admitted;
  }

  /** Steps aside: the request has left that host but is still running. */
  stepAside(): void {
    this.#permit?.stepAside?.();
  }

  /** Replaces the permit and releases the one before. */
  exchange(permit: Permit): void {
    this.release();
    this.#permit = permit;
  }

  /** Releases the permit; idempotent. */
  release(): void {
    this.#permit?.release();
    this.#permit = undefined;
  }
}
