/** What the downloader reads of the configuration. Times are milliseconds, sizes bytes. */
export interface DownloaderConfig {
  /** Requests under way at once, over all hosts. */
  readonly downloadConcurrency: number;
  /** Requests that may wait for their host's limit, unclaimed. */
  readonly waiting: number;
  readonly obeyRobots: boolean;
  /** Larger bodies are kept by reference. */
  readonly blobThresholdBytes: number;
  readonly backpressureRetryDelayMs: number;
}
