/** The run of a task at a server: the one that is there already, or a new one. */
import { randomUUID } from 'node:crypto';
import type { ModuleDescription, Run } from '../../contracts/services.ts';
import { RunState } from '../../contracts/services.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { fingerprintOf, type TaskSubmission } from '../../stage/run/submit.ts';
import type { IngressCalls } from './connect.ts';
import { requireRun } from './run-message.ts';

/** What makes runs of a server the same work: the fingerprint that their submission was given. */
export const WORK_KEY = 'cli.work';

export interface BegunRun {
  readonly run: Run;
  /** Whether it was there before. */
  readonly isOld: boolean;
  /** The unfinished run of the same work that was cancelled for it. */
  readonly cancelled: string | undefined;
}

/** Throws `cli.module_not_served` with what to do about it. */
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
    remedy: 'name its file in the setting modules.files of every service and start them again',
  });
}

/**
 * The newest run of the same work, unless a fresh one is wanted; the unfinished one is cancelled then. A submission carries
 * a key made of the work, so that giving the same command twice, or losing the answer, never makes a second run.
 */
export async function beginRun(calls: IngressCalls, task: TaskSubmission, isFresh: boolean): Promise<BegunRun> {
  const work = fingerprintOf(task);
  const same = await findSame(calls, task, work);
  if (same !== undefined && !isFresh) return { run: same, isOld: true, cancelled: undefined };
  const isUnfinished = same !== undefined && same.state !== RunState.CLOSED;
  if (isUnfinished) await calls.cancelRun({ runId: same.runId });
  const run = await submit(calls, task, work, isFresh ? `cli:${work}:${randomUUID()}` : `cli:${work}`);
  // The key may have been given long ago, to a run that is not among the newest any more.
  const isOld = !isFresh && run.state !== RunState.ACCEPTED;
  return { run, isOld, cancelled: isUnfinished ? same.runId : undefined };
}

/** Of so many newest runs of a module the one of this work is found; an older one by the key of its submission. */
const NEWEST_RUNS = 200;

async function findSame(calls: IngressCalls, { modules, account }: TaskSubmission, work: string) {
  const { runs } = await calls.listRuns({ account, module: modules[0]!, pageSize: NEWEST_RUNS });
  return runs.find(({ metadata }) => metadata[WORK_KEY] === work);
}

async function submit(calls: IngressCalls, task: TaskSubmission, work: string, idempotencyKey: string): Promise<Run> {
  const { modules, input, account, platform, deadlineMs = 0, costCap = 0, metadata } = task;
  const request = {
    ...{ modules: [...modules], account, platform, deadlineMs, costCap, idempotencyKey },
    input: Buffer.from(JSON.stringify(input)),
    metadata: { ...metadata, [WORK_KEY]: work },
  };
  return requireRun(await calls.submitTask(request));
}
