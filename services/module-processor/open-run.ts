import { openerSeed, startSeed } from '../../libs/calls/seeds.ts';
import type { ModuleFacts } from '../../libs/calls/served-module.ts';
import { hasCaps } from '../../libs/contracts/caps.ts';
import {
  type ModulePlan,
  type PhasePlan,
  RunOpenCode,
  type RunOpenCommand,
} from '../../libs/coordination/protocol/runs.ts';
import { claimNode } from '../../libs/stage/execution/execute-node.ts';
import { childMessages } from '../../libs/stage/messages/wake-ups.ts';
import { earlyTime } from '../../libs/stage/run/early-time.ts';
import type { LoadedRun } from '../../libs/stage/run/runs.ts';
import type { ModuleProcessorDeps, ModuleProcessorOutcome, RunNext } from './deps.ts';

/**
 * Opens a run with the start hop of each of its modules; an open run is not changed. A single start hop is claimed here and
 * given to `runNext`, so that the first request does not wait for a wake-up.
 */
export async function openRun(
  deps: ModuleProcessorDeps,
  run: LoadedRun,
  runNext?: RunNext,
): Promise<ModuleProcessorOutcome> {
  const { runId, taskId } = run.task;
  // The store decides whether a run is closed; the coordinator may have deleted it.
  if (run.record.state === 'closed') return { kind: 'skip', reason: 'RUN_CLOSED' };
  const modules = [...run.modules.values()].map(({ definition }) => planModule(run, definition));
  const outcome = await deps.execution.coordinator.runOpen({ runId, taskId, modules, ...capsOf(run) });
  if (outcome.code === RunOpenCode.RUN_CLOSED) return { kind: 'skip', reason: 'RUN_CLOSED' };
  // Another process may have ended the run before the coordinator knew it, so its mark is set now.
  const now = await deps.store.findRun(runId);
  if (now?.state === 'closed') {
    await deps.execution.coordinator.runControl({ runId, action: 'cancel' });
    return { kind: 'skip', reason: 'RUN_CLOSED' };
  }
  await deps.store.markOpen(runId);
  const [start, ...more] = outcome.wakeUps;
  if (runNext === undefined || start === undefined || more.length > 0) {
    return { kind: 'next', messages: childMessages(outcome.wakeUps, run) };
  }
  const { node, epoch } = start;
  const claimed = await claimNode(deps.execution, { node, epoch, stage: 'module-processor' });
  if (claimed.kind === 'claimed') runNext({ run, lease: claimed.lease });
  return { kind: 'next', messages: claimed.kind === 'later' ? childMessages(outcome.wakeUps, run) : [] };
}

/** A run without caps says nothing of them. */
function capsOf({ record: { caps } }: LoadedRun): Pick<RunOpenCommand, 'caps'> {
  return hasCaps(caps) ? { caps } : {};
}

function planModule(run: LoadedRun, definition: ModuleFacts): ModulePlan {
  const deadlines = phaseDeadlines(run, definition);
  const phases = definition.phases.map((phase, idx): PhasePlan => {
    const opener = openerSeed(run.context, definition, idx);
    const deadlineAtMs = deadlines[idx];
    return {
      join: phase.join,
      ...(opener === undefined ? {} : { opener }),
      ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
    };
  });
  const earlyAtMs = earlyTime(run.record, definition);
  return {
    ...{ moduleId: definition.id, phases, first: [startSeed(run.context, definition)] },
    ...(earlyAtMs === undefined ? {} : { earlyAtMs }),
    fetchSteps: definition.steps.flatMap(({ kind }, stepIdx) => (kind === 'fetch' ? [stepIdx] : [])),
  };
}

/**
 * When each phase is closed by force: a phase with a share of the deadline when the shares up to its own are used up, any
 * other when the run's deadline has come.
 */
export function phaseDeadlines(run: LoadedRun, definition: ModuleFacts): (number | undefined)[] {
  const { deadlineAtMs, acceptedAtMs } = run.record;
  if (deadlineAtMs === undefined) return definition.phases.map(() => undefined);
  const totalMs = deadlineAtMs - acceptedAtMs;
  let used = 0;
  return definition.phases.map(({ share }) => {
    if (share === undefined) return deadlineAtMs;
    used += share;
    return Math.min(deadlineAtMs, Math.round(acceptedAtMs + totalMs * used));
  });
}
