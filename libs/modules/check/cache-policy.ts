import type { CachePolicy } from '../contract/definition.ts';
import { isRecord } from './is-record.ts';

/** The longest that an answer is kept: 30 days, in milliseconds. */
export const MAX_CACHE_TTL_MS = 30 * 86_400_000;

/** What {@link isCachePolicy} takes, as it follows "give". */
export const CACHE_POLICY_FORM = '"run", or scope ("run" or "shared") and ttlMs above 0, at most 30 days';

export function isCachePolicy(value: unknown): value is CachePolicy {
  if (value === 'run') return true;
  if (!isRecord(value)) return false;
  const { scope, ttlMs, ...others } = value;
  const isTtl = typeof ttlMs === 'number' && ttlMs > 0 && ttlMs <= MAX_CACHE_TTL_MS;
  return (scope === 'run' || scope === 'shared') && isTtl && Object.keys(others).length === 0;
}
