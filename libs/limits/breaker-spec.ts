import { policyProblem } from './breaker-token.ts';
import { type BreakerPolicy, type BreakerSpec, DEFAULT_BREAKER } from './breakers.ts';

const FIELDS = new Set(['key', 'failures', 'openMs']);
const MAX_KEY_CHARS = 200;

/** What is wrong with a breaker as an author wrote it, in words; undefined when nothing is. */
export function breakerProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is no object with a key';
  const unknown = Object.keys(value).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) return `it has no ${unknown}; it has ${[...FIELDS].join(', ')}`;
  const { key, failures, openMs } = value as Partial<BreakerSpec>;
  if (typeof key !== 'string' || key === '') return 'its key is no text, or empty';
  if (key.length > MAX_KEY_CHARS) return `its key has more than ${MAX_KEY_CHARS} characters`;
  return policyProblem({
    ...(failures === undefined ? {} : { failures }),
    ...(openMs === undefined ? {} : { openMs }),
  });
}

/** The policy of a breaker, with the defaults for what its author left out. */
export function policyOf({ failures, openMs }: BreakerSpec): BreakerPolicy {
  return { failures: failures ?? DEFAULT_BREAKER.failures, openMs: openMs ?? DEFAULT_BREAKER.openMs };
}
