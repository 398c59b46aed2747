/** Deadlines, the end of a run, and its opening again by a replay. */

import type { ReplayCommand, ReplayOutcome } from '../protocol/errors.ts';
import { ReplayCode } from '../protocol/errors.ts';
import type { Bell } from '../protocol/outcome.ts';
import type { PhaseCloseCommand } from '../protocol/phases.ts';
import { PhaseCloseCode } from '../protocol/phases.ts';
import { dispatchGraceMs } from '../protocol/policy.ts';
import { SettleCode } from '../protocol/runs.ts';
import { reopen } from './children.ts';
import { advancePhases } from './phases.ts';
import type { PhaseScope, RunScope } from './tables/scopes.ts';
import { type Found, findNode, hasLeftBehind, pendingBell, type Tx } from './tx.ts';

export function phaseClose(tx: Tx, { runId, moduleId, phase: idx }: PhaseCloseCommand) {
  const run = tx.scopes.run(runId);
  const module = run?.modules.find((each) => each.moduleId === moduleId);
  const phase = module?.phases[idx];
  const isCurrent = module?.state === 'open' && module.currentPhase === idx && phase?.closed === '';
  if (run?.state !== 'open' || run.mark !== '' || module === undefined || phase === undefined || !isCurrent) {
    return { code: PhaseCloseCode.ALREADY_CLOSED, bells: [] as Bell[] };
  }
  phase.closed = 'deadline';
  tx.scopes.touchPhase(phase);
  return { code: PhaseCloseCode.CLOSED, bells: advancePhases(tx, module) };
}

export function runSettle(tx: Tx, { runId }: { readonly runId: string }) {
  const run = tx.scopes.run(runId);
  if (run === undefined || run.state !== 'closing') return SettleCode.NOT_CLOSING;
  run.state = 'closed';
  tx.scopes.touchRun(run);
  return SettleCode.SETTLED;
}

export function replay(tx: Tx, { node, rejoin }: ReplayCommand): ReplayOutcome {
  const found = findNode(tx, node);
  if (found === undefined) return { code: ReplayCode.UNKNOWN_NODE, bells: [] };
  const { row, phase, module } = found;
  // Part of it may be gone already.
  if (found.run.state === 'expired') return { code: ReplayCode.UNKNOWN_NODE, bells: [] };
  if (row.state !== 'dead' || row.death_reason === 'superseded') return { code: ReplayCode.NOT_REPLAYABLE, bells: [] };
  if (isDraining(tx, found.run)) return { code: ReplayCode.DRAINING, bells: [] };

  liftMarks(tx, found);
  if (rejoin) rewind(tx, phase);
  reopen(tx, row, phase, tx.clock.now() + dispatchGraceMs(tx.policy, 0));
  row.reopened = phase.closed === '' ? 0 : 1;
  tx.nodes.save(row);
  // The phase that was current when a mark stopped the module may be empty by now: then it closes here.
  return { code: ReplayCode.REPLAYED, bells: [pendingBell(row, phase), ...advancePhases(tx, module)] };
}

function isDraining(tx: Tx, run: RunScope): boolean {
  if (run.state !== 'open') return false;
  return run.modules.some((module) => module.phases.some((phase) => hasLeftBehind(tx, phase)));
}

function liftMarks(tx: Tx, { module, run }: Found): void {
  if (run.state !== 'open') run.openings += 1;
  run.state = 'open';
  run.mark = '';
  run.reason = '';
  run.settleAtMs = 0;
  run.executions = 0;
  run.errors = 0;
  module.state = 'open';
  module.reason = '';
  module.executions = 0;
  module.errors = 0;
  module.errorStreak = 0;
  module.cooldownUntilMs = 0;
  tx.scopes.touchRun(run);
  tx.scopes.touchModule(module);
}

/** The module goes back to this phase; later ones open again when it is empty, and their openers run again. */
function rewind(tx: Tx, phase: PhaseScope): void {
  const { module } = phase;
  const nowMs = tx.clock.now();
  for (const later of module.phases.slice(phase.idx)) {
    later.closed = '';
    // Its deadline belonged to the run as it was first asked for.
    if (later.deadlineAtMs <= nowMs) later.deadlineAtMs = 0;
    tx.scopes.touchPhase(later);
  }
  module.currentPhase = Math.min(module.currentPhase, phase.idx);
  tx.scopes.touchModule(module);
}
