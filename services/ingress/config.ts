/** What ingress reads of the configuration. */
export interface IngressConfig {
  /** Inputs in work at once. */
  readonly taskConcurrency: number;
  readonly backpressureRetryDelayMs: number;
}
