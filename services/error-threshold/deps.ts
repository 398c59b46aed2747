import type { Bus } from '../../libs/bus/port.ts';
import type { DecideOutcome, Threshold } from '../../libs/coordination/protocol/errors.ts';
import type { Coordinator } from '../../libs/coordination/protocol/port.ts';
import type { RetryPolicy } from '../../libs/modules/contract/definition.ts';
import type { Publisher } from '../../libs/stage/messages/publisher.ts';
import type { DecidedFailure } from '../../libs/stage/run/decided-failure.ts';
import type { Runs } from '../../libs/stage/run/runs.ts';
import type { Tasks } from '../../libs/stage/run/tasks.ts';
import type { Log } from '../../libs/telemetry/log.ts';

/** Dependencies of the error-threshold stage. It decides about nodes and executes none. */
export interface ErrorThresholdDeps {
  readonly config: ErrorThresholdConfig;
  readonly bus: Bus;
  readonly publisher: Publisher;
  readonly coordinator: Pick<Coordinator, 'thresholdDecide' | 'findRun'>;
  readonly runs: Runs;
  readonly tasks: Pick<Tasks, 'countsBeside' | 'tripped'>;
  readonly log: Log;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  /** Called for each failure, once, when it is decided. */
  readonly onFailure?: ((failure: DecidedFailure) => void) | undefined;
  /** Counts a decision. */
  readonly count: (decision: DecideOutcome) => void;
}

/** Settings of error-threshold. */
export interface ErrorThresholdConfig {
  /** Failures handled at the same time. */
  readonly errorTaskConcurrency: number;
  readonly backpressureRetryDelayMs: number;
  /** Default for steps without a policy of their own. */
  readonly retry: RetryPolicy;
  readonly moduleThreshold: Threshold;
  readonly taskThreshold: Threshold;
  /** 0: no cool-down. */
  readonly cooldownMs: number;
  readonly cooldownErrors: number;
}
