export interface PeriodicOptions {
  /** Pause between two turns, in milliseconds. */
  readonly intervalMs: number;
  /** Ends the repetition; a running turn gets the same signal. */
  readonly signal: AbortSignal;
  /** Called when a turn fails; the next turn runs anyway. */
  readonly onError: (error: unknown) => void;
}

/** Runs a function now and repeatedly until the signal aborts. It does not keep the process alive. */
export function periodically(
  turn: (signal: AbortSignal) => Promise<void>,
  { intervalMs, signal, onError }: PeriodicOptions,
): void {
  if (signal.aborted) return;
  turn(signal)
    .catch((error: unknown) => {
      if (!signal.aborted) onError(error);
    })
    .finally(() => {
      if (signal.aborted) return;
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        periodically(turn, { intervalMs, signal, onError });
      }, intervalMs).unref();
      const stop = () => clearTimeout(timer);
      signal.addEventListener('abort', stop, { once: true });
    });
}
