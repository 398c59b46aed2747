import type { SqliteDatabase } from '../../sqlite/database.ts';
import { listTasksStatement } from '../list-tasks.ts';
import type { Store, TaskCount, TaskKey, TaskMark, TaskQuery, TaskRecord } from '../port.ts';
import { withRunCounted } from '../task-count.ts';

type Row = Record<string, unknown>;

type TaskMethods = Pick<Store, 'findTask' | 'listTasks' | 'markTask' | 'liftTask' | 'listEndingTasks' | 'endedTask'>;

/** Named tasks: what their runs have counted, and whether new ones may begin. */
export class Tasks implements TaskMethods {
  readonly #db: SqliteDatabase;
  readonly #sql: ReturnType<typeof statements>;
  readonly #lists = new Map<string, ReturnType<SqliteDatabase['prepare']>>();

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#sql = statements(db);
  }

  async findTask({ account, name }: TaskKey, openRuns: number): Promise<TaskRecord | undefined> {
    return this.#db.read(() => {
      const row = this.#sql.find.get(account, name) as Row | undefined;
      return row === undefined ? undefined : this.#toTask(row, openRuns);
    });
  }

  async listTasks(query: TaskQuery, openRuns: number): Promise<readonly TaskRecord[]> {
    const { text, values } = listTasksStatement(query, '?', () => 't.*');
    const list = this.#lists.get(text) ?? this.#db.prepare(text);
    this.#lists.set(text, list);
    return this.#db.read(() => (list.all(...values) as Row[]).map((row) => this.#toTask(row, openRuns)));
  }

  markTask({ account, name }: TaskKey, mark: TaskMark): Promise<boolean> {
    return this.#db.write(() => this.#sql.mark.get(JSON.stringify(mark), account, name, mark.runId) !== undefined);
  }

  liftTask({ account, name }: TaskKey): Promise<boolean> {
    return this.#db.write(() => this.#sql.lift.get(account, name) !== undefined);
  }

  async listEndingTasks(limit: number, openRuns: number): Promise<readonly TaskRecord[]> {
    return this.#db.read(() => (this.#sql.ending.all(limit) as Row[]).map((row) => this.#toTask(row, openRuns)));
  }

  endedTask({ account, name }: TaskKey): Promise<void> {
    return this.#db.write(() => void this.#sql.ended.run(account, name));
  }

  /** Whether the task is marked. Call this, and what follows, inside a transaction. */
  isMarked(account: string, name: string): boolean {
    const row = this.#sql.find.get(account, name) as Row | undefined;
    return row !== undefined && row.mark !== '';
  }

  /** A run of the task was accepted. */
  add(account: string, name: string): void {
    this.#sql.add.run(account, name);
  }

  /** A run is about to be open: what an earlier end of it has counted is taken back. */
  beforeOpen(runId: string): void {
    const run = this.#sql.run.get(runId) as Row | undefined;
    if (run === undefined || run.task_id === runId || run.state === 'open') return;
    const {
      account,
      task_id: name,
      task_lifts: lifts,
    } = run as { account: string; task_id: string; task_lifts: number };
    this.#sql.takeBack.run(run.counted_executions as number, run.counted_errors as number, account, name, lifts);
    this.#sql.raiseEnding.run(account, name);
    this.#sql.begin.run(account, name, runId);
  }

  /** A run has ended. */
  count(runNo: number, count: TaskCount): void {
    const run = this.#sql.runByNo.get(runNo) as Row;
    if (run.task_id === run.run_id) return;
    const [account, name] = [run.account as string, run.task_id as string];
    const task = this.#sql.find.get(account, name) as Row | undefined;
    if (task === undefined || task.lifts !== run.task_lifts) return;
    const before = { executions: run.counted_executions as number, errors: run.counted_errors as number };
    const tally = withRunCounted(
      {
        executions: task.executions as number,
        errors: task.errors as number,
        streak: task.error_streak as number,
        coolsUntilMs: task.cools_until as number,
      },
      before,
      count,
    );
    const { executions, errors, streak, coolsUntilMs } = tally;
    this.#sql.save.run(executions, errors, streak, coolsUntilMs, account, name);
    this.#sql.counted.run(count.executions, count.errors, runNo);
  }

  #toTask(row: Row, openRuns: number): TaskRecord {
    const [account, name] = [row.account as string, row.name as string];
    return {
      account,
      name,
      counts: { executions: row.executions as number, errors: row.errors as number },
      mark: readMark(row),
      coolsUntilMs: row.cools_until as number,
      openRuns: (this.#sql.open.all(account, name, openRuns) as Row[]).map(({ run_id: runId, task_lifts: lifts }) => {
        return { runId: runId as string, isCounted: lifts === row.lifts };
      }),
    };
  }
}

