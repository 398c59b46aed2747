/** Named tasks: what their runs have counted, and whether new ones may begin. */
import { currentCaller } from '../../../libs/callers/current-caller.ts';
import { identifierFault, MAX_REASON_CHARS, requireNone, textFault } from '../../../libs/contracts/request-check.ts';
import {
  type ListTasksRequest,
  type ListTasksResponse,
  Task,
  type TerminateTaskRequest,
} from '../../../libs/contracts/services.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { lookAtTask, MOST_OPEN_RUNS } from '../../../libs/stage/run/tasks.ts';
import type { TaskKey, TaskRecord } from '../../../libs/store/port.ts';
import { audit } from '../../../libs/telemetry/audit.ts';
import type { IngressApiDeps } from './deps.ts';
import { fitting, pageSize } from './pages.ts';
import { foreignToken } from './runs.ts';

interface TaskRequest {
  readonly account: string;
  readonly taskId: string;
}

export async function getTask(deps: IngressApiDeps, request: TaskRequest): Promise<Task> {
  const look = await lookAtTask(deps, requireKey(request));
  if (look === undefined) throw unknownTask(request);
  return { ...toMessage(look.task), ...look.counts, coolsUntilMs: look.coolsUntilMs };
}

/** With the counts of ended runs: those of open ones would be a read of the coordinator each. */
export async function listTasks({ store }: IngressApiDeps, request: ListTasksRequest): Promise<ListTasksResponse> {
  const size = pageSize(request);
  const { account, marked: isMarked, pageToken } = request;
  requireNone([identifierFault('account', account, { mayBeEmpty: true })]);
  const query = {
    limit: size + 1,
    isMarked,
    ...(account === '' ? {} : { account }),
    ...(pageToken === '' ? {} : { after: readToken(pageToken) }),
  };
  const found = (await store.listTasks(query, MOST_OPEN_RUNS)).map(toMessage);
  const tasks = found.slice(0, size);
  const page = tasks.slice(
    0,
    fitting(tasks, (task) => Task.encode(task).finish().length),
  );
  return { tasks: page, nextPageToken: page.length < found.length ? tokenOf(page.at(-1)!) : '' };
}

function toMessage({ account, name: taskId, counts, mark, coolsUntilMs, openRuns }: TaskRecord): Task {
  return { account, taskId, ...counts, mark, coolsUntilMs, openRuns: openRuns.map(({ runId }) => runId) };
}

/** The place behind a task: no account and no name has a line break. */
function tokenOf({ account, taskId }: Task): string {
  return `${account}\n${taskId}`;
}

function readToken(token: string): TaskKey {
  const [account, name, ...more] = token.split('\n');
  if (account === undefined || name === undefined || more.length > 0) throw foreignToken();
  return { account, name };
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
    reason === undefined ? undefined : textFault('reason', reason, MAX_REASON_CHARS),
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
