/** A channel whose calls have deadlines: nice-grpc has no word for them, so they come from around the call. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Channel, connectivityState } from '@grpc/grpc-js';

const outgoing = new AsyncLocalStorage<number>();

/** Does the work; calls that it starts on a {@link DeadlineChannel} end at that time, in Unix milliseconds. */
export function callingUntil<Value>(deadlineMs: number, work: () => Value): Value {
  return outgoing.run(deadlineMs, work);
}

type CreateCall = Channel['createCall'];

export class DeadlineChannel extends Channel {
  override createCall(...[method, deadline, ...rest]: Parameters<CreateCall>): ReturnType<CreateCall> {
    return super.createCall(method, outgoing.getStore() ?? deadline, ...rest);
  }
}

/** A change of state that nobody waits for any more is forgotten after this. */
const LOOK_MS = 1_000;

/** Resolves when a server is connected, or when the time, in Unix milliseconds, or the signal is over: the call says why. */
export async function connected(channel: Channel, deadlineMs: number, signal: AbortSignal | undefined): Promise<void> {
  while (signal?.aborted !== true && Date.now() < deadlineMs) {
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY) return;
    const untilMs = Math.min(deadlineMs, Date.now() + LOOK_MS);
    await new Promise<void>((resolve) => {
      const onAbort = () => resolve();
      signal?.addEventListener('abort', onAbort, { once: true });
      channel.watchConnectivityState(state, untilMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }
}

// Deadlines that travel: what a call may still take limits the calls that it makes in turn.

const incoming = new AsyncLocalStorage<number>();

/** Does the work under a deadline, in Unix milliseconds. */
export function withDeadline<Value>(deadlineMs: number, work: () => Value): Value {
  return deadlineMs === Number.POSITIVE_INFINITY ? work() : incoming.run(deadlineMs, work);
}

/** The deadline of the call that is being served, in Unix milliseconds; infinite outside of one. */
export function currentDeadlineMs(): number {
  return incoming.getStore() ?? Number.POSITIVE_INFINITY;
}
