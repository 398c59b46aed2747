import type { CliContext } from '../context.ts';
import type { HostTimes } from '../status/host-times.ts';
import type { Reporter } from '../status/reporter.ts';
import type { StepTally } from '../status/step-tally.ts';
import type { PreparedRun } from './prepare.ts';
import type { RunOptions, RunView } from './work.ts';

/** Everything that the supervision of a run in a file needs, from its start to its end. */
export interface RunScene {
  readonly context: CliContext;
  readonly prepared: PreparedRun;
  readonly options: RunOptions;
  readonly reporter: Reporter;
  readonly view: RunView | undefined;
  readonly hosts: HostTimes;
  readonly tally: StepTally;
  /** Rejects when the database, an output or the recording fails. */
  readonly failed: Promise<never>;
}
