/** The longest wait that a server may ask for: a longer one would stall a run because of one header. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

const SECONDS = /^\d{1,15}(\.\d{1,6})?$/;
/**
 * A date as servers write it: the three forms of HTTP (RFC 9110, 5.6.7), that of mail and that of ISO 8601, with any zone in numbers.
 * `Date.parse` alone takes nearly anything, bare numbers included.
 */
const DATES = [
  /^(?:[a-z]{3,9},? {1,3})?(?<day>\d{1,2})[ -](?<month>[a-z]{3})[a-z]{0,6}[ -](?<year>\d{4}|\d{2}) {1,3}(?<time>\d{1,2}:\d{2}(?::\d{2})?) ?(?<zone>GMT|UTC?|Z|[+-]\d{2}:?\d{2})?$/i,
  /^[a-z]{3} (?<month>[a-z]{3}) {1,2}(?<day>\d{1,2}) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/i,
];
const ISO_DATE = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/;

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
  const atMs = dateIn(value);
  return atMs === undefined || Number.isNaN(atMs) ? undefined : atMs - nowMs;
}

/** A date that names no zone is meant in GMT. */
function dateIn(value: string): number | undefined {
  if (ISO_DATE.test(value)) return Date.parse(value);
  for (const form of DATES) {
    const { day, month, year, time, zone = 'GMT' } = form.exec(value)?.groups ?? {};
    if (day !== undefined) return Date.parse(`${day} ${month} ${year} ${time} ${zone}`);
  }
  return undefined;
}
