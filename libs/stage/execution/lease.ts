import type { Clock } from '../../clock/clock.ts';
import { RenewCode } from '../../coordination/protocol/claims.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { LoadedRun } from '../run/runs.ts';

/** The right to execute a node, as its holder sees it. */
export interface Lease {
  readonly node: ChainNode;
  /** Aborts when the lease is lost: another owner has the node, or the coordinator could not be reached in time. */
  readonly signal: AbortSignal;
  /** Ends the lease for this holder: it is no longer renewed. Idempotent. */
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
 * Renews the leases of running executions with one timer. The local deadline uses a monotonic clock and starts before the claim
 * is sent, so it ends no later than the coordinator's.
 */
export class LeaseKeeper {
  readonly leaseMs: number;
  readonly #coordinator: Pick<Coordinator, 'renew'>;
  readonly #clock: Clock;
  readonly #held = new Set<HeldLease>();
  readonly #timer: NodeJS.Timeout;

  constructor({ coordinator, clock, leaseMs }: LeaseKeeperOptions) {
    this.leaseMs = leaseMs;
    this.#coordinator = coordinator;
    this.#clock = clock;
    this.#timer = setInterval(() => this.renewDue(), Math.max(10, leaseMs * RENEW_AFTER * 0.5));
    this.#timer.unref();
  }

  /** Starts to renew a lease; `sinceMs` is the monotonic time before its claim was sent. */
  hold(node: ChainNode, sinceMs: number): Lease {
    const lease = new HeldLease(node, sinceMs, (ended) => this.#held.delete(ended));
    this.#held.add(lease);
    return lease;
  }

  /** Renews due leases and marks expired ones as lost. Called by the timer. */
  renewDue(): void {
    const nowMs = this.#clock.monotonic();
    for (const lease of this.#held) {
      const ageMs = nowMs - lease.sinceMs;
      if (ageMs >= this.leaseMs) lease.lose('its lease ran out before the coordinator answered');
      else if (ageMs >= this.leaseMs * RENEW_AFTER && !lease.renewing) void this.#renew(lease, nowMs);
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
    const held = [...this.#held];
    for (const lease of held) lease.lose(why);
    return held.map(({ node }) => node);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #renew(lease: HeldLease, sentMs: number): Promise<void> {
    lease.renewing = true;
    try {
      const { node } = lease;
      const code = await this.#coordinator.renew({ node, token: node.token, leaseMs: this.leaseMs });
      if (code === RenewCode.RENEWED) lease.sinceMs = sentMs;
      else lease.lose('another holder has taken it over');
    } catch {
      // The coordinator did not answer: the local deadline decides.
    } finally {
      lease.renewing = false;
    }
  }
}

class HeldLease implements Lease {
  readonly node: ChainNode;
  readonly startedMs: number;
  sinceMs: number;
  renewing = false;
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

  lose(why: string): void {
    this.#abort ??= new AbortController();
    this.#abort.abort(new Error(`node ${this.node.id}: ${why}`));
    this.end();
  }

  end(): void {
    this.#onEnd(this);
  }
}
