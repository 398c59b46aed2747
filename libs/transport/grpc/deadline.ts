/** Deadlines that travel: what a call may still take limits the calls that it makes in turn. */
import { AsyncLocalStorage } from 'node:async_hooks';

const incoming = new AsyncLocalStorage<number>();

/** Does the work under a deadline, in Unix milliseconds. */
export function withDeadline<Value>(deadlineMs: number, work: () => Value): Value {
  return deadlineMs === Number.POSITIVE_INFINITY ? work() : incoming.run(deadlineMs, work);
}

/** The deadline of the call that is being served, in Unix milliseconds; infinite outside of one. */
export function currentDeadlineMs(): number {
  return incoming.getStore() ?? Number.POSITIVE_INFINITY;
}
