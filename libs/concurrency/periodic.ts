export interface PeriodicOptions {
  /** From the end of one turn to the beginning of the next, in milliseconds. */
  readonly intervalMs: number;
  /** Ends it; a turn under way is handed the same signal. */
  readonly signal: AbortSignal;
  /** Told of a turn that failed; the next one comes all the same. */
  readonly onError: (error: unknown) => void;
}

/** Does something now, and again and again until it is told to end. It keeps no process alive by itself. */
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
