/** Finds the run of a task at a server, or submits a new one. */
import { randomUUID } from 'node:crypto';
import type { ModuleDescription, Run } from '../../contracts/services.ts';
import { RunState } from '../../contracts/services.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { fingerprintOf, type TaskSubmission } from '../../stage/run/submit.ts';
import type { IngressCalls } from './connect.ts';
import { requireRun } from './run-message.ts';

/** The fingerprint in a submission, by which runs of the same work are recognised. */
export const WORK_KEY = 'cli.work';

export interface BegunRun {
  readonly run: Run;
  /** Whether it existed before. */
  readonly isOld: boolean;
  /** The unfinished run of the same work that was cancelled for it. */
  readonly cancelled: string | undefined;
}

export interface BeginOptions {
  readonly isFresh: boolean;
  /** Called before an unfinished run is cancelled and a new one is submitted; what it throws prevents both. */
  readonly beforeNew?: (() => Promise<void>) | undefined;
}

/** Throws `cli.module_not_served` if the server does not serve the module. */
export async function requireModule(calls: IngressCalls, moduleId: string): Promise<void> {
  const { modules } = await calls.listModules({});
  if (!modules.some((module) => module.moduleId === moduleId)) throw notServed(moduleId, modules);
}

function notServed(moduleId: string, modules: readonly ModuleDescription[]): CatenaError {
  const name = moduleId.split('@')[0];
  const versions = modules.filter((module) => module.name === name).map((module) => module.moduleId);
  const others = versions.length === 0 ? '' : `; it has ${versions.join(', ')}`;
  return new CatenaError('cli.module_not_served', `the server has no module ${moduleId}${others}`, {
    data: { module: moduleId, served: modules.map((module) => module.moduleId) },
    remedy: 'name its file in the setting modules.files of every service and restart them',
  });
}

/**
 * Returns the newest run of the same work. With `--fresh` it cancels an unfinished one and submits a new run. A submission
 * carries a hash of the work as its key, so that a repeated command or a lost response never creates a second run.
 */
export async function beginRun(
  calls: IngressCalls,
  task: TaskSubmission,
  { isFresh, beforeNew }: BeginOptions,
): Promise<BegunRun> {
  const work = fingerprintOf(task);
  const same = await findSame(calls, task, work);
  if (same !== undefined && !isFresh) return { run: same, isOld: true, cancelled: undefined };
  await beforeNew?.();
  const isUnfinished = same !== undefined && same.state !== RunState.CLOSED;
  if (isUnfinished) await calls.cancelRun({ runId: same.runId });
  const run = await submit(calls, task, work, isFresh ? `cli:${work}:${randomUUID()}` : `cli:${work}`);
  // The key may belong to an old run that is no longer among the newest ones.
  const isOld = !isFresh && run.state !== RunState.ACCEPTED;
  return { run, isOld, cancelled: isUnfinished ? same.runId : undefined };
}

/** How many of a module's newest runs are searched; an older run is found by the key of its submission. */
const NEWEST_RUNS = 200;

async function findSame(calls: IngressCalls, { modules, account }: TaskSubmission, work: string) {
  const { runs } = await calls.listRuns({ account, module: modules[0]!, pageSize: NEWEST_RUNS });
  return runs.find(({ metadata }) => metadata[WORK_KEY] === work);
}

async function submit(calls: IngressCalls, task: TaskSubmission, work: string, idempotencyKey: string): Promise<Run> {
  const { modules, input, account, platform, deadlineMs = 0, costCap = 0, caps, metadata, task: taskId = '' } = task;
  const request = {
    ...{ modules: [...modules], account, platform, taskId, deadlineMs, costCap, caps, idempotencyKey },
    input: Buffer.from(JSON.stringify(input)),
    metadata: { ...metadata, [WORK_KEY]: work },
  };
  return requireRun(await calls.submitTask(request));
}
