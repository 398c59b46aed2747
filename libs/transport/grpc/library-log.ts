import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';

/** Keeps grpc-js from writing to standard error by itself: what it has to say reaches us as errors, which are logged once. */
export function silenceLibrary(): void {
  setLogVerbosity(logVerbosity.NONE);
}
