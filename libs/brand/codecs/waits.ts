/** How long a provider asks to wait before the next request, by its headers and its words. */
import { retryAfterMs } from '../../limits/retry-after.ts';

type Headers = Readonly<Record<string, string>>;

/**
 * Milliseconds; undefined if the provider does not say. In this order: `retry-after-ms` (OpenAI, Azure), `Retry-After` in seconds or
 * as a date, the body (Google's `RetryInfo`), the reset of a limit that is used up (`x-ratelimit-reset-*` of OpenAI as durations,
 * `anthropic-ratelimit-*-reset` as times, `ratelimit-reset` in seconds), and a message such as “try again in 1.2s”.
 */
export function waitOf(
  headers: Headers,
  said: { readonly message: string; readonly waitMs?: number | undefined },
  nowMs: number,
) {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const exact = Number(lower.get('retry-after-ms') || Number.NaN);
  if (Number.isFinite(exact) && exact >= 0) return Math.ceil(exact);
  return retryAfterMs(lower, nowMs) ?? said.waitMs ?? resetMs(lower, nowMs) ?? saidMs(said.message);
}

/** The longest wait of the limits that are used up; of all that name one, if none says that it is. */
function resetMs(headers: ReadonlyMap<string, string>, nowMs: number): number | undefined {
  const limits = [...headers].flatMap(([name, value]) => {
    if (!/ratelimit/.test(name) || !/reset/.test(name)) return [];
    const waitMs = timeOf(value, nowMs);
    if (waitMs === undefined) return [];
    const left = headers.get(name.replace('reset', 'remaining'));
    return [{ waitMs, isUsedUp: left !== undefined && Number(left) === 0 }];
  });
  const usedUp = limits.filter(({ isUsedUp }) => isUsedUp);
  if (usedUp.length > 0) return Math.max(...usedUp.map(({ waitMs }) => waitMs));
  return limits.length === 0 ? undefined : Math.min(...limits.map(({ waitMs }) => waitMs));
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Numbers from this on are Unix times in seconds, and from the next on in milliseconds; below them they are waits in seconds. */
const UNIX_SECONDS_FROM = 1_000_000_000;
const UNIX_MS_FROM = 1_000_000_000_000;

/** `6m0s`, `20ms`, `0.5`, `2026-03-01T12:00:00Z`, a Unix time. */
function timeOf(value: string, nowMs: number): number | undefined {
  const text = value.trim();
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (number >= UNIX_MS_FROM) return Math.max(0, number - nowMs);
    return number >= UNIX_SECONDS_FROM ? Math.max(0, number * 1_000 - nowMs) : Math.ceil(number * 1_000);
  }
  if (/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return durationMs(text);
  const atMs = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

function durationMs(text: string): number {
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g);
  return Math.ceil([...parts].reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ''] ?? 0), 0));
}

/** “Please try again in 1.2s”, “retry in 33.5s”, “try again after 20 seconds”, “请在 6 秒后重试”. */
function saidMs(message: string): number | undefined {
  const said =
    /(?:again|retry)\s+(?:in|after)\s+((?:\d+(?:\.\d+)?\s*(?:ms|s|m|h)(?![a-z]))+|\d+(?:\.\d+)?\s*(?:milliseconds?|seconds?|minutes?))/i.exec(
      message,
    )?.[1] ?? /(\d+(?:\.\d+)?)\s*秒(?:钟)?后/.exec(message)?.[0];
  if (said === undefined) return undefined;
  const plain = said
    .replace(/\s+/g, '')
    .replace(/milliseconds?/i, 'ms')
    .replace(/seconds?|秒.*$/i, 's')
    .replace(/minutes?/i, 'm');
  return durationMs(plain.toLowerCase());
}

/** The first pause after a refusal without a wait, in milliseconds; doubled each time, up to the longest. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 8_000;

/**
 * When to ask again after a refusal: what the provider asks for, and a pause that grows with each refusal. `share`, 0 to 1, spreads
 * calls that were refused at the same moment, so that they do not come back at the same moment.
 */
export function pauseMs(refusals: number, waitMs: number | undefined, share: number): number {
  const window = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, refusals - 1));
  return waitMs === undefined ? Math.ceil((window * (1 + share)) / 2) : Math.ceil(waitMs + window * share);
}
