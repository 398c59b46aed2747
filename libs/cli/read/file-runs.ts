/** The runs of a database file, read while another process may be writing it. */
import type { Clock } from '../../clock/clock.ts';
import { isFailure } from '../../coordination/protocol/node.ts';
import { explainRun } from '../../explain/explain.ts';
import { readOverview } from '../../explain/overview.ts';
import { readNodes } from '../../explain/read-nodes.ts';
import { readOtherRuns } from '../../explain/turns.ts';
import { deadNodes, hasDead, timeline } from '../../stage/run/close-run.ts';
import { failuresSoFar, toDeadLetter } from '../../stage/run/run-failures.ts';
import { lookAtTask, MOST_OPEN_RUNS, taskAwaited } from '../../stage/run/tasks.ts';
import type { DeadLetter, RunRecord, StoredEvent, StoredItem, TaskRecord } from '../../store/port.ts';
import { findRun } from './find-run.ts';
import type { Reader } from './open-reader.ts';
import type { Explanation, ItemSelection, RunSource, ShownTask } from './run-source.ts';

const BATCH_ROWS = 1_000;

export function fileRuns(reader: Reader, clock: Clock): RunSource {
  const { store, coordinator, readCost } = reader;
  return {
    findRun: async (reference) => withoutOldEnd(await findRun(store, reference)),
    listRuns: async (limit, task) => {
      const ofTask = task === undefined ? {} : { account: task.account, taskId: task.name };
      return (await store.listRuns({ limit, ...ofTask })).map(withoutOldEnd);
    },
    task: async (key) => {
      const look = await lookAtTask(reader, key);
      if (look === undefined) return undefined;
      return { ...toShown(look.task), counts: look.counts, coolsUntilMs: look.coolsUntilMs };
    },
    tasks: async (query) => (await store.listTasks(query, MOST_OPEN_RUNS)).map(toShown),
    look: async (record) => ({
      record,
      snapshot: await coordinator.findRun(record.runId),
      items: record.end?.items ?? (await store.countItems(record.runId)),
      cost: record.end === undefined ? await readCost(record.runId) : record.end.cost,
    }),
    items: (run, selection) => itemBatches(reader, run, selection),
    deadLetters: (run) => letters(reader, run),
    timeline: (run) => readTimeline(reader, run),
    explain: (run) => explain(reader, run, clock.now()),
    // Limits and breakers are in the memory of the process that works on the file.
    overview: () =>
      readOverview({
        ...{ store, coordinator, processes: undefined, backends: () => [], nowMs: clock.now() },
        limits: async () => [],
        breakers: async () => [],
      }),
  };
}

/** A run that a replay has reopened still has its earlier end. */
function withoutOldEnd(run: RunRecord): RunRecord {
  return run.state === 'closed' ? run : { ...run, end: undefined };
}

async function* itemBatches(
  { store }: Reader,
  { runId }: RunRecord,
  { type, withReplaced = false }: ItemSelection,
): AsyncGenerator<readonly StoredItem[]> {
  let afterSeq = 0;
  for (;;) {
    const query = { runId, afterSeq, limit: BATCH_ROWS, withReplaced, ...(type === undefined ? {} : { type }) };
    const items = await store.readItems(query);
    if (items.length > 0) yield items;
    if (items.length < BATCH_ROWS) return;
    afterSeq = items.at(-1)!.seq;
  }
}

function toShown(task: TaskRecord): ShownTask {
  return { ...task, openRuns: task.openRuns.map(({ runId }) => runId) };
}

/** Dead letters are in the store when the run is closed; until then the coordinator has the dead nodes. */
async function* letters({ store, coordinator }: Reader, { runId, state }: RunRecord): AsyncGenerator<DeadLetter> {
  if (state === 'closed') {
    yield* await store.listDeadLetters(runId);
    return;
  }
  if (!(await hasDead(coordinator, runId))) return;
  for await (const node of deadNodes(coordinator, runId)) {
    if (isFailure(node.deathReason)) yield toDeadLetter(node);
  }
}

async function readTimeline({ store, coordinator }: Reader, { runId, state }: RunRecord): Promise<StoredEvent[]> {
  if (state === 'closed') return [...(await store.listEvents(runId))];
  const events: StoredEvent[] = [];
  for await (const event of timeline(coordinator, runId)) events.push(event);
  return events;
}

async function explain(
  { store, coordinator, longCalls }: Reader,
  record: RunRecord,
  nowMs: number,
): Promise<Explanation> {
  const snapshot = await coordinator.findRun(record.runId);
  const { open, dead, isSampled } = await readNodes(coordinator, record, snapshot);
  const calls = longCalls(nowMs);
  return {
    reasons: explainRun({
      ...{ record, snapshot, nodes: open, limits: [], nowMs },
      failures: failuresSoFar([...open, ...dead]),
      others: await readOtherRuns(store, record),
      task: await taskAwaited({ store, coordinator }, record),
      calls: calls === undefined ? [] : [{ ...calls, process: '' }],
    }),
    sampled: isSampled,
  };
}
