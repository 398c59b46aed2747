/** Checks durations that authors write. The usual mistake is a point in time where a duration is wanted, or seconds for milliseconds. */

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/** The longest duration that a module may ask for: 30 days, in milliseconds. */
export const MAX_DURATION_MS = 30 * DAY_MS;

/** From here on a number of milliseconds is rather a time: 2001-09-09, in Unix milliseconds; as a duration it is 31 years. */
const EPOCH_LIKE_MS = 1e12;
/** Unix seconds of 2001 to 2286 look like this; as milliseconds they are 11 to 115 days. */
const EPOCH_LIKE_SECONDS = 1e9;
/** 2286-11-20, in Unix milliseconds. */
const LAST_TIME_MS = 1e13;

/**
 * What is wrong with a duration, as a remedy: the bound and, if it is recognised, the likely mistake. Undefined if it is a number
 * of milliseconds from `leastMs` to {@link MAX_DURATION_MS}.
 */
export function durationProblem(value: unknown, leastMs: 0 | 1): string | undefined {
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  const isLongEnough = isNumber && (leastMs === 0 ? value >= 0 : value > 0);
  if (isLongEnough && value <= MAX_DURATION_MS) return undefined;
  const least = leastMs === 0 ? 'at least 0' : 'above 0';
  const bounds = `give a number of milliseconds, ${least} and at most ${MAX_DURATION_MS} (30 days)`;
  return isNumber && value >= EPOCH_LIKE_MS ? `${bounds}: this looks like a point in time, not a duration` : bounds;
}

/** What is wrong with a point in time, likewise; undefined if it is Unix milliseconds from 2001 to 2286. */
export function timeProblem(value: unknown): string | undefined {
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  if (isNumber && value >= EPOCH_LIKE_MS && value <= LAST_TIME_MS) return undefined;
  const wanted = 'give a point in time in Unix milliseconds, such as Date.now() + 5_000';
  if (!isNumber || value < 0 || value > LAST_TIME_MS) return wanted;
  const mistake = value >= EPOCH_LIKE_SECONDS ? `Unix seconds: multiply by ${SECOND_MS}` : 'a duration';
  return `${wanted}: this looks like ${mistake}`;
}
