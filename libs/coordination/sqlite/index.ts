/**
 * The coordinator of single-node mode: its state is in one SQLite file that only this process writes. Each transition is one
 * work of the database's group commit. Each of the seven protocol groups has a file with the same name as in the port, Redis and
 * Lua. `tables/` holds the rows; `children.ts` and `tx.ts` are shared by several groups.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock/clock.ts';
import type { SqliteDatabase } from '../../sqlite/database.ts';
import { migrate } from '../../sqlite/migrate.ts';
import type { Backlog } from '../protocol/backlog.ts';
import { CommitCode, type CommitCommand } from '../protocol/commits.ts';
import { READY_HOP_MS } from '../protocol/node.ts';
import type { CoordinatorPolicy } from '../protocol/policy.ts';
import type { Coordinator } from '../protocol/port.ts';
import { claim, recoverZombie, release, renew, reorderEnqueue } from './claims.ts';
import { childrenPump, commitSuccess, stageChildren } from './commits.ts';
import { commitError, replay, retrySchedule, terminateMark, thresholdDecide } from './errors.ts';
import { earlyOpen, phaseClose, scopeDrain } from './phases.ts';
import { NodeLister, snapshot } from './reads.ts';
import { Audit, Plans, Purge, runAudit, runControl, runOpen, runPurge, runSettle } from './runs.ts';
import { dueTake, oldestOverdueMs, windowFill } from './sweep.ts';
import { Events, type OnEvent } from './tables/events.ts';
import { FallbackGates } from './tables/fallback-gates.ts';
import { toChainNode } from './tables/node-row.ts';
import { Nodes } from './tables/nodes.ts';
import { ReorderBuffer } from './tables/reorder.ts';
import { COORDINATION_MIGRATIONS } from './tables/schema.ts';
import { Scopes } from './tables/scopes.ts';
import { Staged } from './tables/staged.ts';
import type { Tx } from './tx.ts';

export type { AppendedEvent } from './tables/events.ts';

export interface SqliteCoordinatorOptions {
  readonly db: SqliteDatabase;
  readonly clock: Clock;
  readonly policy: CoordinatorPolicy;
  /** Called for each event of a run's timeline; twice if its transaction is rolled back in between. */
  readonly onEvent?: OnEvent | undefined;
}

/** A coordinator that can store items in the transaction of their commit. */
export interface SqliteCoordinator extends Coordinator, Backlog {
  /**
   * As `commitSuccess`; `store` is called in the same transaction if the commit is accepted, with the number of items to store: no
   * more than the cap of the run allows.
   */
  commitWith(commit: CommitCommand, store: (items: number) => void): ReturnType<Coordinator['commitSuccess']>;
}

/**
 * Opens the coordinator on a database, in a new incarnation. The holders of leases and the wake-ups in memory ended with the
 * earlier process, so every open node inside a window is due at once.
 */
