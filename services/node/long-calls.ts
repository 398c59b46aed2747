/** Notes the long calls of this process in its file, where `catena explain` reads them. While no call takes long, nothing is written. */

import type { Clock } from '../../libs/clock/clock.ts';
import { Rounds } from '../../libs/concurrency/rounds.ts';
import type { NoteCalls } from '../../libs/store/sqlite/long-calls.ts';
import { type CallsInFlight, LONG_CALL_MS, NO_CALLS } from '../../libs/telemetry/calls-in-flight.ts';
import type { Log } from '../../libs/telemetry/log.ts';

export interface LongCallsOptions {
  readonly note: NoteCalls;
  readonly calls: (() => CallsInFlight) | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const INTERVAL_MS = 1_000;

export function noteLongCalls({ note, calls = () => NO_CALLS, clock, log }: LongCallsOptions): {
  stop(): Promise<void>;
} {
  // A process that was killed may have left a note.
  let isNoted = true;
  const rounds = new Rounds(async () => {
    const now = calls();
    const isLong = now.queuedMs >= LONG_CALL_MS || (now.oldest[0]?.ageMs ?? 0) >= LONG_CALL_MS;
    if (!isLong && !isNoted) return;
    try {
      await note(isLong ? now : undefined, clock.now());
      isNoted = isLong;
    } catch (error) {
      log.warn('the long calls could not be noted in the file', { error });
    }
  }, INTERVAL_MS);
  rounds.start();
  return { stop: () => rounds.stop() };
}
