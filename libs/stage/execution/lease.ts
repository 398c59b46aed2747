import type { Clock } from '../../clock/clock.ts';
import { RenewCode } from '../../coordination/protocol/claims.ts';
import type { ChainNode, NodeRef } from '../../coordination/protocol/node.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { LoadedRun } from '../run/runs.ts';

/** The right to execute a node, as its holder sees it. */
export interface Lease {
  readonly node: ChainNode;
  /** Aborts when the lease is lost: another owner has the node, or the coordinator could not be reached in time. */
  readonly signal: AbortSignal;
  /** The execution has ended: the lease is no longer renewed, and the node no longer held here. Idempotent. */
  end(): void;
}

/** A node that this process holds, with its run. */
export interface HeldNode {
  readonly run: LoadedRun;
  readonly lease: Lease;
}

export interface LeaseKeeperOptions {
  readonly coordinator: Pick<Coordinator, 'renew'>;
  readonly clock: Clock;
  readonly leaseMs: number;
}

/** A lease is renewed after this share of its time. */
const RENEW_AFTER = 1 / 3;

/**
 * An expired lease is lost when the coordinator has not answered for so many ticks of the timer, about the length of a lease.
 * Ticks are counted, not time: after a pause the answer may have arrived already, and is read only between two ticks.
 */
const SILENT_TICKS = 6;

/**
 * Renews the leases of running executions with one timer. The local deadline uses a monotonic clock and starts before the claim
 * is sent, so it ends no later than the coordinator's.
 *
 * A process that was paused finds its leases expired. It asks the coordinator before it gives one up: an expired lease that nobody
 * took over is renewed, and its execution goes on. A commit in between is safe, because the coordinator compares the token.
 */
export class LeaseKeeper {
  readonly leaseMs: number;
  readonly #coordinator: LeaseKeeperOptions['coordinator'];
  readonly #clock: Clock;
  /** Executions that have not ended; one may be lost and still run. */
  readonly #held = new Set<HeldLease>();
  readonly #timer: NodeJS.Timeout;
  #noneHeld = Promise.withResolvers<void>();

  constructor({ coordinator, clock, leaseMs }: LeaseKeeperOptions) {
    this.leaseMs = leaseMs;
    this.#coordinator = coordinator;
    this.#clock = clock;
    this.#timer = setInterval(() => this.renewDue(), Math.max(10, leaseMs * RENEW_AFTER * 0.5));
    this.#timer.unref();
  }

  /**
   * Starts to renew a lease; `sinceMs` is the monotonic time before its claim was sent. `onEnd` is called once, when the
   * execution has ended.
   */
  hold(node: ChainNode, sinceMs: number, onEnd?: () => void): Lease {
    const lease = new HeldLease(node, sinceMs, (ended) => this.#ended(ended, onEnd));
    this.#held.add(lease);
    return lease;
  }

  /** Number of executions that have not ended. */
  get held(): number {
    return this.#held.size;
  }

  /** Resolves when no node is held. */
  noneHeld(): Promise<void> {
    return this.#held.size === 0 ? Promise.resolve() : this.#noneHeld.promise;
  }

  /** Whether this process executes the node and has not lost its lease. */
  holds({ id }: NodeRef): boolean {
    for (const lease of this.#held) if (lease.node.id === id && !lease.isLost) return true;
    return false;
  }

  /** Renews due leases, and asks for expired ones. Called by the timer. */
  renewDue(): void {
    const nowMs = this.#clock.monotonic();
    for (const lease of this.#held) {
      if (lease.isLost) continue;
      const ageMs = nowMs - lease.sinceMs;
      const isExpired = ageMs >= this.leaseMs;
      if (lease.renewal === undefined || (isExpired && !lease.renewal.isLast)) {
        if (ageMs >= this.leaseMs * RENEW_AFTER) void this.#renew(lease, nowMs, isExpired);
      } else if (lease.renewal.isLast) {
        lease.renewal.ticks += 1;
        if (lease.renewal.ticks >= SILENT_TICKS) lease.lose(SILENT);
      }
    }
  }

  /** Monotonic start time of the oldest running execution; undefined when nothing is held. */
  oldestSinceMs(): number | undefined {
    let oldest: number | undefined;
    for (const { startedMs } of this.#held) oldest = Math.min(oldest ?? startedMs, startedMs);
    return oldest;
  }

  /** Aborts all executions that hold a lease, and renews none any more; returns their nodes. */
  endAll(why: string): readonly ChainNode[] {
    this.stop();
    const held = [...this.#held].filter(({ isLost }) => !isLost);
    for (const lease of held) lease.lose(why);
    return held.map(({ node }) => node);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #renew(lease: HeldLease, sentMs: number, isLast: boolean): Promise<void> {
    const renewal: Renewal = { isLast, ticks: 0 };
    lease.renewal = renewal;
    const { node } = lease;
    try {
      const code = await this.#coordinator.renew({ node, token: node.token, leaseMs: this.leaseMs });
      if (code === RenewCode.RENEWED) lease.sinceMs = Math.max(lease.sinceMs, sentMs);
      else lease.lose('another holder has taken it over');
    } catch {
      if (isLast) lease.lose(SILENT);
    } finally {
      if (lease.renewal === renewal) lease.renewal = undefined;
    }
  }

  #ended(lease: HeldLease, onEnd: (() => void) | undefined): void {
    if (!this.#held.delete(lease)) return;
    onEnd?.();
    if (this.#held.size > 0) return;
    this.#noneHeld.resolve();
    this.#noneHeld = Promise.withResolvers();
  }
}

const SILENT = 'its lease ran out and the coordinator did not answer';

/** A renewal without an answer. */
interface Renewal {
  /** Whether the lease had expired when it was sent. */
  readonly isLast: boolean;
  /** Ticks of the timer since then. */
  ticks: number;
}

class HeldLease implements Lease {
  readonly node: ChainNode;
  readonly startedMs: number;
  sinceMs: number;
  renewal: Renewal | undefined;
  isLost = false;
  readonly #onEnd: (lease: HeldLease) => void;
  #abort: AbortController | undefined;

  constructor(node: ChainNode, sinceMs: number, onEnd: (lease: HeldLease) => void) {
    this.node = node;
    this.startedMs = sinceMs;
    this.sinceMs = sinceMs;
    this.#onEnd = onEnd;
  }

  // Created on first use: most executions never read it.
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    return this.#abort.signal;
  }

  /** The execution still counts as held until it ends: it runs here, whatever becomes of its node. */
  lose(why: string): void {
    this.isLost = true;
    this.#abort ??= new AbortController();
    this.#abort.abort(new Error(`node ${this.node.id}: ${why}`));
  }

  end(): void {
    this.#onEnd(this);
  }
}
