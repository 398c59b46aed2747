import { Slots } from '../../libs/concurrency/slots.ts';
import type { Permit } from '../../libs/limits/limiter.ts';
import type { DownloadWork } from '../../libs/stage/execution/hand-over.ts';
import { StageRunner } from '../../libs/stage/execution/runner.ts';
import { admit } from './admit.ts';
import type { DownloaderDeps } from './deps.ts';
import { handle, handleLocal } from './handle.ts';

export type DownloaderRunner = StageRunner<'downloader', DownloadWork, Permit>;

/** The downloader stage: claims a request and performs it. */
export function createDownloader(deps: DownloaderDeps): DownloaderRunner {
  const { config, bus, execution } = deps;
  const slots = new Slots(config.downloadConcurrency);
  const own: DownloaderDeps = { ...deps, aside: (wait) => slots.aside(wait) };
  return new StageRunner<'downloader', DownloadWork, Permit>({
    stage: 'downloader',
    bus,
    publisher: execution.publisher,
    concurrency: config.downloadConcurrency,
    slots,
    waiting: config.waiting,
    admit: (message, signal) => admit(own, message, signal),
    handle: (message, permit) => handle(own, message, permit!),
    handleLocal: (work) => handleLocal(own, work),
    retryDelayMs: config.backpressureRetryDelayMs,
    onError: (error) => deps.log.error('the downloader could not handle a request', { error }),
  });
}
