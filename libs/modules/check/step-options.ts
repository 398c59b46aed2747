/** The options of a step, checked: a misspelt one would be a policy that silently does not hold. */
import { breakerProblem } from '../../limits/breaker-spec.ts';
import { CACHE_POLICY_FORM, isCachePolicy } from './cache-policy.ts';
import { isRecord } from './is-record.ts';

type Rule = readonly [holds: (value: unknown) => boolean, wanted: string];

const wholeFromOne: Rule = [(value) => Number.isInteger(value) && Number(value) >= 1, 'a whole number from 1 on'];
const milliseconds: Rule = [(value) => Number.isFinite(value) && Number(value) > 0, 'a number of milliseconds above 0'];
const waits: Rule = [(value) => Number.isFinite(value) && Number(value) >= 0, 'a number of milliseconds from 0 on'];

const RETRY_RULES: Readonly<Record<string, Rule>> = { attempts: wholeFromOne, baseDelayMs: waits, maxDelayMs: waits };

const RULES: Readonly<Record<string, Rule>> = {
  identity: [(value) => value === 'state' || value === 'lineage', '"state" or "lineage"'],
  retry: [isRecord, 'an object with attempts, baseDelayMs and maxDelayMs'],
  timeoutMs: milliseconds,
  fallback: [(value) => typeof value === 'boolean', 'true or false'],
  concurrency: wholeFromOne,
  breaker: [
    (value) => breakerProblem(value) === undefined,
    'an object with a key, and perhaps failures from 1 on and openMs above 0',
  ],
  cache: [isCachePolicy, CACHE_POLICY_FORM],
};

/** What is wrong with the options of a step, one sentence each. */
export function optionProblems(options: unknown): string[] {
  if (!isRecord(options)) return ['its options are no object'];
  const problems = problemsBy(RULES, options, '');
  return isRecord(options.retry) ? [...problems, ...problemsBy(RETRY_RULES, options.retry, 'retry.')] : problems;
}

function problemsBy(
  rules: Readonly<Record<string, Rule>>,
  options: Readonly<Record<string, unknown>>,
  prefix: string,
): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) return [`there is no option ${prefix}${name}; there are ${Object.keys(rules).join(', ')}`];
    return value === undefined || rule[0](value) ? [] : [`${prefix}${name} is ${rule[1]}`];
  });
}
