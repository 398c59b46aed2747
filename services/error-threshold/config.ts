import type { Threshold } from '../../libs/coordination/protocol/errors.ts';
import type { RetryPolicy } from '../../libs/modules/contract/definition.ts';

/** What error-threshold reads of the configuration. */
export interface ErrorThresholdConfig {
  /** Failures in work at once. */
  readonly errorTaskConcurrency: number;
  readonly backpressureRetryDelayMs: number;
  /** For steps that do not say otherwise. */
  readonly retry: RetryPolicy;
  readonly moduleThreshold: Threshold;
  readonly taskThreshold: Threshold;
  /** 0 is no cool-down. */
  readonly cooldownMs: number;
  readonly cooldownErrors: number;
}
