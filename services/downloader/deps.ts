import type { Bus } from '../../libs/bus/port.ts';
import type { Clock } from '../../libs/clock/clock.ts';
import type { ChainEvent } from '../../libs/contracts/events.ts';
import type { BodyMemory } from '../../libs/limits/body-memory.ts';
import type { Breakers } from '../../libs/limits/breakers.ts';
import type { Budgets } from '../../libs/limits/budgets.ts';
import type { CookieStore } from '../../libs/limits/cookies.ts';
import type { Limiter } from '../../libs/limits/limiter.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execute-node.ts';
import type { LocalStage, ParseWork } from '../../libs/stage/execution/hand-over.ts';
import type { SecretSource } from '../../libs/stage/run/secret-source.ts';
import type { BlobStore } from '../../libs/store/blob-store.ts';
import type { Store } from '../../libs/store/port.ts';
import type { ResponseCache } from '../../libs/store/response-cache.ts';
import type { Log } from '../../libs/telemetry/log.ts';
import type { HttpClient } from './http/http-client.ts';
import type { CookieJars } from './policies/cookie-jar.ts';
import type { RobotsRules } from './policies/robots-rules.ts';

/** Dependencies of the downloader stage. */
export interface DownloaderDeps {
  readonly config: DownloaderConfig;
  readonly execution: ExecutionDeps;
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: Bus;
  readonly limiter: Limiter;
  /** Runs a wait without the execution's slot, so that others can use it; undefined when executions have no slot. */
  readonly aside?: <T>(wait: () => Promise<T>) => Promise<T>;
  readonly http: HttpClient;
  /** The memory for bodies of this process. */
  readonly bodyMemory: BodyMemory;
  readonly robots: RobotsRules;
  readonly cookies: CookieJars;
  /** Stores the cookies of runs for all processes. */
  readonly cookieStore: CookieStore;
  readonly blobs: BlobStore;
  /** Keeps what requests have received so far. */
  readonly partials: Pick<Store, 'savePartial'>;
  /** Responses kept for a time, and for other runs. */
  readonly responseCache: ResponseCache;
  /** Finds the secrets that headers name. */
  readonly secret: SecretSource;
  readonly breakers: BreakerGuard;
  readonly budgets: Pick<Budgets, 'reserve'>;
  /** The parser, if it runs in this process. */
  readonly parser: LocalStage<ParseWork>;
  /** Called after each request with its host, its duration, and its status or `failed`. */
  readonly onDownload?: ((host: string, durationMs: number, outcome: string) => void) | undefined;
}

/** Circuit breakers, and which results count as failures. */
export interface BreakerGuard {
  readonly breakers: Breakers;
  /** Whether 429 counts as a failure; otherwise it is neutral. */
  readonly countTooManyRequests: boolean;
  /** Timeout of requests without one of their own, in milliseconds. */
  readonly timeoutMs: number;
  /** Publishes that a breaker opened or closed; undefined when nobody listens. */
  readonly publish?: ((event: ChainEvent) => Promise<void>) | undefined;
}

/** Dependencies of a request that belongs to no run: a manual one, and its redirects. */
export interface SendingDeps extends Pick<DownloaderDeps, 'clock' | 'aside'> {
  readonly http: Pick<HttpClient, 'options' | 'send' | 'checkTarget'>;
  readonly limiter: Pick<Limiter, 'acquire' | 'tryAcquire' | 'waitAheadMs' | 'postpone' | 'delay' | 'setMinInterval'>;
  /** Undefined: robots.txt is not checked. */
  readonly robots: Pick<RobotsRules, 'check'> | undefined;
}

/** Settings of the downloader. Times are milliseconds, sizes bytes. */
export interface DownloaderConfig {
  /** Requests in progress at the same time, over all hosts. */
  readonly downloadConcurrency: number;
  /** Requests that may wait for their host's limit, unclaimed. */
  readonly waiting: number;
  readonly obeyRobots: boolean;
  /** Larger bodies are stored and passed by reference. */
  readonly blobThresholdBytes: number;
  readonly backpressureRetryDelayMs: number;
}
