/** Named tasks: whether their runs may begin, what they count beside a run, and how all their runs are ended. */
import type { Clock } from '../../clock/clock.ts';
import { RecentMap } from '../../concurrency/recent-map.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { RunSnapshot } from '../../coordination/protocol/reads.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { commandText } from '../../errors/command-text.ts';
import { markText } from '../../explain/reasons.ts';
import type { Counts, RunRecord, Store, TaskKey, TaskMark, TaskRecord } from '../../store/port.ts';
import type { Log } from '../../telemetry/log.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { isThreshold } from './run-failures.ts';

/** The part of a run that tells its task. */
export interface RunOfTask {
  readonly runId: string;
  readonly taskId: string;
  readonly account: string;
}

export interface TasksDeps {
  readonly store: Pick<Store, 'findTask' | 'markTask' | 'listEndingTasks' | 'endedTask'>;
  readonly coordinator: Pick<Coordinator, 'findRun' | 'terminateMark'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Why a run may not begin now: the run, a module of it or its task was ended, or the task cools down for so long. */
export type Refusal =
  | { readonly kind: 'terminated'; readonly scope: 'task' | 'module'; readonly reason: string }
  | { readonly kind: 'cooling'; readonly delayMs: number };

/** Open runs of a task whose counts are added up, and that are ended in one round: the newest. */
export const MOST_OPEN_RUNS = 100;
/** Counts of other runs may be so old when a failure is decided. */
const COUNTS_AGE_MS = 1_000;
const MAX_KEPT = 256;
/** Tasks whose open runs one round ends. */
const MAX_ENDING = 100;

const NONE: Counts = { executions: 0, errors: 0 };

/** A named task with what its open runs have counted so far. */
export interface TaskLook {
  readonly task: TaskRecord;
  /** Of those of its {@link MOST_OPEN_RUNS} newest open runs that count, by their ids. */
  readonly open: ReadonlyMap<string, Counts>;
  /** Of these and of its ended runs. */
  readonly counts: Counts;
  /** Until when its runs that wait are not opened: the task cools down, or a module of an open run does. 0: they are. */
  readonly coolsUntilMs: number;
}

/** The named task of a run; undefined for a run that is a task of its own. */
export function taskOf({ runId, taskId, account }: RunOfTask): TaskKey | undefined {
  return taskId === runId ? undefined : { account, name: taskId };
}

export class Tasks {
  readonly #deps: TasksDeps;
  readonly #looks = new RecentMap<string, { readonly atMs: number; readonly look: Promise<TaskLook | undefined> }>(
    MAX_KEPT,
  );

  constructor(deps: TasksDeps) {
    this.#deps = deps;
  }

