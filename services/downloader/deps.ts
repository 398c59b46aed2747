/** What the downloader stands on. */
import type { Bus } from '../../libs/bus/port.ts';
import type { ChainEvent } from '../../libs/contracts/events.ts';
import type { Breakers } from '../../libs/limits/breakers.ts';
import type { Budgets } from '../../libs/limits/budgets.ts';
import type { CookieShelf } from '../../libs/limits/cookies.ts';
import type { Limiter } from '../../libs/limits/limiter.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execute-node.ts';
import type { LocalStage, ParseWork } from '../../libs/stage/execution/hand-over.ts';
import type { Publisher } from '../../libs/stage/messages/publisher.ts';
import type { Runs } from '../../libs/stage/run/runs.ts';
import type { SecretSource } from '../../libs/stage/run/secret-source.ts';
import type { AnswerStore } from '../../libs/store/answer-store.ts';
import type { BlobStore } from '../../libs/store/blob-store.ts';
import type { DownloaderConfig } from './config.ts';
import type { HttpClient } from './http/http-client.ts';
import type { CookieJars } from './policies/cookie-jar.ts';
import type { RobotsRules } from './policies/robots-rules.ts';

export interface DownloaderDeps extends ExecutionDeps {
  readonly config: DownloaderConfig;
  readonly bus: Bus;
  readonly publisher: Publisher;
  readonly runs: Runs;
  readonly limiter: Limiter;
  /** Waits without the slot of the execution, which others use meanwhile; undefined where executions have none. */
  readonly aside?: <T>(wait: () => Promise<T>) => Promise<T>;
  readonly http: HttpClient;
  readonly robots: RobotsRules;
  readonly cookies: CookieJars;
  /** Where the cookies of runs stand for all processes. */
  readonly shelf: CookieShelf;
  readonly blobs: BlobStore;
  /** What is kept for a time, and for other runs. */
  readonly answers: AnswerStore;
  /** Where the secrets stand that headers name. */
  readonly secret: SecretSource;
  readonly breakers: BreakerGuard;
  readonly budgets: Pick<Budgets, 'reserve'>;
  /** The parser, where it runs in this process. */
  readonly parser: LocalStage<ParseWork>;
  /** Told of every request that was sent: its host, how long it took, and its status or `failed`. */
  readonly onDownload?: ((host: string, durationMs: number, outcome: string) => void) | undefined;
}

/** Circuit breakers, and how their requests are judged. */
export interface BreakerGuard {
  readonly breakers: Breakers;
  /** Whether 429 counts as a failure; otherwise it says nothing. */
  readonly countTooManyRequests: boolean;
  /** Of requests that name none of their own, in milliseconds. */
  readonly timeoutMs: number;
  /** Tells others that a breaker opened or closed; undefined where nobody listens. */
  readonly publish?: ((event: ChainEvent) => Promise<void>) | undefined;
}

/** What a request stands on that no run asks for: one by hand, or one of its redirects. */
export interface SendingDeps extends Pick<DownloaderDeps, 'clock' | 'aside'> {
  readonly http: Pick<HttpClient, 'options' | 'send' | 'checkTarget'>;
  readonly limiter: Pick<Limiter, 'acquire' | 'tryAcquire' | 'waitAheadMs' | 'postpone' | 'delay' | 'setMinInterval'>;
  /** Undefined: robots.txt is not asked. */
  readonly robots: Pick<RobotsRules, 'check'> | undefined;
}
