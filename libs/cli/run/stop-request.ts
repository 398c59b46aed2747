import type { CliContext } from '../context.ts';
import { ExitCode } from '../exit-codes.ts';

/** `reader`: nobody reads standard output any more. */
export type StopCause = 'signal' | 'reader';

/** The first signal requests a stop, the second one ends the process at once. A reader that leaves requests a stop too. */
export interface StopRequest {
  /** Resolves at the first request. */
  readonly asked: Promise<StopCause>;
  dispose(): void;
}

export function listenForStop({
  onSignal,
  exitNow,
  reader,
}: Pick<CliContext, 'onSignal' | 'exitNow' | 'reader'>): StopRequest {
  let signals = 0;
  const { promise, resolve } = Promise.withResolvers<StopCause>();
  const forgetSignals = onSignal(() => {
    signals += 1;
    if (signals === 1) resolve('signal');
    else exitNow(ExitCode.INTERRUPTED);
  });
  const forgetReader = reader.onGone(() => resolve('reader'));
  const dispose = (): void => {
    forgetSignals();
    forgetReader();
  };
  return { asked: promise, dispose };
}
