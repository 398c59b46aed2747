/** Checks the options of a step: a misspelt option would silently have no effect. */
import { breakerProblem } from '../../limits/breakers.ts';
import type { CachePolicy } from '../contract/definition.ts';
import { durationProblem, MAX_DURATION_MS } from './duration.ts';
import { isRecord } from './is-record.ts';

type Rule = readonly [holds: (value: unknown) => boolean, wanted: string];

const wholeFromOne: Rule = [(value) => Number.isInteger(value) && Number(value) >= 1, 'a whole number of at least 1'];
const milliseconds: Rule = [
  (value) => durationProblem(value, 1) === undefined,
  'a number of milliseconds above 0, at most 30 days: a duration, no point in time',
];
const waits: Rule = [
  (value) => durationProblem(value, 0) === undefined,
  'a number of milliseconds, at least 0 and at most 30 days: a duration, no point in time',
];

const EXECUTION_RULES: Readonly<Record<string, Rule>> = { timeoutMs: milliseconds, blockTimeoutMs: milliseconds };
const RETRY_RULES: Readonly<Record<string, Rule>> = { attempts: wholeFromOne, baseDelayMs: waits, maxDelayMs: waits };

/** The longest time that a response is kept: 30 days, in milliseconds. */
export const MAX_CACHE_TTL_MS = MAX_DURATION_MS;

/** What {@link isCachePolicy} accepts, as text after "give". */
export const CACHE_POLICY_FORM = '"run", or scope ("run" or "shared") and ttlMs above 0, at most 30 days';

export function isCachePolicy(value: unknown): value is CachePolicy {
  if (value === 'run') return true;
  if (!isRecord(value)) return false;
  const { scope, ttlMs, ...others } = value;
  const isTtl = typeof ttlMs === 'number' && ttlMs > 0 && ttlMs <= MAX_CACHE_TTL_MS;
  return (scope === 'run' || scope === 'shared') && isTtl && Object.keys(others).length === 0;
}

const RULES: Readonly<Record<string, Rule>> = {
  identity: [(value) => value === 'state' || value === 'lineage', '"state" or "lineage"'],
  retry: [isRecord, 'an object with attempts, baseDelayMs and maxDelayMs'],
  timeoutMs: milliseconds,
  fallback: [(value) => typeof value === 'boolean', 'true or false'],
  concurrency: wholeFromOne,
  breaker: [
    (value) => breakerProblem(value) === undefined && isOpenable(value),
    'an object with a key, and optionally failures of at least 1 and openMs above 0, at most 30 days',
  ],
  cache: [isCachePolicy, CACHE_POLICY_FORM],
  execution: [isRecord, 'an object with timeoutMs and blockTimeoutMs'],
};

function isOpenable(breaker: unknown): boolean {
  const openMs = isRecord(breaker) ? breaker.openMs : undefined;
  return openMs === undefined || durationProblem(openMs, 1) === undefined;
}

/** The problems with the options of a step, one sentence each. */
export function optionProblems(options: unknown): string[] {
  if (!isRecord(options)) return ['its options are not an object'];
  const { retry, execution } = options;
  return [
    ...problemsBy(RULES, options, ''),
    ...(isRecord(retry) ? problemsBy(RETRY_RULES, retry, 'retry.') : []),
    ...(isRecord(execution) ? problemsBy(EXECUTION_RULES, execution, 'execution.') : []),
  ];
}

function problemsBy(
  rules: Readonly<Record<string, Rule>>,
  options: Readonly<Record<string, unknown>>,
  prefix: string,
): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) return [`there is no option ${prefix}${name}; there are ${Object.keys(rules).join(', ')}`];
    return value === undefined || rule[0](value) ? [] : [`${prefix}${name} must be ${rule[1]}`];
  });
}
