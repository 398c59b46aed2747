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
