/** Which steps were told of outlives the process and its transactions, and files of before that was kept go on. */
import { expect, it, onTestFinished } from 'vitest';
import { ManualClock } from '../../../clock/clock.ts';
import { EVENTS } from '../../../contracts/events.ts';
import { SqliteDatabase } from '../../../sqlite/database.ts';
import { migrate } from '../../../sqlite/migrate.ts';
import type { NodeSeed } from '../../protocol/node.ts';
import { defaultPolicy } from '../../protocol/policy.ts';
import type { Coordinator } from '../../protocol/port.ts';
import { openSqliteCoordinator } from '../index.ts';
import { COORDINATION_MIGRATIONS } from './schema.ts';

const RUN = 'run-1';

function openFile(): SqliteDatabase {
  const db = new SqliteDatabase({ path: ':memory:' });
  onTestFinished(() => db.close());
  return db;
}

const openOn = (db: SqliteDatabase) => openSqliteCoordinator({ db, clock: new ManualClock(), policy: defaultPolicy });

const hop = (id: string, stepIdx: number): NodeSeed => ({
  ...{ id, stepIdx, kind: 'hop', phase: 0 },
  ...{ prefixRequest: '', body: '{}' },
});

function openRun(coordinator: Coordinator) {
  const phases = [{ join: { kind: 'settle' } }] as const;
  return coordinator.runOpen({ runId: RUN, modules: [{ moduleId: 'm', phases, first: [hop('a', 0), hop('b', 0)] }] });
}

/** Claims and commits; the calls of one turn stand in one transaction. */
async function finish(coordinator: Coordinator, id: string, children: readonly NodeSeed[], alongside = () => {}) {
  const node = { id, runId: RUN, moduleId: 'm', phase: 0 };
  const stage = 'module-processor';
  const claimed = await coordinator.claim({ node, epoch: 0, owner: `of-${id}`, stage, leaseMs: 30_000, alone: false });
  alongside();
  return coordinator.commitSuccess({ node, token: claimed.node!.token, children, staged: 0, wakeUps: 9 });
}

async function toldSteps(coordinator: Coordinator): Promise<unknown[]> {
  const events = await coordinator.listEvents({ runId: RUN, afterSeq: 0, limit: 100 });
  return events.filter(({ type }) => type === EVENTS.ParserTaskProduced.type).map(({ data }) => data.stepIdx);
}

/** As the rows say it: an event of the same id would not be written twice, so the timeline alone cannot show it. */
const keptSteps = (db: SqliteDatabase) => db.prepare('SELECT produced_steps AS steps FROM chain_modules').get()?.steps;

it('a process that comes after knows what was told', async () => {
  const db = openFile();
  const before = openOn(db);
  await openRun(before);
  await finish(before, 'a', [hop('c', 2), hop('d', 10)]);
  expect(keptSteps(db)).toBe('0,2,10');
  const after = openOn(db);
  await finish(after, 'b', [hop('e', 2), hop('f', 1)]);
  expect(keptSteps(db)).toBe('0,2,10,1');
  expect(await toldSteps(after)).toEqual([0, 2, 10, 1]);
});

it('a transaction that is rolled back has told nothing, and its works tell when they are tried again', async () => {
  const db = openFile();
  const coordinator = openOn(db);
  await openRun(coordinator);
  const broken: Promise<unknown>[] = [];
  const breakIt = () => {
    const work = db.write(() => {
      throw new Error('the disk said no');
    });
    broken.push(expect(work).rejects.toThrow('the disk said no'));
  };
  await finish(coordinator, 'a', [hop('c', 1)], breakIt);
  await Promise.all(broken);
  expect(keptSteps(db)).toBe('0,1');
  expect(await toldSteps(coordinator)).toEqual([0, 1]);
});

it('a file of before that was kept goes on, and tells of a step with the next hop of it', async () => {
  const db = openFile();
  migrate(db, 'coordination', COORDINATION_MIGRATIONS.slice(0, 1));
  db.exec(`INSERT INTO chain_runs (no, run_id, state) VALUES (1, '${RUN}', 'open');
    INSERT INTO chain_modules (no, run_no, module_id, state, highest_step) VALUES (1, 1, 'm', 'open', 0);
    INSERT INTO chain_phases (no, module_no, idx, created, join_policy) VALUES (1, 1, 0, 2, '{"kind":"settle"}');
    INSERT INTO chain_nodes (id, phase_no, kind, state, step_idx, due_at, prefix_request, body)
      VALUES ('a', 1, 'hop', 'pending', 0, 1, '', '{}'), ('b', 1, 'hop', 'pending', 0, 1, '', '{}')`);
  const coordinator = openOn(db);
  await finish(coordinator, 'a', [hop('c', 1)]);
  await finish(coordinator, 'b', [hop('d', 0), hop('e', 1)]);
  expect(await toldSteps(coordinator)).toEqual([1, 0]);
  expect((await coordinator.runAudit({ runId: RUN })).drift).toEqual([]);
});
