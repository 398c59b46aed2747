import type { Bus } from '../../libs/bus/port.ts';
import type { Budgets } from '../../libs/limits/budgets.ts';
import type { CookieShelf } from '../../libs/limits/cookies.ts';
import type { Limiter, Permit } from '../../libs/limits/limiter.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execute-node.ts';
import type { DownloadWork, LocalStage, ParseWork } from '../../libs/stage/execution/hand-over.ts';
import { StageRunner } from '../../libs/stage/execution/runner.ts';
import type { Publisher } from '../../libs/stage/messages/publisher.ts';
import type { Runs } from '../../libs/stage/run/runs.ts';
import type { SecretSource } from '../../libs/stage/run/secret-source.ts';
import type { AnswerStore } from '../../libs/store/answer-store.ts';
import type { BlobStore } from '../../libs/store/blob-store.ts';
import { admit } from './admit.ts';
import type { BreakerGuard } from './breaker.ts';
import type { DownloaderConfig } from './config.ts';
import type { CookieJars } from './cookies.ts';
import { handle, handleLocal } from './handle.ts';
import type { HttpClient } from './http-client.ts';
import type { RobotsRules } from './robots.ts';

export interface DownloaderDeps extends ExecutionDeps {
  readonly config: DownloaderConfig;
  readonly bus: Bus;
  readonly publisher: Publisher;
  readonly runs: Runs;
  readonly limiter: Limiter;
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

export type DownloaderRunner = StageRunner<'downloader', DownloadWork, Permit>;

/** The downloader stage: claims a request and performs it. */
export function createDownloader(deps: DownloaderDeps): DownloaderRunner {
  const { config, bus, publisher } = deps;
  return new StageRunner<'downloader', DownloadWork, Permit>({
    stage: 'downloader',
    bus,
    publisher,
    concurrency: config.downloadConcurrency,
    waiting: config.waiting,
    admit: (message, signal) => admit(deps, message, signal),
    handle: (message, permit) => handle(deps, message, permit!),
    handleLocal: (work) => handleLocal(deps, work),
    retryDelayMs: config.backpressureRetryDelayMs,
    onError: (error) => deps.log.error('the downloader could not work', { error }),
  });
}
