/**
 * Runs, modules and phases as objects. This process is the only writer of the file, so they are read once and cached. Changed
 * objects are written back at the end of the transaction, once per group instead of once per node. After a rollback all are
 * dropped and read again.
 */

import type { Caps } from '../../../contracts/caps.ts';
import type { SqliteDatabase } from '../../../sqlite/database.ts';
import type { NodeKind, NodeSeed } from '../../protocol/node.ts';
import type { JoinPolicy } from '../../protocol/runs.ts';

/** What a run with caps has used of them. */
export interface CapCounts {
  readonly caps: Caps;
  pages: number;
  items: number;
  bytes: number;
  /** The caps that were reached, by commas. */
  reached: string;
  leftOut: number;
  itemsLeftOut: number;
}

export interface RunScope {
  readonly no: number;
  readonly runId: string;
  /** Its own id, if it is a task of its own. */
  readonly taskId: string;
  /** `expired`: closed, and being purged. */
  state: 'open' | 'closing' | 'closed' | 'expired';
  mark: '' | 'cancelled' | 'terminated';
  reason: string;
  paused: boolean;
  openings: number;
  executions: number;
  errors: number;
  /** Undefined without caps. */
  readonly capUse: CapCounts | undefined;
  readonly modules: ModuleScope[];
  /** When the sweeper closes a closing run again; not stored across restarts. */
  closeAtMs: number;
}

export interface ModuleScope {
  readonly no: number;
  readonly run: RunScope;
  readonly moduleId: string;
  state: 'open' | 'done' | 'terminated';
  reason: string;
  currentPhase: number;
  /** The furthest phase that is open: the current one, or where an early opening is; the number of phases when that is over. */
  front: number;
  /** The number of the present opening of the later phases, from 1. */
  revision: number;
  /** When the later phases open early; 0: not any more, or never. */
  earlyAtMs: number;
  highestStep: number;
  executions: number;
  errors: number;
  /** Errors since the last commit. */
  errorStreak: number;
  cooldownUntilMs: number;
  /** Steps whose first hop exists and whose event is recorded. */
  readonly producedSteps: Set<number>;
  /** The steps that make requests, of a run with caps. */
  readonly fetchSteps: ReadonlySet<number>;
  readonly phases: PhaseScope[];
}

export interface PhaseScope {
  readonly no: number;
  readonly module: ModuleScope;
  readonly idx: number;
  created: number;
  done: number;
  /** Superseded ones and those that a cap has left out included. */
  dead: number;
  superseded: number;
  leftOut: number;
  closed: '' | 'settled' | 'deadline';
  /** How often it was closed; more than once only after replays. */
  closings: number;
  /** 0: none. */
  deadlineAtMs: number;
  readonly join: JoinPolicy;
  readonly opener: NodeSeed | undefined;
  /** Nodes inside the module's window, and those that stand ready outside of it. */
  readonly inside: Record<NodeKind, number>;
  readonly ready: Record<NodeKind, number>;
}

/** The part of a node's row that says how its window counts it: 0 outside, 1 inside, 2 ready. */
interface PlacedRow {
  readonly phase_no: number;
  readonly kind: NodeKind;
  readonly window_place: number;
}

/** Nodes that are not terminal: the size of the phase's due set. */
export function openCount(phase: PhaseScope): number {
  return phase.created - phase.done - phase.dead;
}

export function moduleOpenCount(module: ModuleScope): number {
  return module.phases.reduce((sum, phase) => sum + openCount(phase), 0);
}

type Row = Record<string, unknown>;

export class Scopes {
  readonly #runs = new Map<string, RunScope>();
  readonly #phases = new Map<number, PhaseScope>();
  readonly #dirtyRuns = new Set<RunScope>();
  readonly #dirtyModules = new Set<ModuleScope>();
  readonly #dirtyPhases = new Set<PhaseScope>();
  readonly #sql: ReturnType<typeof statements>;
  #openLoaded = false;

