import { randomBytes } from 'node:crypto';
import { type ChainEvent, EVENTS, eventId } from '../contracts/events.ts';
import { percentEncode } from '../contracts/percent-encoding.ts';
import { CatenaError } from '../errors/catena-error.ts';

/**
 * Circuit breakers by key: what keeps failing is left alone for a while, and then tried once. Their state outlives runs and
 * processes. One life of a breaker:
 *
 *     closed ──N failures in a row──→ open ──time is up, first to ask──→ half open ──the trial succeeds──→ closed
 *                                      ↑                                   │
 *                                      └────────── the trial fails ────────┘
 *
 * Each change begins a new generation. A grant carries its generation, and a report counts in that one alone: an answer that
 * comes late neither closes a breaker that has opened since nor keeps it open longer.
 */

/** When a breaker opens, and for how long. Whoever asks brings it along; the one of the grant holds for its report. */
export interface BreakerPolicy {
  /** Failures in a row that open it, 1 to {@link MAX_BREAKER_FAILURES}. */
  readonly failures: number;
  /** From the last failure to the trial, in milliseconds. */
  readonly openMs: number;
  /** A trial that was not reported for so long is given to somebody else, in milliseconds; default: `openMs`. */
  readonly trialMs?: number;
}

/** More failures in a row than these no policy may ask for: each is kept until a success, so that none counts twice. */
export const MAX_BREAKER_FAILURES = 1_000;

/** As a request or a step names its breaker. */
export interface BreakerSpec {
  /** What fails together: `model:brand`, say. */
  readonly key: string;
  /** Default {@link DEFAULT_BREAKER}. */
  readonly failures?: number;
  readonly openMs?: number;
}

export const DEFAULT_BREAKER = { failures: 5, openMs: 30_000 } as const satisfies BreakerPolicy;

export type BreakerState = 'closed' | 'open' | 'half_open';

/** `neutral` says nothing about the other side (the call was given up, or never sent); a trial is then free again. */
export type BreakerOutcome = 'success' | 'failure' | 'neutral';

export type BreakerGrant =
  | {
      readonly granted: true;
      /** To be reported, once. Opaque. */
      readonly token: string;
    }
  | {
      readonly granted: false;
      /** Unix milliseconds, on the clock of the state, from which it is worth asking again. */
      readonly retryAtMs: number;
      /** The same as a wait from now on, whatever the caller's clock says. */
      readonly waitMs: number;
    };

/** What a report or a reset changed; the caller publishes it. Sent again, the same call answers the same. */
export interface BreakerTransition {
  readonly key: string;
  readonly kind: 'opened' | 'closed';
  /** Of this key it never comes twice: with the key it is a stable id. */
  readonly generation: number;
  /** Unix milliseconds, on the clock of the state. */
  readonly atMs: number;
}

export interface BreakerSnapshot {
  readonly key: string;
  readonly state: BreakerState;
  readonly generation: number;
  /** In a row, so far. */
  readonly failures: number;
  /** Of an open breaker: Unix milliseconds of its trial. */
  readonly trialAtMs: number | undefined;
}

/** All methods throw a retryable CatenaError when the state does not answer; nothing may be sent then. */
export interface Breakers {
  /** Asks to send. The grant that ends the wait of an open breaker is its one trial. */
  acquire(key: string, policy: BreakerPolicy): Promise<BreakerGrant>;
  /** Says how it went. A token that is out of date or unknown changes nothing; a failure counts once, sent how often ever. */
  report(key: string, token: string, outcome: BreakerOutcome): Promise<BreakerTransition | undefined>;
  /** A key that was never heard of is closed. */
  state(key: string): Promise<BreakerSnapshot>;
  /** Every breaker that is not closed, by key. */
  list(): Promise<BreakerSnapshot[]>;
  /** Closes it by hand; what is under way no longer counts. */
  reset(key: string): Promise<BreakerTransition | undefined>;
}

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

/** In whose course a breaker changed. */
export interface BreakerOccasion {
  readonly runId: string;
  readonly moduleId: string;
  readonly nodeId: string;
}

/** `%`, the separator, and what no header of a message may hold. */
const RESERVED = /[%:\s\p{C}]/gu;

/** The event of a transition: BreakerOpened or BreakerClosed. Its id is that of the breaker and its generation alone. */
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
