/** Converts a run from a server's message to the records of store and coordinator. */
import { type Caps, type CapUse, readReached } from '../../contracts/caps.ts';
import { FinishReason, type ModuleProgress, type NodeCounts, type Run, RunState } from '../../contracts/services.ts';
import type { ModuleSnapshot, PhaseSnapshot, RunSnapshot } from '../../coordination/protocol/reads.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { MICROS } from '../../limits/budgets.ts';
import type { RunCost, RunEnd, RunRecord } from '../../store/port.ts';
import type { RunLook } from '../read/run-source.ts';

export function toLook(run: Run): RunLook {
  return { record: toRecord(run), snapshot: toSnapshot(run), items: run.items, cost: toCost(run.cost) };
}

/** A server does not send the fingerprint. */
export function toRecord(run: Run): RunRecord {
  const { runId, taskId, account, platform, modules, metadata, priority, deadlineAtMs, acceptedAtMs } = run;
  return {
    ...{ runId, taskId, account, platform, modules, metadata, priority, acceptedAtMs },
    input: run.input.length === 0 ? undefined : (JSON.parse(run.input.toString()) as unknown),
    fingerprint: '',
    deadlineAtMs: deadlineAtMs === 0 ? undefined : deadlineAtMs,
    ...(run.costCap === 0 ? {} : { costCap: inMicros(run.costCap) }),
    ...(run.caps === undefined ? {} : { caps: toCaps(run.caps) }),
    state: stateOf(run.state),
    end: run.end === undefined ? undefined : toEnd(run.end, toCost(run.cost), toCapUse(run)),
  };
}

function stateOf(state: RunState): RunRecord['state'] {
  if (state === RunState.CLOSED) return 'closed';
  return state === RunState.ACCEPTED ? 'accepted' : 'open';
}

/** Undefined if the server sent no counts of nodes: there are none yet, or they were deleted. */
export function toSnapshot(run: Run): RunSnapshot | undefined {
  if (run.nodes === undefined) return undefined;
  const mark = run.mark === 'cancelled' || run.mark === 'terminated' ? run.mark : '';
  return {
    runId: run.runId,
    state: run.state === RunState.CLOSED ? 'closed' : run.state === RunState.CLOSING ? 'closing' : 'open',
    mark,
    reason: run.markReason,
    paused: run.paused,
    openings: 1,
    ...optional('capUse', toCapUse(run)),
    modules: run.progress.map(toModule),
  };
}

function toModule({
  moduleId,
  state,
  reason,
  currentPhase,
  phases,
  executions,
  errors,
  front,
  revision,
}: ModuleProgress): ModuleSnapshot {
  return {
    ...{ moduleId, reason, currentPhase, front: Math.max(front, currentPhase), revision, executions, errors },
    state: state === 'done' || state === 'terminated' ? state : 'open',
    phases: phases.map(({ nodes, closed }) => toPhase(nodes, closed)),
  };
}

function toPhase(nodes: NodeCounts | undefined, closed: string): PhaseSnapshot {
  const { created = 0, done = 0, dead = 0, open = 0, leftOut = 0 } = nodes ?? {};
  const left = leftOut === 0 ? {} : { leftOut };
  return { created, done, dead, ...left, open, closed: closed === 'settled' || closed === 'deadline' ? closed : '' };
}

const FINISH_REASONS: Readonly<Record<number, RunEnd['finishReason']>> = {
  [FinishReason.COMPLETED]: 'completed',
  [FinishReason.CAPPED]: 'capped',
  [FinishReason.CANCELLED]: 'cancelled',
  [FinishReason.TERMINATED]: 'terminated',
  [FinishReason.DEADLINE]: 'deadline',
  [FinishReason.REJECTED]: 'rejected',
};

function toEnd(
  { reason, detail, endedAtMs, done, dead, items, failures }: NonNullable<Run['end']>,
  cost: RunCost | undefined,
  capUse: CapUse | undefined,
): RunEnd {
  const finishReason = FINISH_REASONS[reason];
  const kinds = failures.map(({ at, url, ...kind }) => {
    return { ...kind, ...(at === '' ? {} : { at }), ...(url === '' ? {} : { url }) };
  });
  const counted = {
    ...{ done, dead, items },
    ...optional('cost', cost),
    ...optional('capUse', capUse),
    ...(kinds.length === 0 ? {} : { failures: kinds }),
  };
  if (finishReason !== undefined) return { finishReason, detail, endedAtMs, ...counted };
  throw new CatenaError(
    'cli.other_server',
    `the server sent an end of a run that this version does not know: ${reason}`,
    {
      remedy: 'use the same version of Catena as the server',
    },
  );
}

function toCaps({ pages, items, depth, bytes }: NonNullable<Run['caps']>): Caps {
  return {
    ...optional('pages', pages),
    ...optional('items', items),
    ...optional('depth', depth),
    ...optional('bytes', bytes),
  };
}

/** Undefined for a run without caps, and where the server sent no use. */
function toCapUse({ caps, capUse }: Run): CapUse | undefined {
  if (caps === undefined || capUse === undefined) return undefined;
  const { pages, items, bytes, reached, leftOut, itemsLeftOut } = capUse;
  return {
    caps: toCaps(caps),
    ...{ pages, items, bytes, leftOut, itemsLeftOut },
    reached: readReached(reached.join(',')),
  };
}

function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in Name]?: Value });
}

function toCost(cost: Run['cost']): RunCost | undefined {
  return cost === undefined ? undefined : { spent: inMicros(cost.spent), reserved: inMicros(cost.reserved) };
}

function inMicros(amount: number): number {
  return Math.round(amount * MICROS);
}

/** The run in a response; every server of this protocol sends one. */
export function requireRun({ run }: { readonly run: Run | undefined }): Run {
  if (run !== undefined) return run;
  throw new CatenaError('cli.other_server', 'the response of the server contains no run', {
    remedy: 'use the same version of Catena as the server',
  });
}
