import type { CliContext } from '../context.ts';
import type { PreparedTask } from '../run/prepare.ts';
import type { RunOptions, RunView } from '../run/work.ts';
import type { ServerLocation } from '../run-location.ts';
import type { Reporter } from '../status/reporter.ts';
import type { Server } from './connect.ts';
import type { ServerOutput } from './run-output.ts';

/** Everything that is needed to watch a run at a server, from its submission to its end. */
export interface ServerScene {
  readonly context: CliContext;
  readonly location: ServerLocation;
  readonly server: Server;
  readonly options: RunOptions;
  readonly prepared: PreparedTask;
  readonly output: ServerOutput | undefined;
  readonly reporter: Reporter;
  readonly view: RunView | undefined;
}
