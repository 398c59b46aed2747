/** Tells the failure of a node from the failure of what the stages run on. */
import { CatenaError } from '../../errors/catena-error.ts';
import { isInvariantBroken } from '../../errors/invariant.ts';

/** Errors of the backends, by the first part of their codes. */
const BACKENDS = /^(?:store|coordinator|bus|grpc|dispatch)\./;

/**
 * Whether a backend failed (the store, the coordinator, the bus or another service did not answer), or the engine itself
 * is at fault. Nothing is decided on such a failure and nothing is recorded with a node: the caller returns its message.
 * A violated invariant is no such failure: it is the trouble of its node alone.
 */
export function isBackendFailure(thrown: unknown): boolean {
  if (isInvariantBroken(thrown)) return false;
  return !(thrown instanceof CatenaError) || BACKENDS.test(thrown.code);
}

/**
 * A call between services was not answered, or its answer decides nothing. Whoever made it for a message returns that;
 * nothing is recorded with a node or a run. The reason is the cause.
 */
export class BackendFailure extends Error {
  override readonly name = 'BackendFailure';
}
