import { CatenaError } from '../../errors/catena-error.ts';
import { isInvariantBroken } from '../../errors/invariant.ts';
import type { Lease } from './lease.ts';
import { LeaseLost } from './yield.ts';

/** Errors of what the stages stand on, by the first part of their codes. */
const GROUND = /^(?:store|coordinator|bus|grpc|dispatch)\./;

/**
 * Whether the ground failed: what the stages stand on did not answer, or the engine itself is at fault. A violated invariant is
 * the trouble of its node alone.
 */
export function isGroundFailure(thrown: unknown): boolean {
  if (isInvariantBroken(thrown)) return false;
  return !(thrown instanceof CatenaError) || GROUND.test(thrown.code);
}

/**
 * Tells the failure of a node from a failure of the ground it runs on. The first is recorded with the node; the second (the
 * store or the coordinator did not answer) is thrown on, so that nothing is decided on it; undefined means that the lease
 * was lost, and with it the right to say anything.
 */
export function nodeFailure(thrown: unknown, lease: Lease): CatenaError | undefined {
  if (thrown instanceof LeaseLost || lease.signal.aborted) {
    lease.end();
    return undefined;
  }
  if (!isGroundFailure(thrown)) return thrown as CatenaError;
  lease.end();
  throw thrown;
}