function readMark({ mark }: Row): TaskMark | undefined {
  return mark === '' ? undefined : (JSON.parse(mark as string) as TaskMark);
}

function statements(db: SqliteDatabase) {
  return {
    find: db.prepare('SELECT * FROM tasks WHERE account = ? AND name = ?'),
    open: db.prepare(
      `SELECT run_id, task_lifts FROM runs WHERE account = ? AND task_id = ? AND state = 'open' AND task_id <> run_id
       ORDER BY accepted_at DESC, no DESC LIMIT ?`,
    ),
    add: db.prepare('INSERT INTO tasks (account, name) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    mark: db.prepare(
      `UPDATE tasks SET mark = ?1, ending = 1 WHERE account = ?2 AND name = ?3 AND mark = ''
         AND (?4 = '' OR lifts = (SELECT task_lifts FROM runs WHERE run_id = ?4)) RETURNING name`,
    ),
    lift: db.prepare(
      `UPDATE tasks SET mark = '', ending = 0, executions = 0, errors = 0, error_streak = 0, cools_until = 0,
         lifts = lifts + 1 WHERE account = ? AND name = ? AND (mark <> '' OR cools_until > 0 OR executions > 0
           OR EXISTS (SELECT 1 FROM runs r WHERE r.account = tasks.account AND r.task_id = tasks.name AND r.state = 'open'
             AND r.task_id <> r.run_id AND r.task_lifts = tasks.lifts)) RETURNING name`,
    ),
    // No account and no name is empty: with a place to begin at, the index is searched.
    ending: db.prepare(
      `SELECT * FROM tasks WHERE ending = 1 AND (account, name) > ('', '') ORDER BY account, name LIMIT ?`,
    ),
    ended: db.prepare(
      `UPDATE tasks SET ending = 0 WHERE account = ?1 AND name = ?2 AND NOT EXISTS (SELECT 1 FROM runs
         WHERE account = ?1 AND task_id = ?2 AND state = 'open' AND task_id <> run_id)`,
    ),
    run: db.prepare('SELECT * FROM runs WHERE run_id = ?'),
    runByNo: db.prepare('SELECT * FROM runs WHERE no = ?'),
    takeBack: db.prepare(
      `UPDATE tasks SET executions = executions - ?, errors = errors - ? WHERE account = ? AND name = ? AND lifts = ?`,
    ),
    raiseEnding: db.prepare(`UPDATE tasks SET ending = 1 WHERE account = ? AND name = ? AND mark <> ''`),
    begin: db.prepare(
      `UPDATE runs SET counted_executions = 0, counted_errors = 0,
         task_lifts = coalesce((SELECT lifts FROM tasks WHERE account = ? AND name = ?), 0) WHERE run_id = ?`,
    ),
    save: db.prepare(
      'UPDATE tasks SET executions = ?, errors = ?, error_streak = ?, cools_until = ? WHERE account = ? AND name = ?',
    ),
    counted: db.prepare('UPDATE runs SET counted_executions = ?, counted_errors = ? WHERE no = ?'),
  };
}
