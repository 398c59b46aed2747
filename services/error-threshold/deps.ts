import type { Bus } from '../../libs/bus/port.ts';
import type { DecideOutcome, Threshold } from '../../libs/coordination/protocol/errors.ts';
import type { Coordinator } from '../../libs/coordination/protocol/port.ts';
import type { RetryPolicy } from '../../libs/modules/contract/definition.ts';
import type { Publisher } from '../../libs/stage/messages/publisher.ts';
import type { Runs } from '../../libs/stage/run/runs.ts';
import type { Log } from '../../libs/telemetry/log.ts';

/** What the error-threshold stage works with: it decides about nodes and executes none. */
export interface ErrorThresholdDeps {
  readonly config: ErrorThresholdConfig;
  readonly bus: Bus;
  readonly publisher: Publisher;
  readonly coordinator: Pick<Coordinator, 'thresholdDecide' | 'findRun'>;
  readonly runs: Runs;
  readonly log: Log;
  /** Uniform in [0, 1): jitter. */
  readonly random: () => number;
  /** Counts a decision. */
  readonly count: (decision: DecideOutcome) => void;
}

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
