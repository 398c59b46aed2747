/**
 * Brings coordinator and store together again after the coordinator has gone back to an earlier state of itself, run by run and in
 * bounded batches. Whatever was lost is repaired from the other side: the store has every accepted run and every end, and a redo
 * finds the same nodes.
 */
import type { Bus } from '../../bus/port.ts';
import { pause } from '../../concurrency/abort.ts';
import { TerminateCode } from '../../coordination/protocol/errors.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { RunRecord, ShownItems, ShownRows, Store } from '../../store/port.ts';
import type { Log } from '../../telemetry/log.ts';
import { ENDED_BEFORE } from '../run/close-run.ts';
import { taskMessage } from '../run/submit.ts';

export interface AuditDeps {
  readonly coordinator: Pick<Coordinator, 'findRun' | 'findNode' | 'runAudit' | 'terminateMark'>;
  readonly store: Pick<Store, 'listRuns' | 'findRun'>;
  /** The store's visible rows; undefined for a store that shares the coordinator's transactions. */
  readonly items: ShownItems | undefined;
  /** Lists the runs that the coordinator looks after. */
  readonly liveRuns: () => AsyncIterable<string>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly log: Log;
}

/** What an audit found, and has repaired. */
export interface AuditResult {
  /** Runs that were looked at. */
  runs: number;
  nodes: number;
  /** Runs that the coordinator did not know: the messages that open them were sent. */
  reopened: number;
  /** Counters and due entries that disagreed with the nodes. */
  drift: number;
  /** Executions whose rows were visible though their commit was lost: hidden, until the redo stores its own. */
  withdrawn: number;
  /** Runs whose end the store has, and the coordinator had lost: marked, drained and closed. */
  ended: number;
  /** Runs that kept changing while they were counted: they are at work, and may be audited again. */
  unsettled: number;
}

export interface AuditOptions {
  /** Reads every visible row; otherwise only the newest, until many pages in a row have lost nothing. Default false. */
  readonly isThorough?: boolean;
  readonly signal: AbortSignal;
}

const PAGE_RUNS = 200;
const PAGE_ROWS = 500;
/** Nodes read at the same time. */
const PARALLEL_READS = 32;
/** Lost commits are the last ones; so many pages before them without any end the search. */
const CLEAN_PAGES = 10;

/** Throws when a backend does not answer; what was repaired by then stays so, and the audit may begin again. */
export async function auditRuns(deps: AuditDeps, options: AuditOptions): Promise<AuditResult> {
  const result: AuditResult = { runs: 0, nodes: 0, reopened: 0, drift: 0, withdrawn: 0, ended: 0, unsettled: 0 };
  for (const state of ['open', 'accepted'] as const) {
    for (let after: string | undefined; ; ) {
      const page = await deps.store.listRuns({ limit: PAGE_RUNS, state, ...(after === undefined ? {} : { after }) });
      for (const run of page) {
        options.signal.throwIfAborted();
        await auditRun(deps, run, options, result);
      }
      if (page.length < PAGE_RUNS) break;
      after = page.at(-1)!.runId;
    }
  }
  await settleEnded(deps, options, result);
  return result;
}

async function auditRun(deps: AuditDeps, run: RunRecord, options: AuditOptions, result: AuditResult): Promise<void> {
  const { coordinator, bus, log } = deps;
  const { runId } = run;
  result.runs += 1;
  if ((await coordinator.findRun(runId)) === undefined) {
    await bus.publish(taskMessage(run));
    result.reopened += 1;
    log.warn('the audit opens a run again that the coordinator has lost', { run_id: runId });
    // Its rows belong to nodes that will be made again.
    result.withdrawn += await withdrawLost(deps, runId, options);
    return;
  }
  try {
    const { nodes, drift } = await coordinator.runAudit({ runId });
    result.nodes += nodes;
    result.drift += drift.length;
    if (drift.length > 0) log.warn('the audit corrected counters of a run', { run_id: runId, drift });
  } catch (error) {
    if (!(error instanceof CatenaError) || error.code !== 'coordination.audit_unsettled') throw error;
    result.unsettled += 1;
  }
  result.withdrawn += await withdrawLost(deps, runId, options);
}

/** Hides the rows of executions whose nodes are not committed with their tokens. Returns how many executions. */
async function withdrawLost(deps: AuditDeps, runId: string, { isThorough = false, signal }: AuditOptions) {
  const { items, log } = deps;
  if (items === undefined) return 0;
  let withdrawn = 0;
  let beforeSeq: number | undefined;
  for (let clean = 0; clean < CLEAN_PAGES || isThorough; ) {
    signal.throwIfAborted();
    const { executions, lowestSeq } = await items.listShown(runId, PAGE_ROWS, beforeSeq);
    if (lowestSeq === undefined) break;
    const lost = await lostOf(deps, runId, executions);
    if (lost.length > 0) {
      await items.withdrawItems(runId, lost);
      log.warn('the audit hid items whose commits were lost; their nodes are executed again', {
        run_id: runId,
        executions: lost.length,
      });
    }
    withdrawn += lost.length;
    clean = lost.length === 0 ? clean + 1 : 0;
    beforeSeq = lowestSeq;
  }
  return withdrawn;
}

/** The rows were visible before their node is read, so a node that lacks their token has lost its commit, or committed again. */
async function lostOf(
  { coordinator }: AuditDeps,
  runId: string,
  executions: readonly ShownRows[],
): Promise<readonly ShownRows[]> {
  const lost: ShownRows[] = [];
  for (let from = 0; from < executions.length; from += PARALLEL_READS) {
    const reads = executions.slice(from, from + PARALLEL_READS).map(async (rows) => {
      const { nodeId: id, moduleId, phase, token } = rows;
      const node = await coordinator.findNode({ id, runId, moduleId, phase });
      if (node?.committedToken !== token) lost.push(rows);
    });
    await Promise.all(reads);
  }
  return lost;
}

/** Marks runs that have ended according to the store: their nodes are drained, and their end is not written again. One that was replayed just now is marked open by its second look. */
async function settleEnded(
  { coordinator, store, liveRuns, log }: AuditDeps,
  { signal }: AuditOptions,
  result: AuditResult,
): Promise<void> {
  const isEnded = async (runId: string) => (await store.findRun(runId))?.state === 'closed';
  const ended: string[] = [];
  for await (const runId of liveRuns()) {
    signal.throwIfAborted();
    if (await isEnded(runId)) ended.push(runId);
  }
  if (ended.length === 0) return;
  await pause(SECOND_LOOK_MS, signal);
  for (const runId of ended) {
    if (!(await isEnded(runId))) continue;
    // A closing run is refused: it is closed anyway.
    if ((await coordinator.terminateMark({ runId, reason: ENDED_BEFORE })) !== TerminateCode.TERMINATED) continue;
    result.ended += 1;
    log.warn('the audit ends a run whose end the coordinator had lost; the store keeps it', { run_id: runId });
  }
}

const SECOND_LOOK_MS = 5_000;