  constructor(db: SqliteDatabase) {
    this.#sql = statements(db);
    db.beforeCommit(() => this.#writeBack());
    db.onRollback(() => this.#forget());
  }

  run(runId: string): RunScope | undefined {
    const known = this.#runs.get(runId);
    if (known !== undefined) return known;
    const row = this.#sql.run.get(runId) as Row | undefined;
    return row === undefined ? undefined : this.#load(row);
  }

  /** The scope of a node's phase, by the phase number in its row. */
  phase(phaseNo: number): PhaseScope {
    const known = this.#phases.get(phaseNo);
    if (known !== undefined) return known;
    const row = this.#sql.runOfPhase.get(phaseNo) as Row;
    this.#load(row);
    return this.#phases.get(phaseNo)!;
  }

  /** Every run that is not closed. */
  unclosed(): RunScope[] {
    if (!this.#openLoaded) {
      for (const row of this.#sql.unclosed.all() as Row[]) {
        if (!this.#runs.has(row.run_id as string)) this.#load(row);
      }
      this.#openLoaded = true;
    }
    return [...this.#runs.values()].filter(({ state }) => state === 'open' || state === 'closing');
  }

  /** Counts a node that goes in or out of the window of its module. */
  place({ phase_no, kind, window_place: from }: PlacedRow, to: number): void {
    const phase = this.phase(phase_no);
    const change = (number: number, by: number): void => {
      if (number === 1) phase.inside[kind] += by;
      if (number === 2) phase.ready[kind] += by;
    };
    change(from, -1);
    change(to, 1);
    this.touchPhase(phase);
  }

  /** Drops a deleted run. */
  drop(run: RunScope): void {
    this.#runs.delete(run.runId);
    this.#dirtyRuns.delete(run);
    for (const module of run.modules) {
      this.#dirtyModules.delete(module);
      for (const phase of module.phases) {
        this.#phases.delete(phase.no);
        this.#dirtyPhases.delete(phase);
      }
    }
  }

  touchRun(run: RunScope): void {
    this.#dirtyRuns.add(run);
  }

  touchModule(module: ModuleScope): void {
    this.#dirtyModules.add(module);
  }

  touchPhase(phase: PhaseScope): void {
    this.#dirtyPhases.add(phase);
  }

  #load(row: Row): RunScope {
    const run: RunScope = {
      no: row.no as number,
      runId: row.run_id as string,
      taskId: row.task_id === '' ? (row.run_id as string) : (row.task_id as string),
      state: row.state as RunScope['state'],
      mark: row.mark as RunScope['mark'],
      reason: row.reason as string,
      paused: row.paused === 1,
      openings: row.openings as number,
      executions: row.executions as number,
      errors: row.errors as number,
      capUse: row.cap_use === '' ? undefined : (JSON.parse(row.cap_use as string) as CapCounts),
      modules: [],
      closeAtMs: 0,
    };
    for (const each of this.#sql.modules.all(run.no) as Row[]) run.modules.push(this.#loadModule(run, each));
    this.#runs.set(run.runId, run);
    return run;
  }

  #loadModule(run: RunScope, row: Row): ModuleScope {
    const module: ModuleScope = {
      no: row.no as number,
      run,
      moduleId: row.module_id as string,
      state: row.state as ModuleScope['state'],
      reason: row.reason as string,
      currentPhase: row.current_phase as number,
      front: row.front as number,
      revision: row.revision as number,
      earlyAtMs: row.early_at as number,
      highestStep: row.highest_step as number,
      executions: row.executions as number,
      errors: row.errors as number,
      errorStreak: row.error_streak as number,
      cooldownUntilMs: row.cooldown_until as number,
      producedSteps: new Set(JSON.parse(`[${row.produced_steps as string}]`) as number[]),
      fetchSteps: new Set(JSON.parse(`[${row.fetch_steps as string}]`) as number[]),
      phases: [],
    };
    for (const each of this.#sql.phases.all(module.no) as Row[]) {
      const phase: PhaseScope = {
        no: each.no as number,
        module,
        idx: each.idx as number,
        created: each.created as number,
        done: each.done as number,
        dead: each.dead as number,
        superseded: each.superseded as number,
        leftOut: each.left_out as number,
        closed: each.closed as PhaseScope['closed'],
        closings: each.closings as number,
        deadlineAtMs: each.deadline_at as number,
        join: JSON.parse(each.join_policy as string) as JoinPolicy,
        opener: each.opener === '' ? undefined : (JSON.parse(each.opener as string) as NodeSeed),
        inside: { hop: each.inside_hops as number, request: each.inside_requests as number },
        ready: { hop: each.ready_hops as number, request: each.ready_requests as number },
      };
      module.phases.push(phase);
      this.#phases.set(phase.no, phase);
    }
    return module;
  }

  #writeBack(): void {
    for (const phase of this.#dirtyPhases) {
      const { created, done, dead, superseded, closed, closings, deadlineAtMs, inside, ready, no } = phase;
      const counts = [created, done, dead, superseded, phase.leftOut] as const;
      const windows = [inside.hop, inside.request, ready.hop, ready.request] as const;
      this.#sql.savePhase.run(...counts, closed, closings, deadlineAtMs, ...windows, no);
    }
    for (const module of this.#dirtyModules) {
      const { state, reason, currentPhase, highestStep, executions, errors, errorStreak, cooldownUntilMs } = module;
      const openings = [module.front, module.revision, module.earlyAtMs] as const;
      const counts = [highestStep, executions, errors, errorStreak, cooldownUntilMs] as const;
      const produced = [...module.producedSteps].join(',');
      this.#sql.saveModule.run(state, reason, currentPhase, ...openings, ...counts, produced, module.no);
    }
    for (const run of this.#dirtyRuns) {
      const { state, mark, reason, paused, openings, executions, errors, capUse, no } = run;
      const used = capUse === undefined ? '' : JSON.stringify(capUse);
      this.#sql.saveRun.run(state, mark, reason, paused ? 1 : 0, openings, executions, errors, used, no);
    }
    this.#clearDirty();
  }

  #clearDirty(): void {
    this.#dirtyPhases.clear();
    this.#dirtyModules.clear();
    this.#dirtyRuns.clear();
  }

  #forget(): void {
    this.#clearDirty();
    this.#runs.clear();
    this.#phases.clear();
    this.#openLoaded = false;
  }
}

