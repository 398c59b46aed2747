import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';

/** Turns off grpc-js's own output to standard error: its problems reach us as errors, which are logged once. */
export function silenceLibrary(): void {
  setLogVerbosity(logVerbosity.NONE);
}
