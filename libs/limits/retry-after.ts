/** The longest wait that a server may ask for: a longer one would stall a run because of one header. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

const SECONDS = /^\d{1,15}(\.\d{1,6})?$/;
/** The three forms of an HTTP date (RFC 9110, 5.6.7); `Date.parse` alone takes nearly anything, bare numbers included. */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/**
 * The wait that a response asks for, in milliseconds: the first readable Retry-After, in seconds or as an HTTP date, at most
 * {@link MAX_RETRY_AFTER_MS}. 0 for a date in the past; undefined when there is none.
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import { retryAfterMs } from 'catena';
 *
 * deepEqual(retryAfterMs(Object.entries({ 'retry-after': '2' }), Date.now()), 2_000);
 * ```
 */
export function retryAfterMs(headers: Iterable<readonly [string, string]>, nowMs: number): number | undefined {
  for (const [name, value] of headers) {
    if (name.length !== 11 || name.toLowerCase() !== 'retry-after') continue;
    const waitMs = readWait(value.trim(), nowMs);
    if (waitMs !== undefined) return Math.min(Math.max(0, waitMs), MAX_RETRY_AFTER_MS);
  }
  return undefined;
}

function readWait(value: string, nowMs: number): number | undefined {
  if (SECONDS.test(value)) return Math.ceil(Number(value) * 1_000);
  if (!HTTP_DATE.test(value)) return undefined;
  // The asctime form names no zone; HTTP means GMT.
  const atMs = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(atMs) ? undefined : atMs - nowMs;
}