export function openSqliteCoordinator({ db, clock, policy, onEvent }: SqliteCoordinatorOptions): SqliteCoordinator {
  migrate(db, 'coordination', COORDINATION_MIGRATIONS);
  const tx = createTx(db, clock, policy, onEvent);
  const plans = new Plans(db);
  const audit = new Audit(db);
  const purge = new Purge(db);
  const lister = new NodeLister(db, tx.scopes);
  makeOpenNodesDue(db, clock.now());
  return {
    runOpen: (command) => db.write(() => runOpen(tx, plans, command)),
    runControl: (command) => db.write(() => runControl(tx, command)),
    runSettle: (command) => db.write(() => runSettle(tx, command)),
    runAudit: (command) => db.write(() => runAudit(tx, audit, command)),
    runPurge: (command) => db.write(() => runPurge(tx, purge, command)),

    claim: (command) => db.write(() => claim(tx, command)),
    renew: (command) => db.write(() => renew(tx, command)),
    release: (command) => db.write(() => release(tx, command)),
    recoverZombie: (command) => db.write(() => recoverZombie(tx, command)),
    reorderEnqueue: (command) => db.write(() => reorderEnqueue(tx, command)),

    stageChildren: (command) => db.write(() => stageChildren(tx, command)),
    commitSuccess: (command) => db.write(() => commitSuccess(tx, command)),
    commitWith: (command, store) =>
      db.write(() => {
        const outcome = commitSuccess(tx, command, true);
        if (outcome.code === CommitCode.COMMIT_OK) store(outcome.items);
        return outcome;
      }),
    childrenPump: (command) => db.write(() => childrenPump(tx, command)),

    commitError: (command) => db.write(() => commitError(tx, command)),
    thresholdDecide: (command) => db.write(() => thresholdDecide(tx, command)),
    retrySchedule: (command) => db.write(() => retrySchedule(tx, command)),
    terminateMark: (command) => db.write(() => terminateMark(tx, command)),
    replay: (command) => db.write(() => replay(tx, command)),

    phaseClose: (command) => db.write(() => phaseClose(tx, command)),
    earlyOpen: (command) => db.write(() => earlyOpen(tx, command)),
    scopeDrain: (command) => db.write(() => scopeDrain(tx, command)),

    dueTake: (command) => db.write(() => dueTake(tx, command)),
    windowFill: (command) => db.write(() => windowFill(tx, command)),

    oldestOverdueMs: async () => db.read(() => oldestOverdueMs(tx)),
    bufferedResponses: async () => db.read(() => tx.reorder.count()),

    findRun: async (runId) => db.read(() => mapDefined(tx.scopes.run(runId), snapshot)),
    findNode: async ({ id }) =>
      db.read(() => mapDefined(tx.nodes.find(id), (row) => toChainNode(row, tx.scopes.phase(row.phase_no)))),
    listNodes: async (filter) => db.read(() => lister.list(filter)),
    listDue: async (filter) => db.read(() => lister.listDue(filter)),
    listEvents: async (filter) => db.read(() => tx.events.list(filter)),
  };
}

/** Reads a coordinator with tables of this version, which another process may be writing. */
export function openSqliteCoordinatorReader(
  db: SqliteDatabase,
): Pick<Coordinator, 'findRun' | 'listNodes' | 'listDue' | 'listEvents'> {
  const scopes = new Scopes(db);
  const lister = new NodeLister(db, scopes);
  const events = new Events(db);
  return {
    findRun: async (runId) => db.read(() => mapDefined(scopes.run(runId), snapshot)),
    listNodes: async (filter) => db.read(() => lister.list(filter)),
    listDue: async (filter) => db.read(() => lister.listDue(filter)),
    listEvents: async (filter) => db.read(() => events.list(filter)),
  };
}

function createTx(db: SqliteDatabase, clock: Clock, policy: CoordinatorPolicy, onEvent: OnEvent | undefined): Tx {
  const row = db.prepare(`UPDATE chain_meta SET value = value + 1 WHERE name = 'incarnation' RETURNING value`).get()!;
  const incarnation = row.value as number;
  const nonce = randomBytes(4).toString('hex');
  let counter = 0;
  const scopes = new Scopes(db);
  return {
    clock,
    policy,
    scopes,
    nodes: new Nodes(db, (row, to) => scopes.place(row, to)),
    staged: new Staged(db),
    reorder: new ReorderBuffer(db),
    events: new Events(db, onEvent),
    fallbackGates: new FallbackGates(db),
    nextToken: () => {
      counter += 1;
      return `${incarnation}.${counter}.${nonce}`;
    },
  };
}

function makeOpenNodesDue(db: SqliteDatabase, nowMs: number): void {
  db.prepare(
    `UPDATE chain_nodes SET due_at = ? WHERE due_at > 0 AND due_at > ? AND due_at < ? AND state <> 'retry'`,
  ).run(nowMs, nowMs, READY_HOP_MS);
}

function mapDefined<From, To>(value: From | undefined, map: (value: From) => To): To | undefined {
  return value === undefined ? undefined : map(value);
}
