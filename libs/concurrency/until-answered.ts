import { pause } from './abort.ts';

export interface UntilAnsweredOptions {
  /** Whether a failure may pass by itself. */
  readonly mayPass: (error: unknown) => boolean;
  /** Called after each failure that may pass. */
  readonly onWaiting: (error: unknown) => void;
  readonly retryMs: number;
  /** Ends the wait: the last failure is thrown. */
  readonly signal: AbortSignal;
}

/** Tries something until it succeeds, as long as its failures may pass. */
export async function untilAnswered<T>(attempt: () => Promise<T>, options: UntilAnsweredOptions): Promise<T> {
  const { mayPass, onWaiting, retryMs, signal } = options;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error;
      onWaiting(error);
      await pause(retryMs, signal);
      if (signal.aborted) throw error;
    }
  }
}
