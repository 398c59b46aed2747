import { randomBytes } from 'node:crypto';
import { type ChainEvent, EVENTS, eventId } from '../contracts/events.ts';
import { percentEncode } from '../contracts/percent-encoding.ts';
import { CatenaError } from '../errors/catena-error.ts';

/**
 * Circuit breakers by key: requests that keep failing are not sent for a while, and then tried once. Their state outlives runs
 * and processes. The states of a breaker:
 *
 *     closed ──N failures in a row──→ open ──time is up, first request──→ half open ──the trial succeeds──→ closed
 *                                      ↑                                    │
 *                                      └────────── the trial fails ─────────┘
 *
 * Each change begins a new generation. A grant carries its generation, and a report counts only in that one: a late response
 * neither closes a breaker that has opened since nor keeps it open longer.
 */

/** When a breaker opens, and for how long. The caller passes it; the policy of a grant applies to its report. */
export interface BreakerPolicy {
  /** Failures in a row that open it, 1 to {@link MAX_BREAKER_FAILURES}. */
  readonly failures: number;
  /** From the last failure to the trial, in milliseconds. */
  readonly openMs: number;
  /** A trial without a report for this long is granted again, in milliseconds; default: `openMs`. */
  readonly trialMs?: number;
}

/** Upper bound of `failures`: each failure is stored until a success, so that none counts twice. */
export const MAX_BREAKER_FAILURES = 1_000;

/** The breaker of a request or a step. */
export interface BreakerSpec {
  /** Groups what fails together: `model:brand`, for example. */
  readonly key: string;
  /** Default {@link DEFAULT_BREAKER}. */
  readonly failures?: number;
  readonly openMs?: number;
}

export const DEFAULT_BREAKER = { failures: 5, openMs: 30_000 } as const satisfies BreakerPolicy;

export type BreakerState = 'closed' | 'open' | 'half_open';

/** `neutral`: the call says nothing about the server (aborted, or never sent); a trial is then free again. */
export type BreakerOutcome = 'success' | 'failure' | 'neutral';

export type BreakerGrant =
  | {
      readonly granted: true;
      /** Opaque; report the outcome with it, once. */
      readonly token: string;
    }
  | {
      readonly granted: false;
      /** Unix milliseconds, on the clock of the state, from which to try again. */
      readonly retryAtMs: number;
      /** The same as a wait from now, independent of the caller's clock. */
      readonly waitMs: number;
    };

/** The change of a report or a reset, which the caller publishes. A repeated call returns the same. */
export interface BreakerTransition {
  readonly key: string;
  readonly kind: 'opened' | 'closed';
  /** Unique for this key; together with the key it is a stable id. */
  readonly generation: number;
  /** Unix milliseconds, on the clock of the state. */
  readonly atMs: number;
}

export interface BreakerSnapshot {
  readonly key: string;
  readonly state: BreakerState;
  readonly generation: number;
  /** Failures in a row so far. */
  readonly failures: number;
  /** Unix milliseconds of the trial of an open breaker. */
  readonly trialAtMs: number | undefined;
}

/** All methods throw a retryable CatenaError when the state cannot be read; nothing may be sent then. */
export interface Breakers {
  /** Asks for permission to send. The first grant after the wait of an open breaker is its one trial. */
  acquire(key: string, policy: BreakerPolicy): Promise<BreakerGrant>;
  /** Reports the outcome. An outdated or unknown token changes nothing; a repeated failure counts once. */
  report(key: string, token: string, outcome: BreakerOutcome): Promise<BreakerTransition | undefined>;
  /** Reads a breaker; an unknown key is closed. */
  state(key: string): Promise<BreakerSnapshot>;
  /** Lists all breakers that are not closed, by key. */
  list(): Promise<BreakerSnapshot[]>;
  /** Closes it by hand; reports of running calls no longer count. */
  reset(key: string): Promise<BreakerTransition | undefined>;
}

const FIELDS = new Set(['key', 'failures', 'openMs']);
const MAX_KEY_CHARS = 200;

