/** A run as clients see it: its record in the store joined with its snapshot in the coordinator. */
import { type CapUse, hasCaps } from '../../../libs/contracts/caps.ts';
import { FinishReason, type ModuleProgress, NodeCounts, Run, RunState } from '../../../libs/contracts/services.ts';
import type { ModuleSnapshot, PhaseSnapshot, RunSnapshot } from '../../../libs/coordination/protocol/reads.ts';
import { fromMicros } from '../../../libs/limits/budgets.ts';
import type { RunCost, RunEnd, RunRecord } from '../../../libs/store/port.ts';

/** Counts of a run other than those of its nodes. */
export interface RunTotals {
  readonly items: number;
  readonly cost: RunCost | undefined;
}

/** Without a snapshot there are no nodes: the run is not open yet, or its nodes have been deleted. */
export function toRun(
  record: RunRecord,
  snapshot?: RunSnapshot,
  { items, cost }: RunTotals = { items: record.end?.items ?? 0, cost: record.end?.cost },
): Run {
  const { runId, taskId, account, platform, modules, metadata, priority, end } = record;
  const capUse = record.state === 'closed' ? end?.capUse : snapshot?.capUse;
  return Run.fromPartial({
    runId,
    taskId,
    account,
    platform,
    modules: [...modules],
    input: Buffer.from(JSON.stringify(record.input)),
    metadata: { ...metadata },
    priority,
    deadlineAtMs: record.deadlineAtMs ?? 0,
    acceptedAtMs: record.acceptedAtMs,
    state: stateOf(record, snapshot),
    items,
    costCap: fromMicros(record.costCap ?? 0),
    ...(hasCaps(record.caps) ? { caps: record.caps } : {}),
    ...(capUse === undefined ? {} : { capUse: toCapUse(capUse) }),
    ...(cost === undefined || cost.spent + cost.reserved === 0 ? {} : { cost: toCost(cost) }),
    ...(end === undefined || record.state !== 'closed' ? {} : { end: toEnd(end) }),
    ...(snapshot === undefined ? {} : progressOf(snapshot)),
  });
}

function toCapUse({ pages, items, bytes, reached, leftOut, itemsLeftOut }: CapUse): NonNullable<Run['capUse']> {
  return { pages, items, bytes, reached: [...reached], leftOut, itemsLeftOut };
}

function toCost({ spent, reserved }: RunCost): NonNullable<Run['cost']> {
  return { spent: fromMicros(spent), reserved: fromMicros(reserved) };
}

/** The store decides whether a run is closed; a run that only the coordinator has closed is shown as closing. */
function stateOf({ state }: RunRecord, snapshot: RunSnapshot | undefined): RunState {
  if (state === 'closed') return RunState.CLOSED;
  if (snapshot === undefined) return state === 'accepted' ? RunState.ACCEPTED : RunState.OPEN;
  return snapshot.state === 'open' ? RunState.OPEN : RunState.CLOSING;
}

function progressOf({ paused, mark, reason, modules }: RunSnapshot): Partial<Run> {
  const progress = modules.map(toProgress);
  const nodes = sumOf(modules.flatMap(({ phases }) => phases));
  return { paused, mark, markReason: reason, nodes, progress };
}

function toProgress({ phases, ...module }: ModuleSnapshot): ModuleProgress {
  return { ...module, phases: phases.map((phase) => ({ nodes: sumOf([phase]), closed: phase.closed })) };
}

function sumOf(phases: readonly PhaseSnapshot[]): NodeCounts {
  const sum = NodeCounts.create();
  for (const { created, done, dead, leftOut = 0, open } of phases) {
    sum.created += created;
    sum.done += done;
    sum.dead += dead;
    sum.leftOut += leftOut;
    sum.open += open;
  }
  return sum;
}

const FINISH_REASON = {
  completed: FinishReason.COMPLETED,
  capped: FinishReason.CAPPED,
  cancelled: FinishReason.CANCELLED,
  terminated: FinishReason.TERMINATED,
  deadline: FinishReason.DEADLINE,
  rejected: FinishReason.REJECTED,
} as const satisfies Record<RunEnd['finishReason'], FinishReason>;

function toEnd(end: RunEnd): NonNullable<Run['end']> {
  const { finishReason, detail, endedAtMs, done, dead, items, failures = [] } = end;
  const kinds = failures.map(({ at = '', url = '', ...kind }) => ({ ...kind, at, url }));
  return { reason: FINISH_REASON[finishReason], detail, endedAtMs, done, dead, items, failures: kinds };
}
