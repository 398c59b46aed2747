/**
 * Run ids: UUIDs of version 7 (RFC 9562), so that they sort by the time at which their run was accepted.
 *
 *     48 bits Unix milliseconds | version 7 | 12 bits counter | variant | 62 bits random
 *
 * Within a process the ids always grow, also when the clock stands still or jumps back: then the last millisecond is kept and the
 * counter continues; a full counter uses the next millisecond.
 */
import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../clock/clock.ts';

const MAX_COUNTER = 0xfff;
/** The counter of a new millisecond starts in the lower half, so that at least 2,048 ids follow before it is full. */
const FRESH_COUNTER = 0x7ff;

/** Creates a generator of run ids. `random` returns so many unpredictable bytes; it is a parameter only for tests. */
export function createRunIds(
  clock: Clock = systemClock,
  random: (bytes: number) => Uint8Array = randomBytes,
): () => string {
  let lastMs = -1;
  let counter = 0;
  return () => {
    const bytes = Buffer.from(random(16));
    const nowMs = Math.max(0, Math.floor(clock.now()));
    if (nowMs > lastMs) {
      lastMs = nowMs;
      counter = bytes.readUInt16BE(6) & FRESH_COUNTER;
    } else if (counter < MAX_COUNTER) {
      counter += 1;
    } else {
      lastMs += 1;
      counter = bytes.readUInt16BE(6) & FRESH_COUNTER;
    }
    bytes.writeUIntBE(lastMs, 0, 6);
    bytes.writeUInt16BE(0x7000 | counter, 6);
    bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
    const hex = bytes.toString('hex', 0, 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
}

const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether a text has the form of a run id. */
export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}

/** The instant in a run id, in Unix milliseconds; undefined for anything that is not a run id. */
export function runIdTimeMs(runId: string): number | undefined {
  return isRunId(runId) ? Number.parseInt(runId.slice(0, 8) + runId.slice(9, 13), 16) : undefined;
}
