import type { CliContext } from '../context.ts';
import { ExitCode } from '../exit-codes.ts';

/** Handles signals: the first one requests a stop, the second one ends the process at once. */
export interface StopRequest {
  /** Resolves at the first signal. */
  readonly asked: Promise<void>;
  dispose(): void;
}

export function listenForStop({ onSignal, exitNow }: Pick<CliContext, 'onSignal' | 'exitNow'>): StopRequest {
  let signals = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const dispose = onSignal(() => {
    signals += 1;
    if (signals === 1) resolve();
    else exitNow(ExitCode.INTERRUPTED);
  });
  return { asked: promise, dispose };
}
