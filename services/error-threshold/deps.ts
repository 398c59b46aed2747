import type { Bus } from '../../libs/bus/port.ts';
import type { DecideOutcome } from '../../libs/coordination/protocol/errors.ts';
import type { Coordinator } from '../../libs/coordination/protocol/port.ts';
import type { Publisher } from '../../libs/stage/messages/publisher.ts';
import type { Runs } from '../../libs/stage/run/runs.ts';
import type { Log } from '../../libs/telemetry/log.ts';
import type { ErrorThresholdConfig } from './config.ts';

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
