/** Durations of requests by host, to name the slowest hosts. */

export interface HostTime {
  readonly host: string;
  readonly requests: number;
  readonly failed: number;
  readonly meanMs: number;
  readonly longestMs: number;
}

interface Tally {
  requests: number;
  failed: number;
  totalMs: number;
  longestMs: number;
}

/** The most hosts that are counted; in a crawl of more, no single host matters. */
const MAX_HOSTS = 10_000;

export class HostTimes {
  readonly #byHost = new Map<string, Tally>();

  /** `outcome` is a status, or `failed`. */
  record(host: string, durationMs: number, outcome: string): void {
    let tally = this.#byHost.get(host);
    if (tally === undefined) {
      if (this.#byHost.size >= MAX_HOSTS) return;
      tally = { requests: 0, failed: 0, totalMs: 0, longestMs: 0 };
      this.#byHost.set(host, tally);
    }
    tally.requests += 1;
    if (outcome === 'failed') tally.failed += 1;
    tally.totalMs += durationMs;
    tally.longestMs = Math.max(tally.longestMs, durationMs);
  }

  /** The slowest on average first. */
  slowest(count: number): HostTime[] {
    return [...this.#byHost]
      .map(([host, { requests, failed, totalMs, longestMs }]) => ({
        host,
        requests,
        failed,
        meanMs: totalMs / requests,
        longestMs,
      }))
      .sort((one, other) => other.meanMs - one.meanMs)
      .slice(0, count);
  }
}
