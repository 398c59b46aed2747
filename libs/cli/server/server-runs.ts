/** The runs of a server, for the reading commands. */
import type { PriorityClass } from '../../contracts/priority.ts';
import type { DeadLetter as DeadLetterMessage, GetOverviewResponse, Item, Task } from '../../contracts/services.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { OpenBreaker, Overview, Wait } from '../../explain/overview.ts';
import type { DeadLetter, RunRecord, StoredItem, TaskKey, TaskQuery } from '../../store/port.ts';
import { ITEM_TYPES_KEY, namesIn, STEPS_KEY } from '../read/failed-nodes.ts';
import type { RunSource, ShownTask } from '../read/run-source.ts';
import type { IngressCalls } from './connect.ts';
import { findServerRun } from './find-run.ts';
import { requireRun, toLook, toRecord } from './run-message.ts';

export function serverRuns(calls: IngressCalls): RunSource {
  return {
    findRun: async (reference) => withNames(calls, toRecord(await findServerRun(calls, reference))),
    listRuns: (limit, task) => listRuns(calls, limit, task),
    task: (key) => findTask(calls, key),
    tasks: (query) => listTasks(calls, query),
    look: async ({ runId, metadata }) => {
      const look = toLook(requireRun(await calls.getRun({ runId })));
      return { ...look, record: { ...look.record, metadata } };
    },
    async *items({ runId }, { type = '', withReplaced = false }) {
      for await (const { items } of calls.listItems({ runId, type, withReplaced })) yield items.map(toItem);
    },
    deadLetters: ({ runId }) => readDeadLetters(calls, runId),
    timeline: async () => [],
    overview: async () => toOverview(await calls.getOverview({})),
    explain: async ({ runId }) => {
      const { reasons, sampled } = await calls.explainRun({ runId });
      return {
        reasons: reasons.map(({ failure, ...reason }) => (failure === undefined ? reason : { ...reason, failure })),
        sampled,
      };
    },
  };
}

function toOverview({ runs, hosts, breakers, away, sampled, ...seen }: GetOverviewResponse): Overview {
  return {
    ...seen,
    runs: runs.map(({ paused, ...run }) => ({
      ...run,
      isPaused: paused,
      priorityClass: run.priorityClass as PriorityClass,
    })),
    waits: seen.waits.map(({ wait, nodes }) => ({ wait: wait as Wait, nodes })),
    hosts: hosts.map(({ nextAtMs, ...host }) => ({ ...host, nextAtMs: nextAtMs === 0 ? undefined : nextAtMs })),
    breakers: breakers.map(({ key, state, trialAtMs }) => {
      return { key, state: state as OpenBreaker['state'], trialAtMs: trialAtMs === 0 ? undefined : trialAtMs };
    }),
    backends: away.map((backend) => ({ ...backend, isReady: false })),
    isSampled: sampled,
  };
}

const PAGE_ROWS = 500;

async function listRuns(calls: IngressCalls, limit: number, task?: TaskKey): Promise<readonly RunRecord[]> {
  const ofTask = task === undefined ? {} : { account: task.account, taskId: task.name };
  const found: RunRecord[] = [];
  for (let pageToken = ''; found.length < limit; ) {
    const page = await calls.listRuns({ pageSize: Math.min(PAGE_ROWS, limit - found.length), pageToken, ...ofTask });
    found.push(...page.runs.map(toRecord));
    if (page.nextPageToken === '') break;
    pageToken = page.nextPageToken;
  }
  return found;
}

async function findTask(calls: IngressCalls, { account, name }: TaskKey): Promise<ShownTask | undefined> {
  try {
    const { task } = await calls.getTask({ account, taskId: name });
    return task === undefined ? undefined : toShown(task);
  } catch (thrown) {
    if (thrown instanceof CatenaError && thrown.code === 'api.unknown_task') return undefined;
    throw thrown;
  }
}

async function listTasks(
  calls: IngressCalls,
  { limit, account = '', isMarked: marked = false }: TaskQuery,
): Promise<readonly ShownTask[]> {
  const found: ShownTask[] = [];
  for (let pageToken = ''; found.length < limit; ) {
    const pageSize = Math.min(PAGE_ROWS, limit - found.length);
    const page = await calls.listTasks({ account, marked, pageSize, pageToken });
    found.push(...page.tasks.map(toShown));
    if (page.nextPageToken === '') break;
    pageToken = page.nextPageToken;
  }
  return found;
}

function toShown({ account, taskId: name, executions, errors, mark, coolsUntilMs, openRuns }: Task): ShownTask {
  return { account, name, counts: { executions, errors }, mark, coolsUntilMs, openRuns };
}

/** Every dead letter of a run, page by page. */
export async function* readDeadLetters(calls: IngressCalls, runId: string): AsyncGenerator<DeadLetter> {
  for (let pageToken = ''; ; ) {
    const page = await calls.listDeadLetters({ runId, pageSize: 500, pageToken });
    for (const letter of page.deadLetters) yield toDeadLetter(runId, letter);
    if (page.nextPageToken === '') return;
    pageToken = page.nextPageToken;
  }
}

export function toDeadLetter(runId: string, { isRequest, body, error, ...letter }: DeadLetterMessage): DeadLetter {
  const { moduleId, nodeId, stepIdx, phase, reason, epoch, attempts, crashes } = letter;
  return {
    ...{ runId, moduleId, nodeId, stepIdx, phase, reason, epoch, attempts, crashes },
    kind: isRequest ? 'request' : 'hop',
    body: body.toString(),
    error: error.toString(),
  };
}

export function toItem({ seq, moduleId, type, data, revision }: Item): StoredItem {
  // A server of an earlier release sends none.
  return { seq, moduleId, type, data: data.toString(), revision: Math.max(1, revision) };
}

/** The names of steps and items: from the submission, else from the server's modules. */
async function withNames(calls: IngressCalls, run: RunRecord): Promise<RunRecord> {
  if (namesIn(run, STEPS_KEY).length > 0) return run;
  const { modules } = await calls.listModules({});
  const own = modules.filter(({ moduleId }) => run.modules.includes(moduleId));
  const steps = own.length === 1 ? own[0]!.steps.map(({ name }) => name) : [];
  const itemTypes = [...new Set(own.flatMap((module) => module.itemTypes))];
  const names = { [STEPS_KEY]: JSON.stringify(steps), [ITEM_TYPES_KEY]: JSON.stringify(itemTypes) };
  return { ...run, metadata: { ...run.metadata, ...names } };
}
