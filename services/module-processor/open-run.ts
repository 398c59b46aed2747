import { type ModulePlan, type PhasePlan, RunOpenCode } from '../../libs/coordination/protocol/runs.ts';
import type { ModuleDefinition } from '../../libs/modules/contract/definition.ts';
import { claimNode } from '../../libs/stage/execution/execute-node.ts';
import { childMessages } from '../../libs/stage/messages/wake-ups.ts';
import { openerSeed, startSeed } from '../../libs/stage/node/seeds.ts';
import type { LoadedRun } from '../../libs/stage/run/runs.ts';
import type { GoOn, ModuleProcessorDeps, ModuleProcessorOutcome } from './deps.ts';

/**
 * Opens a run with the start of each of its modules; a run that is open already is left as it is. An only start is claimed
 * here, where `goOn` executes it, so that the first request need not wait for a wake-up.
 */
export async function openRun(deps: ModuleProcessorDeps, run: LoadedRun, goOn?: GoOn): Promise<ModuleProcessorOutcome> {
  const { runId } = run.task;
  // What the store says is closed is closed, whatever the coordinator has forgotten.
  if (run.record.state === 'closed') return { kind: 'skip', reason: 'RUN_CLOSED' };
  const modules = [...run.modules.values()].map(({ definition }) => planModule(run, definition));
  const outcome = await deps.execution.coordinator.runOpen({ runId, modules });
  if (outcome.code === RunOpenCode.RUN_CLOSED) return { kind: 'skip', reason: 'RUN_CLOSED' };
  // Somebody may have ended it meanwhile, in another process and before there was anything to mark.
  const now = await deps.store.findRun(runId);
  if (now?.state === 'closed') {
    await deps.execution.coordinator.runControl({ runId, action: 'cancel' });
    return { kind: 'skip', reason: 'RUN_CLOSED' };
  }
  await deps.store.markOpen(runId);
  const [start, ...more] = outcome.wakeUps;
  if (goOn === undefined || start === undefined || more.length > 0) {
    return { kind: 'next', messages: childMessages(outcome.wakeUps, run) };
  }
  const { node, epoch } = start;
  const claimed = await claimNode(deps.execution, { node, epoch, stage: 'module-processor' });
  if (claimed.kind === 'claimed') goOn({ run, lease: claimed.lease });
  return { kind: 'next', messages: [] };
}

function planModule(run: LoadedRun, definition: ModuleDefinition): ModulePlan {
  const deadlines = phaseDeadlines(run, definition);
  const phases = definition.phases.map((phase, idx): PhasePlan => {
    const opener = openerSeed(run, definition, idx);
    const deadlineAtMs = deadlines[idx];
    return {
      join: phase.join,
      ...(opener === undefined ? {} : { opener }),
      ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
    };
  });
  return { moduleId: definition.id, phases, first: [startSeed(run, definition)] };
}

/**
 * When each phase is closed by force: a phase with a share of the deadline when the shares up to its own are used up, any
 * other when the run's deadline has come.
 */
export function phaseDeadlines(run: LoadedRun, definition: ModuleDefinition): (number | undefined)[] {
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
