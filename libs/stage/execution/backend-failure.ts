/** Distinguishes the failure of a node from the failure of a backend. */
import { CatenaError, isInvariantBroken } from '../../errors/catena-error.ts';

/** Errors of the backends, by the first part of their codes. */
const BACKENDS = /^(?:store|coordinator|bus|grpc|dispatch)\./;

/**
 * Whether a backend failed (the store, the coordinator, the bus or another service did not answer), or the engine has a bug.
 * Such a failure decides nothing and is recorded with no node: the caller returns its message. A violated invariant is no
 * backend failure: it concerns one node only.
 */
export function isBackendFailure(thrown: unknown): boolean {
  if (isInvariantBroken(thrown)) return false;
  return !(thrown instanceof CatenaError) || BACKENDS.test(thrown.code);
}

/**
 * A call between services had no answer, or an answer that decides nothing. A caller that handles a message returns it; nothing
 * is recorded with a node or a run. The reason is the cause.
 */
export class BackendFailure extends Error {
  override readonly name = 'BackendFailure';
}
