/** `catena task list`, `show`, `terminate` and `lift`. */
import { MAX_REASON_CHARS, requireNone, textFault } from '../../contracts/request-check.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { markText } from '../../explain/reasons.ts';
import { MOST_OPEN_RUNS, Tasks } from '../../stage/run/tasks.ts';
import type { TaskKey } from '../../store/port.ts';
import { openSingleFile, type SingleFile } from '../../store/sqlite/single-file.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import type { CliContext, ConfigOptions } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { withRuns } from '../read/open-source.ts';
import type { ShownTask } from '../read/run-source.ts';
import { commandFor, locationOf, type RunLocation } from '../run-location.ts';
import type { IngressCalls } from '../server/connect.ts';
import { withServer } from '../server/connect.ts';
import { countOf, formatCount, formatInstant, formatTable, oneLine } from '../terminal/format.ts';

export interface TaskOptions extends ConfigOptions {
  readonly account: string;
  readonly output?: string;
}

export interface ListTasksOptions extends ConfigOptions {
  readonly account?: string;
  readonly terminated?: boolean;
  readonly limit: string;
  readonly output?: string;
}

export interface TerminateTaskOptions extends TaskOptions {
  readonly reason: string;
}

export async function listTasks(context: CliContext, options: ListTasksOptions): Promise<ExitCodeValue> {
  const { account, terminated: isMarked = false, output } = options;
  const limit = Math.max(1, Number(options.limit) || 1);
  const query = { limit, isMarked, ...(account === undefined ? {} : { account }) };
  const tasks = await withRuns(context, options, (runs) => runs.tasks(query));
  const nowMs = context.clock.now();
  context.io.stdout.write(
    output === 'json'
      ? `${JSON.stringify(
          tasks.map((task) => rowView(task, nowMs)),
          undefined,
          2,
        )}\n`
      : tasksTable(tasks, { isMarked, nowMs }),
  );
  return ExitCode.DONE;
}

/** The counts are named, because those of open runs are missing in a list. */
function rowView(task: ShownTask, nowMs: number) {
  const { executions, errors, ...rest } = view(task, nowMs);
  return { ...rest, executions_of_ended_runs: executions, errors_of_ended_runs: errors };
}

function tasksTable(
  tasks: readonly ShownTask[],
  { isMarked, nowMs }: { readonly isMarked: boolean; readonly nowMs: number },
): string {
  if (tasks.length === 0) return isMarked ? 'no task is terminated\n' : 'there are no named tasks\n';
  const rows = tasks.map((task) => [
    task.name,
    task.account,
    openCount(task),
    countedText(task),
    oneLine(stateText(task, nowMs), STATE_COLUMNS),
  ]);
  return formatTable([['TASK', 'ACCOUNT', 'OPEN RUNS', 'IN ENDED RUNS', 'STATE'], ...rows]);
}

function openCount({ openRuns }: ShownTask): string {
  return openRuns.length < MOST_OPEN_RUNS ? formatCount(openRuns.length) : `${formatCount(MOST_OPEN_RUNS)} or more`;
}

function countedText({ counts: { errors, executions } }: ShownTask): string {
  return `${countOf(errors, 'error')} in ${countOf(executions, 'execution')}`;
}

export async function showTask(context: CliContext, name: string, options: TaskOptions): Promise<ExitCodeValue> {
  const key = { account: options.account, name };
  return withRuns(context, options, async (runs, location) => {
    const task = await runs.task(key);
    if (task === undefined) throw unknownTask(key);
    const nowMs = context.clock.now();
    const lift = taskCommand(context, location, 'lift', key);
    context.io.stdout.write(
      options.output === 'json'
        ? `${JSON.stringify(view(task, nowMs), undefined, 2)}\n`
        : taskText(task, { nowMs, lift }),
    );
    return ExitCode.DONE;
  });
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
/** Of a state in a list; `show` has it whole. */
const STATE_COLUMNS = 100;

function taskText(task: ShownTask, { nowMs, lift }: { readonly nowMs: number; readonly lift: string }): string {
  const { account, name, openRuns } = task;
  const more = openRuns.length - SHOWN_RUNS;
  const shown = openRuns.slice(0, SHOWN_RUNS).join(', ');
  return formatTable([
    ['task', `${name} of ${account}`],
    ['state', oneLine(stateText(task, nowMs))],
    ...(isHeldUp(task, nowMs) ? [['to go on', lift]] : []),
    ['counted', countedText(task)],
    ['open runs', openRuns.length === 0 ? 'none' : more > 0 ? `${openCount(task)}: ${shown}, …` : shown],
  ]);
}

/** Whether a lift would let its runs begin. */
function isHeldUp({ mark, coolsUntilMs }: ShownTask, nowMs: number): boolean {
  return mark !== undefined || coolsUntilMs > nowMs;
}

function stateText({ mark, coolsUntilMs }: Pick<ShownTask, 'mark' | 'coolsUntilMs'>, nowMs: number): string {
  if (mark !== undefined) return `terminated, new runs are refused: ${markText(mark)}`;
  if (coolsUntilMs > nowMs)
    return `cools down after errors: runs that wait are opened from ${formatInstant(coolsUntilMs)} on`;
  return 'runs may begin';
}

export async function terminateTask(
  context: CliContext,
  name: string,
  options: TerminateTaskOptions,
): Promise<ExitCodeValue> {
  const { reason, account } = options;
  requireNone([textFault('reason', reason, MAX_REASON_CHARS)]);
  return change(context, { account, name }, options, {
    action: 'terminate',
    atServer: (calls) => calls.terminateTask({ account, taskId: name, reason }),
    inFile: ({ store, coordinator }, key) => {
      const { clock } = context;
      const tasks = new Tasks({ store, coordinator, clock, metrics: new Metrics(), log: silentLog });
      return tasks.mark(key, { by: 'the command line', reason, atMs: clock.now(), runId: '' });
    },
    done: (command) =>
      `task ${name} is terminated: its open runs end, and new ones are refused until \`${command('lift')}\``,
    unchanged: (command) => `task ${name} was terminated before: nothing changed; \`${command('show')}\` says why`,
  });
}

export function liftTask(context: CliContext, name: string, options: TaskOptions): Promise<ExitCodeValue> {
  const { account } = options;
  return change(context, { account, name }, options, {
    action: 'lift',
    atServer: (calls) => calls.liftTask({ account, taskId: name }),
    inFile: ({ store }, key) => store.liftTask(key),
    done: () => `task ${name} is lifted: new runs of it may begin, and it counts from 0`,
    unchanged: () => `task ${name} was not terminated, did not cool down and had counted nothing: nothing changed`,
  });
}

interface Change {
  readonly action: 'terminate' | 'lift';
  readonly atServer: (calls: IngressCalls) => Promise<{ readonly changed: boolean }>;
  readonly inFile: (file: SingleFile, key: TaskKey) => Promise<boolean>;
  readonly done: (command: TaskCommand) => string;
  readonly unchanged: (command: TaskCommand) => string;
}

/** Another command about the same task, to be copied into a shell. */
type TaskCommand = (name: 'show' | 'lift') => string;

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
    const command: TaskCommand = (name) => taskCommand(context, location, name, key);
    context.io.stderr.write(`${(changed ? done : unchanged)(command)}\n`);
  }
  return ExitCode.DONE;
}

function taskCommand(context: CliContext, location: RunLocation, action: string, { account, name }: TaskKey): string {
  const ofAccount = account === 'default' ? [] : ['--account', account];
  return commandFor(context, location, 'task', action, name, ...ofAccount);
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
