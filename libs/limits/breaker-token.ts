import { randomBytes } from 'node:crypto';
import { CatenaError } from '../errors/catena-error.ts';
import { type BreakerPolicy, MAX_BREAKER_FAILURES } from './breakers.ts';

/** What a grant was given with: its report needs no look at the policy again, and is known when it comes twice. */
export interface BreakerToken {
  readonly generation: number;
  readonly failures: number;
  readonly openMs: number;
  /** Of this grant alone. */
  readonly nonce: string;
}

const TOKEN = /^(\d{1,15})\.(\d{1,4})\.(\d{1,15})\.([\w-]{1,64})$/;

export function encodeToken({ generation, failures, openMs, nonce }: BreakerToken): string {
  return `${generation}.${failures}.${openMs}.${nonce}`;
}

/** Undefined for what no grant has given. */
export function decodeToken(text: string): BreakerToken | undefined {
  const [, generation, failures, openMs, nonce] = TOKEN.exec(text) ?? [];
  if (nonce === undefined || Number(failures) < 1) return undefined;
  return { generation: Number(generation), failures: Number(failures), openMs: Number(openMs), nonce };
}

/** Nonces that no other process and no other grant has. */
export function nonces(): () => string {
  const prefix = randomBytes(6).toString('base64url');
  let counter = 0;
  return () => {
    counter += 1;
    return `${prefix}-${counter.toString(36)}`;
  };
}

/** The policy in whole milliseconds. Throws `breaker.wrong_policy`. */
export function checkedPolicy(key: string, policy: BreakerPolicy): Required<BreakerPolicy> {
  const { failures, openMs, trialMs = openMs } = policy;
  const wrong = policyProblem({ failures, openMs }) ?? (isWait(trialMs) ? undefined : 'trialMs is no wait');
  if (wrong === undefined) return { failures, openMs: Math.ceil(openMs), trialMs: Math.ceil(trialMs) };
  throw new CatenaError('breaker.wrong_policy', `the policy of the circuit breaker "${key}" is wrong: ${wrong}`, {
    data: { key, failures, openMs, trialMs },
    remedy: `give failures from 1 to ${MAX_BREAKER_FAILURES}, and openMs as milliseconds above 0, at most a year`,
  });
}

/** What is wrong with the numbers of a policy, in words; what is left out is right. */
export function policyProblem({ failures, openMs }: Partial<BreakerPolicy>): string | undefined {
  const counts = failures === undefined || (Number.isInteger(failures) && failures >= 1);
  if (!counts || (failures ?? 1) > MAX_BREAKER_FAILURES) return `failures is ${String(failures)}`;
  return openMs === undefined || isWait(openMs) ? undefined : `openMs is ${String(openMs)}`;
}

const YEAR_MS = 365 * 86_400_000;

function isWait(ms: number): boolean {
  return typeof ms === 'number' && ms > 0 && ms <= YEAR_MS;
}
