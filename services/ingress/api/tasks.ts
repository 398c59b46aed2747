/** Named tasks: what their runs have counted, and whether new ones may begin. */
import { currentCaller } from '../../../libs/callers/current-caller.ts';
import { identifierFault, requireNone, textFault } from '../../../libs/contracts/request-check.ts';
import type { Task, TerminateTaskRequest } from '../../../libs/contracts/services.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { lookAtTask } from '../../../libs/stage/run/tasks.ts';
import type { TaskKey } from '../../../libs/store/port.ts';
import { audit } from '../../../libs/telemetry/audit.ts';
import type { IngressApiDeps } from './deps.ts';

interface TaskRequest {
  readonly account: string;
  readonly taskId: string;
}

export async function getTask(deps: IngressApiDeps, request: TaskRequest): Promise<Task> {
  const look = await lookAtTask(deps, requireKey(request));
  if (look === undefined) throw unknownTask(request);
  const { account, name: taskId, mark, openRuns } = look.task;
  return { account, taskId, ...look.counts, mark, coolsUntilMs: look.coolsUntilMs, openRuns: openRuns.map(({ runId }) => runId) };
}

/** Returns whether anything changed. */
export async function terminateTask(deps: IngressApiDeps, request: TerminateTaskRequest): Promise<boolean> {
  const { reason } = request;
  const key = requireKey(request, reason);
  await requireKnown(deps, request, key);
  const by = currentCaller() ?? 'this process';
  const changed = await deps.tasks.mark(key, { by, reason, atMs: deps.clock.now(), runId: '' });
  audit(deps.log, 'terminate_task', { task_id: key.name, account: key.account, reason, changed });
  return changed;
}

/** Returns whether anything changed. */
export async function liftTask(deps: IngressApiDeps, request: TaskRequest): Promise<boolean> {
  const key = requireKey(request);
  await requireKnown(deps, request, key);
  const changed = await deps.store.liftTask(key);
  audit(deps.log, 'lift_task', { task_id: key.name, account: key.account, changed });
  return changed;
}

function requireKey({ account, taskId }: TaskRequest, reason?: string): TaskKey {
  requireNone([
    identifierFault('account', account),
    identifierFault('task_id', taskId),
    reason === undefined ? undefined : textFault('reason', reason, 500),
  ]);
  return { account, name: taskId };
}

async function requireKnown({ store }: IngressApiDeps, request: TaskRequest, key: TaskKey): Promise<void> {
  if ((await store.findTask(key, 0)) === undefined) throw unknownTask(request);
}

function unknownTask({ account, taskId }: TaskRequest): CatenaError {
  return new CatenaError('api.unknown_task', `${account} has no task ${taskId}`, {
    data: { account, task: taskId },
    remedy: 'check account and name; a task exists from its first run on',
  });
}
