import { hash } from 'node:crypto';
import { listTasksStatement } from '../list-tasks.ts';
import type { OpenRun, Store, TaskCount, TaskKey, TaskMark, TaskRecord } from '../port.ts';
import { withRunCounted } from '../task-count.ts';
import type { PostgresDatabase, Query, Row, Statement } from './database.ts';

type TaskMethods = Pick<Store, 'findTask' | 'listTasks' | 'markTask' | 'liftTask' | 'listEndingTasks' | 'endedTask'>;

/** Named tasks: what their runs have counted, and whether new ones may begin. */
export function tasksIn(db: PostgresDatabase): TaskMethods {
  const { query } = db;
  return {
    findTask: async ({ account, name }, atMost) => {
      const [row] = await query(FIND, [account, name, atMost]);
      return row === undefined ? undefined : toTask(row);
    },
    listTasks: async (filter, atMost) => {
      const { text, values } = listTasksStatement(filter, '$', (add) => `t.*, ${openRuns(add(atMost))}`);
      return (await query({ name: `list_tasks_${hash('md5', text)}`, text }, values)).map(toTask);
    },
    markTask: async ({ account, name }, mark) =>
      (await query(MARK, [account, name, JSON.stringify(mark), mark.runId])).length > 0,
    liftTask: async ({ account, name }) => (await query(LIFT, [account, name])).length > 0,
    listEndingTasks: async (limit, atMost) => (await query(LIST_ENDING, [limit, atMost])).map(toTask),
    // The lock comes first, so that the second statement sees a run that is being opened meanwhile.
    endedTask: ({ account, name }: TaskKey) =>
      db.transaction(async (inTransaction) => {
        await inTransaction(LOCK, [account, name]);
        await inTransaction(ENDED, [account, name]);
      }),
  };
}

/** The run that has ended, as {@link END} of its closing returns it. */
export interface EndedRun {
  readonly no: number;
  readonly account: string;
  readonly task_id: string;
  readonly task_lifts: number;
  readonly counted_executions: number;
  readonly counted_errors: number;
}

/** Counts the end of a run for its task, in the transaction that has written it: the run's row is locked until then. */
export async function countRun(query: Query, run: EndedRun, count: TaskCount): Promise<void> {
  const [task] = await query(LOCK, [run.account, run.task_id]);
  if (task === undefined || task.lifts !== run.task_lifts) return;
  const tally = withRunCounted(
    {
      executions: task.executions as number,
      errors: task.errors as number,
      streak: task.error_streak as number,
      coolsUntilMs: task.cools_until as number,
    },
    { executions: run.counted_executions, errors: run.counted_errors },
    count,
  );
  const { executions, errors, streak, coolsUntilMs } = tally;
  await query(SAVE, [run.account, run.task_id, executions, errors, streak, coolsUntilMs]);
  await query(COUNTED, [run.no, count.executions, count.errors]);
}

function toTask(row: Row): TaskRecord {
  return {
    account: row.account as string,
    name: row.name as string,
    counts: { executions: row.executions as number, errors: row.errors as number },
    mark: readMark(row),
    coolsUntilMs: row.cools_until as number,
    openRuns: row.open_runs as OpenRun[],
  };
}

function readMark({ mark }: Row): TaskMark | undefined {
  return mark === '' ? undefined : (JSON.parse(mark as string) as TaskMark);
}

/** The task and its open runs are read in one statement, so that no run is missing or counted twice while it ends. */
const openRuns = (limit: string) => `ARRAY(
    SELECT json_build_object('runId', r.run_id, 'isCounted', r.task_lifts = t.lifts) FROM runs r
    WHERE r.account = t.account AND r.task_id = t.name AND r.state = 'open'
      AND r.task_id <> r.run_id ORDER BY r.accepted_at DESC, r.no DESC LIMIT ${limit}) AS open_runs`;

const FIND: Statement = {
  name: 'find_task',
  text: `SELECT t.*, ${openRuns('$3')} FROM tasks t WHERE t.account = $1 AND t.name = $2`,
};

const MARK: Statement = {
  name: 'mark_task',
  text: `UPDATE tasks SET mark = $3, ending = TRUE WHERE account = $1 AND name = $2 AND mark = ''
      AND ($4 = '' OR lifts = (SELECT r.task_lifts FROM runs r WHERE r.run_id = $4)) RETURNING name`,
};

const LIFT: Statement = {
  name: 'lift_task',
  text: `UPDATE tasks SET mark = '', ending = FALSE, executions = 0, errors = 0, error_streak = 0, cools_until = 0,
      lifts = lifts + 1 WHERE account = $1 AND name = $2 AND (mark <> '' OR cools_until > 0 OR executions > 0
        OR EXISTS (SELECT FROM runs r WHERE r.account = $1 AND r.task_id = $2 AND r.state = 'open'
          AND r.task_id <> r.run_id AND r.task_lifts = tasks.lifts)) RETURNING name`,
};

const LIST_ENDING: Statement = {
  name: 'list_ending_tasks',
  text: `SELECT t.*, ${openRuns('$2')} FROM tasks t WHERE t.ending ORDER BY t.account, t.name LIMIT $1`,
};

const ENDED: Statement = {
  name: 'ended_task',
  text: `UPDATE tasks t SET ending = FALSE WHERE t.account = $1 AND t.name = $2 AND NOT EXISTS (SELECT FROM runs r
      WHERE r.account = $1 AND r.task_id = $2 AND r.state = 'open' AND r.task_id <> r.run_id)`,
};

const LOCK: Statement = {
  name: 'lock_task',
  text: 'SELECT * FROM tasks WHERE account = $1 AND name = $2 FOR UPDATE',
};

const SAVE: Statement = {
  name: 'save_task',
  text: `UPDATE tasks SET executions = $3, errors = $4, error_streak = $5, cools_until = $6
    WHERE account = $1 AND name = $2`,
};

const COUNTED: Statement = {
  name: 'counted_run',
  text: 'UPDATE runs SET counted_executions = $2, counted_errors = $3 WHERE no = $1',
};
