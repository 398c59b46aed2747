/**
 * The quota that a server tells of with its responses. Three families are in use: the structured `RateLimit` of the IETF draft
 * (draft-ietf-httpapi-ratelimit-headers), its predecessor of three headers, and the many spellings of `X-RateLimit-…`.
 */
import { MAX_RETRY_AFTER_MS, retryAfterMs } from './retry-after.ts';

const REMAINING = new Set(['ratelimit-remaining', 'x-ratelimit-remaining', 'x-rate-limit-remaining']);
const RESET = new Set(['ratelimit-reset', 'x-ratelimit-reset', 'x-rate-limit-reset']);
const STRUCTURED = 'ratelimit';

/** A reset from here on is a point in time, in seconds or milliseconds since 1970; a smaller one is a time to wait. */
const EPOCH_SECONDS = 1e9;
const EPOCH_MS = 1e12;

/**
 * How long a server wants no further request, in milliseconds: when nothing is left of its quota, the time until that is renewed, at
 * most {@link MAX_RETRY_AFTER_MS}. Undefined as long as something is left, and when the headers do not say when it is renewed.
 */
export function quotaWaitMs(headers: Iterable<readonly [string, string]>, nowMs: number): number | undefined {
  let remaining: number | undefined;
  let resetMs: number | undefined;
  const waits: number[] = [];
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (REMAINING.has(key)) remaining = least(remaining, leadingNumber(value));
    else if (RESET.has(key)) resetMs ??= resetIn(value, nowMs);
    else if (key === STRUCTURED) waits.push(...structuredWaits(value));
  }
  if (remaining !== undefined && remaining <= 0 && resetMs !== undefined) waits.push(resetMs);
  return waits.length === 0 ? undefined : Math.min(Math.max(0, ...waits), MAX_RETRY_AFTER_MS);
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

/** The first number of a value such as `0` or `0, 100;w=60`. */
function leadingNumber(value: string): number | undefined {
  const digits = /^ *(-?\d{1,15}(?:\.\d{1,6})?)(?![\w.])/.exec(value)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function resetIn(value: string, nowMs: number): number | undefined {
  const number = leadingNumber(value);
  if (number === undefined) return retryAfterMs([['retry-after', value]], nowMs);
  if (number >= EPOCH_MS) return number - nowMs;
  return number >= EPOCH_SECONDS ? number * 1_000 - nowMs : number * 1_000;
}

/** The waits of the exhausted policies of `RateLimit: "burst";r=0;t=5, "day";r=100;t=600`. */
function structuredWaits(value: string): number[] {
  return value.split(',').flatMap((policy) => {
    const parameters = new Map(
      policy.split(';').map((part) => part.split('=', 2).map((text) => text.trim()) as [string, string]),
    );
    const left = leadingNumber(parameters.get('r') ?? parameters.get('remaining') ?? '');
    const seconds = leadingNumber(parameters.get('t') ?? parameters.get('reset') ?? '');
    return left !== undefined && left <= 0 && seconds !== undefined ? [seconds * 1_000] : [];
  });
}