function statements(db: SqliteDatabase) {
  return {
    run: db.prepare('SELECT * FROM chain_runs WHERE run_id = ?'),
    unclosed: db.prepare(`SELECT * FROM chain_runs WHERE state IN ('open', 'closing') ORDER BY no`),
    runOfPhase: db.prepare(
      `SELECT r.* FROM chain_phases p JOIN chain_modules m ON m.no = p.module_no JOIN chain_runs r ON r.no = m.run_no
       WHERE p.no = ?`,
    ),
    modules: db.prepare('SELECT * FROM chain_modules WHERE run_no = ? ORDER BY no'),
    phases: db.prepare('SELECT * FROM chain_phases WHERE module_no = ? ORDER BY idx'),
    savePhase: db.prepare(
      `UPDATE chain_phases SET created = ?, done = ?, dead = ?, superseded = ?, left_out = ?, closed = ?, closings = ?,
         deadline_at = ?, inside_hops = ?, inside_requests = ?, ready_hops = ?, ready_requests = ? WHERE no = ?`,
    ),
    saveModule: db.prepare(
      `UPDATE chain_modules SET state = ?, reason = ?, current_phase = ?, front = ?, revision = ?, early_at = ?,
         highest_step = ?, executions = ?, errors = ?, error_streak = ?, cooldown_until = ?, produced_steps = ? WHERE no = ?`,
    ),
    saveRun: db.prepare(
      `UPDATE chain_runs SET state = ?, mark = ?, reason = ?, paused = ?, openings = ?, executions = ?, errors = ?,
         cap_use = ? WHERE no = ?`,
    ),
  };
}