/** Returns the fault of a breaker that an author wrote; undefined when it is valid. */
export function breakerProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is not an object with a key';
  const unknown = Object.keys(value).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) return `it has no ${unknown}; it has ${[...FIELDS].join(', ')}`;
  const { key, failures, openMs } = value as Partial<BreakerSpec>;
  if (typeof key !== 'string' || key === '') return 'its key is not a text, or is empty';
  if (key.length > MAX_KEY_CHARS) return `its key has more than ${MAX_KEY_CHARS} characters`;
  return policyProblem({
    ...(failures === undefined ? {} : { failures }),
    ...(openMs === undefined ? {} : { openMs }),
  });
}

/** The policy of a breaker, with defaults for what its author left out. */
export function policyOf({ failures, openMs }: BreakerSpec): BreakerPolicy {
  return { failures: failures ?? DEFAULT_BREAKER.failures, openMs: openMs ?? DEFAULT_BREAKER.openMs };
}

/** The node whose request changed a breaker. */
export interface BreakerOccasion {
  readonly runId: string;
  readonly moduleId: string;
  readonly nodeId: string;
}

/** `%`, the separator, and characters that a message header must not contain. */
const RESERVED = /[%:\s\p{C}]/gu;

/** The event of a transition: BreakerOpened or BreakerClosed. Its id consists of the breaker's key and its generation. */
export function breakerEvent(
  { key, kind, generation, atMs }: BreakerTransition,
  occasion: BreakerOccasion,
): ChainEvent {
  const { type, version } = kind === 'opened' ? EVENTS.BreakerOpened : EVENTS.BreakerClosed;
  return {
    id: eventId(`breaker:${percentEncode(key, RESERVED)}`, generation, type),
    ...{ type, version, ...occasion, epoch: generation, atMs },
    data: { key },
  };
}

/** The content of a grant's token: the policy for its report, and a nonce that identifies a repeated report. */
export interface BreakerToken {
  readonly generation: number;
  readonly failures: number;
  readonly openMs: number;
  /** Unique for this grant. */
  readonly nonce: string;
}

const TOKEN = /^(\d{1,15})\.(\d{1,4})\.(\d{1,15})\.([\w-]{1,64})$/;

export function encodeToken({ generation, failures, openMs, nonce }: BreakerToken): string {
  return `${generation}.${failures}.${openMs}.${nonce}`;
}

/** Parses a token; undefined for one that no grant made. */
export function decodeToken(text: string): BreakerToken | undefined {
  const [, generation, failures, openMs, nonce] = TOKEN.exec(text) ?? [];
  if (nonce === undefined || Number(failures) < 1) return undefined;
  return { generation: Number(generation), failures: Number(failures), openMs: Number(openMs), nonce };
}

/** Makes nonces that are unique over grants and processes. */
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
  const wrong = policyProblem({ failures, openMs }) ?? (isWait(trialMs) ? undefined : 'trialMs is not a valid wait');
  if (wrong === undefined) return { failures, openMs: Math.ceil(openMs), trialMs: Math.ceil(trialMs) };
  throw new CatenaError('breaker.wrong_policy', `the policy of the circuit breaker "${key}" is wrong: ${wrong}`, {
    data: { key, failures, openMs, trialMs },
    remedy: `give failures from 1 to ${MAX_BREAKER_FAILURES}, and openMs as milliseconds above 0, at most a year`,
  });
}

/** Returns the fault of a policy's numbers; missing ones are valid. */
export function policyProblem({ failures, openMs }: Partial<BreakerPolicy>): string | undefined {
  const counts = failures === undefined || (Number.isInteger(failures) && failures >= 1);
  if (!counts || (failures ?? 1) > MAX_BREAKER_FAILURES) return `failures is ${String(failures)}`;
  return openMs === undefined || isWait(openMs) ? undefined : `openMs is ${String(openMs)}`;
}

const YEAR_MS = 365 * 86_400_000;

function isWait(ms: number): boolean {
  return typeof ms === 'number' && ms > 0 && ms <= YEAR_MS;
}
