import { setTimeout as delay } from 'node:timers/promises';

export interface Waits {
  /** Resolves after the time, at once on {@link wake}, or when the signal aborts. */
  wait(ms: number): Promise<void>;
  /** Ends the wait that is under way. */
  wake(): void;
  /** Resolves after the time, or when the signal aborts. */
  pause(ms: number): Promise<void>;
}

export function createWaits(signal: AbortSignal): Waits {
  let woken = new AbortController();
  return {
    async wait(ms) {
      woken = new AbortController();
      await pause(ms, AbortSignal.any([signal, woken.signal]));
    },
    wake: () => woken.abort(),
    pause: (ms) => pause(ms, signal),
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => undefined);
}
