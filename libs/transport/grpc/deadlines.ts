/** A channel whose calls have deadlines. nice-grpc has no option for them, so they are set around the call. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Channel, connectivityState } from '@grpc/grpc-js';

const outgoing = new AsyncLocalStorage<number>();

/** Calls `work`; calls that it starts on a {@link DeadlineChannel} end at that time, in Unix milliseconds. */
export function callingUntil<Value>(deadlineMs: number, work: () => Value): Value {
  return outgoing.run(deadlineMs, work);
}

type CreateCall = Channel['createCall'];

export class DeadlineChannel extends Channel {
  override createCall(...[method, deadline, ...rest]: Parameters<CreateCall>): ReturnType<CreateCall> {
    return super.createCall(method, outgoing.getStore() ?? deadline, ...rest);
  }
}

/** How long the channel watches for a change of state after the waiting call has ended. */
const LOOK_MS = 1_000;

/** Resolves when a server is connected, at the given Unix time in milliseconds, or when the signal aborts: the call then says why. */
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

// Deadlines propagate: the rest of a call's time limits the calls that it makes.

const incoming = new AsyncLocalStorage<number>();

/** Calls `work` with a deadline, in Unix milliseconds. */
export function withDeadline<Value>(deadlineMs: number, work: () => Value): Value {
  return deadlineMs === Number.POSITIVE_INFINITY ? work() : incoming.run(deadlineMs, work);
}

/** The deadline of the call that is being served, in Unix milliseconds; infinite outside of one. */
export function currentDeadlineMs(): number {
  return incoming.getStore() ?? Number.POSITIVE_INFINITY;
}
