import { type Clock, systemClock } from '../../../libs/clock/clock.ts';
import { RecentMap } from '../../../libs/concurrency/recent-map.ts';
import { SingleFlight } from '../../../libs/concurrency/single-flight.ts';
import { CatenaError, toCatenaError } from '../../../libs/errors/catena-error.ts';
import { parseRobotsFile, type RobotsFile } from './robots-file.ts';

/** Whether a URL may be fetched, and how much time the site wants between two requests. */
export interface RobotsAnswer {
  readonly allowed: boolean;
  readonly crawlDelayMs?: number;
}

/** Fetches a robots.txt, redirects followed; throws CatenaErrors `download.…`. */
export type FetchRobots = (
  url: string,
  signal: AbortSignal,
  isUntrusted: boolean,
) => Promise<{ readonly status: number; readonly body: Uint8Array }>;

export interface RobotsOptions {
  readonly fetch: FetchRobots;
  /** The crawler name that rules for Catena use, without a version. */
  readonly productToken: string;
  /** How long a site's rules are kept, in milliseconds. */
  readonly ttlMs?: number;
  /** How long a site is not asked again after its rules could not be fetched, in milliseconds. */
  readonly unreachableTtlMs?: number;
  /** Sites remembered; beyond that the least recently used one is dropped. */
  readonly maxOrigins?: number;
  /** Longest Crawl-delay that is obeyed, in milliseconds: a longer one would stall a run for ever. */
  readonly maxCrawlDelayMs?: number;
  readonly clock?: Clock;
}

const DEFAULTS = {
  ttlMs: 3_600_000,
  unreachableTtlMs: 30_000,
  maxOrigins: 10_000,
  maxCrawlDelayMs: 60_000,
  clock: systemClock,
};

/** The minimum that RFC 9309 requires to be read; the rest of a longer file is not read. */
export const MAX_ROBOTS_BYTES = 500 * 1024;

interface Known {
  readonly untilMs: number;
  readonly rules: SiteRules | CatenaError;
}

interface SiteRules {
  readonly file: RobotsFile;
  readonly allowed: RobotsAnswer;
  readonly refused: RobotsAnswer;
}

/** Failures of the response itself, not of the connection: RFC 9309 treats the site as one without rules. */
const UNAVAILABLE = new Set([
  ...[
    'download.too_many_redirects',
    'download.too_large',
    'download.headers_too_large',
    'download.decompression_ratio',
  ],
]);

/**
 * The robots.txt rules of each site, fetched once and kept. A site without rules (any 4xx) allows everything. When the rules
 * cannot be fetched because of a server or network error, nothing may be fetched (RFC 9309, 2.3.1.4): the check throws a
 * retryable `robots.unreachable`, so that the request waits and is not dropped.
 */
export class RobotsRules {
  readonly #options: typeof DEFAULTS & RobotsOptions;
  readonly #clock: Clock;
  readonly #known: RecentMap<string, Known>;
  readonly #flights = new SingleFlight<SiteRules>();

  constructor(options: RobotsOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#clock = this.#options.clock;
    this.#known = new RecentMap(this.#options.maxOrigins);
  }

  /** Returns the answer if the site's rules are in memory. A recent failure to fetch them is thrown again. */
  cached(url: URL, isUntrusted = false): RobotsAnswer | undefined {
    const key = keyOf(url.origin, isUntrusted);
    const known = this.#known.get(key);
    if (known === undefined) return undefined;
    if (known.untilMs <= this.#clock.monotonic()) {
      this.#known.delete(key);
      return undefined;
    }
    if (known.rules instanceof CatenaError) throw known.rules;
    return answer(known.rules, url);
  }

  /**
   * Returns the answer, and fetches the site's rules if needed. Throws `robots.unreachable` (retryable), `robots.aborted` when
   * the signal aborts, and fatal errors of the download (a private target, a bad certificate) unchanged. The rules are asked for
   * under the restrictions of the request, so those of an untrusted one are kept apart.
   */
  async check(url: URL, signal: AbortSignal, isUntrusted = false): Promise<RobotsAnswer> {
    const cached = this.cached(url, isUntrusted);
    if (cached !== undefined) return cached;
    const load = (flightSignal: AbortSignal) => this.#load(url.origin, flightSignal, isUntrusted);
    const key = keyOf(url.origin, isUntrusted);
    return answer(await this.#flights.join(key, load, signal, () => abortedCheck(url, signal)), url);
  }

  async #load(origin: string, signal: AbortSignal, isUntrusted: boolean): Promise<SiteRules> {
    const { ttlMs, unreachableTtlMs } = this.#options;
    const key = keyOf(origin, isUntrusted);
    try {
      const rules = this.#read(await this.#fetch(origin, signal, isUntrusted));
      this.#keep(key, rules, ttlMs);
      return rules;
    } catch (thrown) {
      const error = toCatenaError(thrown, 'robots.unreachable', 'retryable');
      if (!signal.aborted) this.#keep(key, error, unreachableTtlMs);
      throw error;
    }
  }

  /** The text of the file; empty when the site has none. */
  async #fetch(origin: string, signal: AbortSignal, isUntrusted: boolean): Promise<string> {
    const url = `${origin}/robots.txt`;
    const { unreachableTtlMs } = this.#options;
    let status: number;
    let body: Uint8Array;
    try {
      ({ status, body } = await this.#options.fetch(url, signal, isUntrusted));
    } catch (thrown) {
      const error = toCatenaError(thrown, 'download.failed', 'retryable');
      if (UNAVAILABLE.has(error.code)) return '';
      if (error.class === 'fatal') throw error;
      throw unreachable(url, error.message, unreachableTtlMs, error);
    }
    if (status >= 500) throw unreachable(url, `status ${status}`, unreachableTtlMs);
    return status >= 200 && status < 300 ? new TextDecoder().decode(body.subarray(0, MAX_ROBOTS_BYTES)) : '';
  }

  #read(text: string): SiteRules {
    const { productToken, maxCrawlDelayMs } = this.#options;
    const file = parseRobotsFile(text, productToken);
    const delayMs = Math.min(file.crawlDelayMs ?? 0, maxCrawlDelayMs);
    const crawlDelay = delayMs > 0 ? { crawlDelayMs: delayMs } : {};
    return { file, allowed: { allowed: true, ...crawlDelay }, refused: { allowed: false, ...crawlDelay } };
  }

  #keep(key: string, rules: SiteRules | CatenaError, ttlMs: number): void {
    this.#known.set(key, { rules, untilMs: this.#clock.monotonic() + ttlMs });
  }
}

function keyOf(origin: string, isUntrusted: boolean): string {
  return isUntrusted ? `untrusted ${origin}` : origin;
}

function answer(rules: SiteRules, url: URL): RobotsAnswer {
  return rules.file.isAllowed(url.pathname + url.search) ? rules.allowed : rules.refused;
}

function unreachable(url: string, detail: string, retryAfterMs: number, cause?: CatenaError): CatenaError {
  return new CatenaError('robots.unreachable', `${url} could not be fetched: ${detail}`, {
    class: 'retryable',
    data: { url },
    retryAfterMs,
    cause,
    remedy: 'wait: no page of this site is fetched until robots.txt can be; switch robots off if the site is yours',
  });
}

function abortedCheck(url: URL, signal: AbortSignal): CatenaError {
  return new CatenaError('robots.aborted', `the wait for the robots.txt of ${url.origin} was aborted`, {
    class: 'retryable',
    cause: signal.reason,
  });
}
