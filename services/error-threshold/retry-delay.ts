import { backOffMs } from '../../libs/concurrency/back-off.ts';
import type { RetryPolicy } from '../../libs/modules/contract/definition.ts';

/**
 * How long a retry waits, in milliseconds: exponential with full jitter, uniform in [0, min(max, base · 2^(attempts − 1))].
 * A Retry-After is a lower bound, whatever the maximum.
 *
 * @param attempts executions so far, at least 1
 * @param random uniform in [0, 1)
 */
export function retryDelayMs(
  { baseDelayMs, maxDelayMs }: RetryPolicy,
  attempts: number,
  retryAfterMs: number,
  random: () => number,
): number {
  const ceilingMs = backOffMs({ baseMs: baseDelayMs, maxMs: maxDelayMs }, attempts - 1);
  return Math.max(Math.round(random() * ceilingMs), retryAfterMs);
}
