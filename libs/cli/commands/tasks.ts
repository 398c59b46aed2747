/** `catena task show`, `terminate` and `lift`. */
import { CatenaError } from '../../errors/catena-error.ts';
import { markText } from '../../explain/reasons.ts';
import { Tasks } from '../../stage/run/tasks.ts';
import type { TaskKey } from '../../store/port.ts';
import { openSingleFile, type SingleFile } from '../../store/sqlite/single-file.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import type { CliContext, ConfigOptions } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { withRuns } from '../read/open-source.ts';
import type { ShownTask } from '../read/run-source.ts';
import { locationOf } from '../run-location.ts';
import type { IngressCalls } from '../server/connect.ts';
import { withServer } from '../server/connect.ts';
import { formatCount, formatInstant, formatTable, oneLine } from '../terminal/format.ts';

export interface TaskOptions extends ConfigOptions {
  readonly account: string;
  readonly output?: string;
}

export interface TerminateTaskOptions extends TaskOptions {
  readonly reason: string;
}

export async function showTask(context: CliContext, name: string, options: TaskOptions): Promise<ExitCodeValue> {
  const key = { account: options.account, name };
  const task = await withRuns(context, options, (runs) => runs.task(key));
  if (task === undefined) throw unknownTask(key);
  const nowMs = context.clock.now();
  const text =
    options.output === 'json' ? `${JSON.stringify(view(task, nowMs), undefined, 2)}\n` : taskText(task, nowMs);
  context.io.stdout.write(text);
  return ExitCode.DONE;
}

function view({ account, name, counts, mark, coolsUntilMs, openRuns }: ShownTask, nowMs: number) {
  return {
    task: name,
    account,
    ...counts,
    terminated: mark === undefined ? null : { ...markView(mark), at: new Date(mark.atMs).toISOString() },
    cools_until: coolsUntilMs > nowMs ? new Date(coolsUntilMs).toISOString() : null,
    open_runs: openRuns,
  };
}

function markView({ by, reason, runId }: NonNullable<ShownTask['mark']>) {
  return { by, reason, run_id: runId === '' ? null : runId };
}

/** Runs that a person reads. */
const SHOWN_RUNS = 10;

function taskText({ account, name, counts, mark, coolsUntilMs, openRuns }: ShownTask, nowMs: number): string {
  const more = openRuns.length > SHOWN_RUNS ? ', …' : '';
  return formatTable([
    ['task', `${name} of ${account}`],
    ['state', oneLine(stateText({ mark, coolsUntilMs }, nowMs))],
    ['counted', `${formatCount(counts.errors)} errors in ${formatCount(counts.executions)} executions`],
    ['open runs', openRuns.length === 0 ? 'none' : openRuns.slice(0, SHOWN_RUNS).join(', ') + more],
  ]);
}

function stateText({ mark, coolsUntilMs }: Pick<ShownTask, 'mark' | 'coolsUntilMs'>, nowMs: number): string {
  if (mark !== undefined) return `terminated, new runs are refused: ${markText(mark)}`;
  if (coolsUntilMs > nowMs)
    return `cools down after errors: runs that wait are opened from ${formatInstant(coolsUntilMs)} on`;
  return 'runs may begin';
}

export function terminateTask(
  context: CliContext,
  name: string,
  options: TerminateTaskOptions,
): Promise<ExitCodeValue> {
  const { reason, account } = options;
  return change(context, { account, name }, options, {
    action: 'terminate',
    atServer: (calls) => calls.terminateTask({ account, taskId: name, reason }),
    inFile: ({ store, coordinator }, key) => {
      const { clock } = context;
      const tasks = new Tasks({ store, coordinator, clock, metrics: new Metrics(), log: silentLog });
      return tasks.mark(key, { by: 'the command line', reason, atMs: clock.now(), runId: '' });
    },
    done: `task ${name} is terminated: its open runs end, and new ones are refused until \`catena task lift ${name}\``,
    unchanged: `task ${name} was terminated before: nothing changed; \`catena task show ${name}\` says why`,
  });
}

export function liftTask(context: CliContext, name: string, options: TaskOptions): Promise<ExitCodeValue> {
  const { account } = options;
  return change(context, { account, name }, options, {
    action: 'lift',
    atServer: (calls) => calls.liftTask({ account, taskId: name }),
    inFile: ({ store }, key) => store.liftTask(key),
    done: `task ${name} is lifted: new runs of it may begin, and it counts from 0`,
    unchanged: `task ${name} was neither terminated nor cooling down: nothing changed`,
  });
}

interface Change {
  readonly action: 'terminate' | 'lift';
  readonly atServer: (calls: IngressCalls) => Promise<{ readonly changed: boolean }>;
  readonly inFile: (file: SingleFile, key: TaskKey) => Promise<boolean>;
  readonly done: string;
  readonly unchanged: string;
}

async function change(
  context: CliContext,
  key: TaskKey,
  options: TaskOptions,
  { action, atServer, inFile, done, unchanged }: Change,
): Promise<ExitCodeValue> {
  const location = locationOf(context, options);
  const changed =
    location.kind === 'server'
      ? (await withServer(location, ({ calls }) => atServer(calls))).changed
      : await changeInFile(context, key, options, inFile);
  if (options.output === 'json') {
    const { account, name: task } = key;
    context.io.stdout.write(`${JSON.stringify({ task, account, action, changed })}\n`);
  } else {
    context.io.stderr.write(`${changed ? done : unchanged}\n`);
  }
  return ExitCode.DONE;
}

/** Throws `store.locked` while a process uses the file, and `cli.unknown_task`. */
async function changeInFile(
  context: CliContext,
  key: TaskKey,
  options: TaskOptions,
  inFile: Change['inFile'],
): Promise<boolean> {
  // Read first: it refuses a file that does not exist, which would be created otherwise.
  const known = await withRuns(context, options, (runs) => runs.task(key));
  if (known === undefined) throw unknownTask(key);
  const { loaded } = locationOf(context, options);
  const file = openSingleFile({ path: loaded.config.store.path, clock: context.clock, policy: loaded.config });
  try {
    return await inFile(file, key);
  } finally {
    file.close();
  }
}

function unknownTask({ account, name }: TaskKey): CatenaError {
  return new CatenaError('cli.unknown_task', `${account} has no task ${name}`, {
    data: { account, task: name },
    remedy: 'check the name, and give its account with --account; a task exists from its first run on',
  });
}
