/**
 * Executes a suspect alone in its process. A suspect has lost so many leases that it may be what ends its processes
 * (`SUSPECT_AFTER`). Alone, it takes no other node down with it; and when its process ends, no other node can be the reason.
 *
 *     open ─makeRoom→ closed ─no node is held→ alone ─its lease ends→ open
 *
 * While the process is closed it starts no node: admissions wait, claims are put off, and commits do not claim their only child.
 * Nodes that are held end as usual. What waits meanwhile holds no lease, no slot and no permit, so held nodes never wait for it;
 * the one suspect that makes room keeps its permit. Suspects go one after the other, and between two of them the others have as
 * much time as the last one took.
 *
 * A process may also be ended from outside, several times in a row. So a suspect that has lost a lease alone is not executed again
 * before its process has lived for a while: processes that die young say nothing about it.
 */
import type { Clock } from '../../clock/clock.ts';
import { unlessAborted } from '../../concurrency/abort.ts';
import { SUSPECT_AFTER } from '../../coordination/protocol/claims.ts';
import type { LeaseKeeper } from './lease.ts';

export interface SolitudeOptions {
  readonly leases: Pick<LeaseKeeper, 'held' | 'noneHeld'>;
  readonly clock: Clock;
  /** How long a suspect waits for the nodes that are held, in milliseconds; default two minutes. */
  readonly longestWaitMs?: number;
}

/** A suspect has the process to itself. */
export interface Alone {
  readonly kind: 'alone';
  /** Opens the process again. Idempotent. */
  end(): void;
}

/** A node cannot be started now. */
export interface Later {
  readonly kind: 'later';
  /** When to try again, in milliseconds. */
  readonly delayMs: number;
}

/** A node that was put off for an unknown time is tried again after this. */
const PUT_OFF_MS = 250;
/** Bounds of the time that the others have between two suspects. */
const SHORTEST_TURN_MS = 100;
const LONGEST_TURN_MS = 60_000;
/** How long a process has lived before it executes a suspect that has lost a lease alone. */
const GROWN_UP_MS = 10_000;
/** A node that is held may never end: after this the process opens again, and the suspect is put off. */
const LONGEST_WAIT_MS = 120_000;

export class Solitude {
  readonly #leases: SolitudeOptions['leases'];
  readonly #clock: Clock;
  readonly #longestWaitMs: number;
  readonly #startedMs: number;
  readonly #stopping = new AbortController();
  /** Claims without an answer: each may become a held node. */
  #claims = 0;
  #noClaims = Promise.withResolvers<void>();
  #closedSinceMs: number | undefined;
  #isAlone = false;
  #opened = Promise.withResolvers<void>();
  #othersUntilMs = 0;

  constructor({ leases, clock, longestWaitMs = LONGEST_WAIT_MS }: SolitudeOptions) {
    this.#leases = leases;
    this.#clock = clock;
    this.#longestWaitMs = longestWaitMs;
    this.#startedMs = clock.monotonic();
  }

  /** Whether nodes may be started. */
  get isOpen(): boolean {
    return this.#closedSinceMs === undefined;
  }

  /** `waiting`: a suspect waits for the nodes that are held. `alone`: a suspect is executed. */
  get state(): 'open' | 'waiting' | 'alone' {
    if (this.#closedSinceMs === undefined) return 'open';
    return this.#isAlone ? 'alone' : 'waiting';
  }

  /** Returns a promise that resolves when nodes may be started, or undefined if they may be now. Rejects when aborted. */
  opened(signal: AbortSignal): Promise<void> | undefined {
    return this.isOpen ? undefined : this.#untilOpen(signal);
  }

  async #untilOpen(signal: AbortSignal): Promise<void> {
    while (!this.isOpen) await unlessAborted(this.#opened.promise, signal);
  }

  /** Announces the claim of a node that is executed among others; call `end` when the claim was answered and its lease is held. */
  startClaim(): { readonly kind: 'started'; end(): void } | Later {
    if (!this.isOpen) return { kind: 'later', delayMs: PUT_OFF_MS };
    this.#claims += 1;
    return { kind: 'started', end: () => this.#endClaim() };
  }

  #endClaim(): void {
    this.#claims -= 1;
    if (this.#claims > 0) return;
    this.#noClaims.resolve();
    this.#noClaims = Promise.withResolvers();
  }

  /** Closes the process for all but one suspect, which has lost so many leases, and waits until no node is held. */
  async makeRoom(crashes: number): Promise<Alone | Later> {
    const nowMs = this.#clock.monotonic();
    if (!this.isOpen || this.#stopping.signal.aborted) return { kind: 'later', delayMs: PUT_OFF_MS };
    const grownUpMs = crashes > SUSPECT_AFTER ? this.#startedMs + GROWN_UP_MS : 0;
    const fromMs = Math.max(grownUpMs, this.#othersUntilMs);
    if (nowMs < fromMs) return { kind: 'later', delayMs: Math.ceil(fromMs - nowMs) };
    this.#closedSinceMs = nowMs;
    try {
      await this.#emptied();
    } catch {
      this.#open();
      return { kind: 'later', delayMs: PUT_OFF_MS };
    }
    this.#isAlone = true;
    let isEnded = false;
    const end = (): void => {
      if (!isEnded) this.#open();
      isEnded = true;
    };
    return { kind: 'alone', end };
  }

  /** Resolves when nothing is held or claimed; rejects when that takes too long, and when the process stops. */
  async #emptied(): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.#longestWaitMs)]);
    while (this.#claims > 0 || this.#leases.held > 0) {
      await unlessAborted(this.#claims > 0 ? this.#noClaims.promise : this.#leases.noneHeld(), signal);
    }
  }

  #open(): void {
    const nowMs = this.#clock.monotonic();
    const tookMs = nowMs - (this.#closedSinceMs ?? nowMs);
    this.#othersUntilMs = nowMs + Math.min(LONGEST_TURN_MS, Math.max(SHORTEST_TURN_MS, tookMs));
    this.#closedSinceMs = undefined;
    this.#isAlone = false;
    this.#opened.resolve();
    this.#opened = Promise.withResolvers();
  }

  /** Puts off the suspect that waits for room, and each later one. Idempotent. */
  stop(): void {
    this.#stopping.abort(new Error('the process stops'));
  }
}
