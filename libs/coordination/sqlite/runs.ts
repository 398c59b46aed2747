import { EVENTS } from '../../contracts/events.ts';
import type { SqliteDatabase } from '../../sqlite/database.ts';
import { assertChildren } from '../protocol/assert-children.ts';
import type { Bell } from '../protocol/outcome.ts';
import type { ModulePlan, RunOpenCommand } from '../protocol/runs.ts';
import { RunOpenCode } from '../protocol/runs.ts';
import { createChildren } from './children.ts';
import { advancePhases } from './phases.ts';
import type { Tx } from './tx.ts';

/** Writes the rows of a run, its modules and their phases. */
export class Plans {
  readonly #run;
  readonly #module;
  readonly #phase;

  constructor(db: SqliteDatabase) {
    this.#run = db.prepare(`INSERT INTO chain_runs (run_id, state) VALUES (?, 'open') RETURNING no`);
    this.#module = db.prepare(
      `INSERT INTO chain_modules (run_no, module_id, state) VALUES (?, ?, 'open') RETURNING no`,
    );
    this.#phase = db.prepare(
      'INSERT INTO chain_phases (module_no, idx, deadline_at, join_policy, opener) VALUES (?, ?, ?, ?, ?)',
    );
  }

  insert(runId: string, modules: readonly ModulePlan[]): void {
    const runNo = this.#run.get(runId)!.no as number;
    for (const module of modules) {
      const moduleNo = this.#module.get(runNo, module.moduleId)!.no as number;
      for (const [idx, phase] of module.phases.entries()) {
        const opener = phase.opener === undefined ? '' : JSON.stringify(phase.opener);
        this.#phase.run(moduleNo, idx, phase.deadlineAtMs ?? 0, JSON.stringify(phase.join), opener);
      }
    }
  }
}

export function runOpen(tx: Tx, plans: Plans, { runId, modules }: RunOpenCommand) {
  const known = tx.scopes.run(runId);
  if (known !== undefined) {
    const code = known.state === 'open' ? RunOpenCode.ALREADY_OPEN : RunOpenCode.RUN_CLOSED;
    return { code, bells: [] as Bell[] };
  }
  for (const { first, phases } of modules) assertChildren(first, 0, phases.length);
  plans.insert(runId, modules);
  const run = tx.scopes.run(runId)!;
  tx.events.append(run, EVENTS.TaskAccepted.type, runId, run.openings, tx.clock.now(), {
    modules: modules.map((module) => module.moduleId),
  });
  const bells: Bell[] = [];
  for (const [at, module] of run.modules.entries()) {
    const phase = module.phases[0]!;
    const { first } = modules[at]!;
    bells.push(...createChildren(tx, first, { phase, reopened: false }, first.length).bells);
    bells.push(...advancePhases(tx, module));
  }
  return { code: RunOpenCode.OPENED, bells };
}