  /** Why a run that was accepted may not be opened now; undefined when it may. */
  async refusal(run: RunOfTask): Promise<Refusal | undefined> {
    const key = taskOf(run);
    const task = key === undefined ? undefined : await this.#deps.store.findTask(key, 0);
    if (task === undefined) return undefined;
    if (task.mark !== undefined) {
      return {
        kind: 'terminated',
        scope: 'task',
        reason: `its task ${task.name} was terminated: ${markText(task.mark)}`,
      };
    }
    const ofOpenRuns = (await this.#look(task))?.coolsUntilMs ?? 0;
    const delayMs = Math.max(task.coolsUntilMs, ofOpenRuns) - this.#deps.clock.now();
    return delayMs > 0 ? { kind: 'cooling', delayMs } : undefined;
  }

  /** Whether the task of a run cools down, as far as was known a second ago. */
  async isCooling(run: RunOfTask): Promise<boolean> {
    const key = taskOf(run);
    return key !== undefined && ((await this.#look(key))?.coolsUntilMs ?? 0) > this.#deps.clock.now();
  }

  /**
   * What the task has counted beside this run: its ended runs, and its {@link MOST_OPEN_RUNS} newest open ones. It may be
   * {@link COUNTS_AGE_MS} old, so that a threshold may be passed by what other runs count meanwhile.
   */
  async countsBeside(run: RunOfTask): Promise<Counts> {
    const key = taskOf(run);
    if (key === undefined) return NONE;
    let look = await this.#look(key);
    const find = () => look?.task.openRuns.find(({ runId }) => runId === run.runId);
    // Counts from before the run was opened may be from before a lift.
    const isOlder = find() === undefined && (look?.task.openRuns.length ?? 0) < MOST_OPEN_RUNS;
    if (isOlder) look = await this.#look(key, true);
    // A run from before the last lift is judged alone.
    if (look === undefined || find()?.isCounted === false) return NONE;
    const own = look.open.get(run.runId) ?? NONE;
    return { executions: look.counts.executions - own.executions, errors: look.counts.errors - own.errors };
  }

  /**
   * Marks the task of a run that its threshold has ended, and ends its other open runs; called behind the decision, and again
   * before the end of the run is written. If the process dies in between, {@link endRuns} ends them.
   */
  async tripped(run: RunOfTask): Promise<void> {
    const key = taskOf(run);
    if (key === undefined) return;
    const snapshot = await this.#deps.coordinator.findRun(run.runId);
    // A replay may have lifted the mark since, and an operator have set another.
    if (snapshot?.mark !== 'terminated' || !isThreshold(snapshot.reason)) return;
    const { runId } = run;
    await this.mark(key, { by: 'threshold', reason: snapshot.reason, atMs: this.#deps.clock.now(), runId });
  }

  /** Marks a task, and ends its open runs. Returns false when it is unknown or marked already. */
  async mark(key: TaskKey, mark: TaskMark): Promise<boolean> {
    const { store, metrics, log } = this.#deps;
    const isNew = await store.markTask(key, mark);
    if (isNew) {
      metrics
        .counter(METRICS.tasksTerminated)
        .with({ by: mark.by === 'threshold' ? 'threshold' : 'operator' })
        .add();
      const { by, reason, runId } = mark;
      const of = { task_id: key.name, account: key.account, ...(runId === '' ? {} : { run_id: runId }) };
      log.warn('a task was terminated; new runs of it are refused until it is lifted', { ...of, by, reason });
    }
    const task = await store.findTask(key, MOST_OPEN_RUNS);
    if (task !== undefined) await this.#endRunsOf(task);
    return isNew;
  }

  /** Ends open runs of marked tasks: those that were being opened meanwhile, or that a process which died has left. */
  async endRuns(signal: AbortSignal): Promise<void> {
    for (const task of await this.#deps.store.listEndingTasks(MAX_ENDING, MOST_OPEN_RUNS)) {
      if (signal.aborted) return;
      await this.#endRunsOf(task);
      if (task.openRuns.length === 0) await this.#deps.store.endedTask(task);
    }
  }

  async #endRunsOf({ name, mark, openRuns }: TaskRecord): Promise<void> {
    if (mark === undefined) return;
    const reason = `its task ${name} was terminated: ${markText(mark)}`;
    // The run that has reached the threshold is marked already; nothing changes for it.
    for (const { runId } of openRuns) await this.#deps.coordinator.terminateMark({ runId, reason });
  }

  /** As it was at most {@link COUNTS_AGE_MS} ago. */
  #look(key: TaskKey, isFresh = false): Promise<TaskLook | undefined> {
    const nowMs = this.#deps.clock.now();
    const id = JSON.stringify([key.account, key.name]);
    const kept = this.#looks.get(id);
    if (!isFresh && kept !== undefined && nowMs - kept.atMs < COUNTS_AGE_MS) return kept.look;
    const look = lookAtTask(this.#deps, key);
    this.#looks.set(id, { atMs: nowMs, look });
    look.catch(() => this.#looks.delete(id));
    return look;
  }
}

/** Reads a task with its open runs; undefined when it is unknown. */
export async function lookAtTask(
  {
    store,
    coordinator,
  }: { readonly store: Pick<Store, 'findTask'>; readonly coordinator: Pick<Coordinator, 'findRun'> },
  key: TaskKey,
): Promise<TaskLook | undefined> {
  const task = await store.findTask(key, MOST_OPEN_RUNS);
  if (task === undefined) return undefined;
  const open = new Map<string, Counts>();
  let { executions, errors } = task.counts;
  let { coolsUntilMs } = task;
  const counted = task.openRuns.filter(({ isCounted }) => isCounted);
  const snapshots = await Promise.all(counted.map(({ runId }) => coordinator.findRun(runId)));
  for (const [at, snapshot] of snapshots.entries()) {
    const { runId } = counted[at]!;
    const counts = countsOf(snapshot);
    open.set(runId, counts);
    executions += counts.executions;
    errors += counts.errors;
    for (const { cooldownUntilMs = 0 } of snapshot?.modules ?? [])
      coolsUntilMs = Math.max(coolsUntilMs, cooldownUntilMs);
  }
  return { task, open, counts: { executions, errors }, coolsUntilMs };
}

/** The named task of a run that waits to be opened, as `explain` tells it. */
export async function taskAwaited(
  deps: Parameters<typeof lookAtTask>[0],
  run: RunOfTask & Pick<RunRecord, 'state'>,
): Promise<Pick<TaskRecord, 'name' | 'mark' | 'coolsUntilMs'> | undefined> {
  const key = run.state === 'accepted' ? taskOf(run) : undefined;
  const look = key === undefined ? undefined : await lookAtTask(deps, key);
  return look === undefined ? undefined : { ...look.task, coolsUntilMs: look.coolsUntilMs };
}

/** What a run has counted so far, since its last replay. */
export function countsOf(snapshot: Pick<RunSnapshot, 'modules'> | undefined): Counts {
  let [executions, errors] = [0, 0];
  for (const module of snapshot?.modules ?? []) {
    executions += module.executions;
    errors += module.errors;
  }
  return { executions, errors };
}

/** Throws `submit.task_terminated` when the task of a run is marked. */
export async function requireUnmarked(store: Pick<Store, 'findTask'>, run: RunOfTask): Promise<void> {
  const key = taskOf(run);
  const task = key === undefined ? undefined : await store.findTask(key, 0);
  if (task?.mark !== undefined) throw taskTerminated(task);
}

/** `submit.task_terminated`: a new run of a marked task. */
export function taskTerminated({ account, name, mark }: TaskRecord): CatenaError {
  const why = mark === undefined ? '' : `: ${markText(mark)}`;
  const lift = commandText('catena', ['task', 'lift', name, ...(account === 'default' ? [] : ['--account', account])]);
  return new CatenaError('submit.task_terminated', `the task ${name} of ${account} was terminated${why}`, {
    data: { account, task: name, ...(mark === undefined ? {} : { by: mark.by, reason: mark.reason, atMs: mark.atMs }) },
    remedy: `mend what made it fail, then let its runs begin again with \`${lift}\``,
  });
}
