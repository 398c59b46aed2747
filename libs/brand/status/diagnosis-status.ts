/**
 * Computes the status of a diagnosis from its run. The chain is the only owner of state; this only translates it:
 *
 *     accepted → phase ask → phase rank → phases trace and report → closed with a report that has an answer
 *     init       ai_fetching ranking_analysis  source_tracing       completed, and failed where there is no such report
 *
 * The report is the last thing that a diagnosis writes. So the result of a closed run follows from its report alone, however
 * it was closed: in time, by its deadline, or cancelled a moment too late.
 */
import type { ModuleSnapshot, PhaseSnapshot, RunSnapshot } from '../../coordination/protocol/reads.ts';
import type { RunRecord } from '../../store/port.ts';
import { type DiagnosisItems, diagnosisModule, inputOf, NO_ITEMS, plannedCount } from './diagnosis-items.ts';
import { failureOf } from './failure.ts';
import { type FailingStage, PROGRESS, type Stage, type Status, statusOf } from './stages.ts';

export interface DiagnosisFacts {
  readonly record: RunRecord;
  /** Undefined before the run is opened, and after its nodes were deleted. Read it after the record. */
  readonly snapshot?: RunSnapshot | undefined;
  /** A closed run needs its report; `failedStage` and `lastProgress` need all of them. */
  readonly items?: DiagnosisItems;
}

export interface DiagnosisStatus {
  readonly stage: Stage;
  readonly status: Status;
  /** Whole percent. */
  readonly progress: number;
  /** These three are set if the run failed, and null otherwise. */
  readonly failedStage: FailingStage | null;
  readonly lastProgress: number | null;
  readonly error: string | null;
  /** Whether the report rests on fewer whole answers than calls; null without a report. */
  readonly isPartial: boolean | null;
}

/** Positions of the module's phases. */
const ASK = 0;
const RANK = 1;
const TRACE = 2;
const REPORT = 3;

/** The progress in `source_tracing` at which the report starts, which has no stage of its own. */
const REPORT_PROGRESS = 95;

/** Total: every state of a run has a status. */
export function diagnosisStatus({ record, snapshot, items = NO_ITEMS }: DiagnosisFacts): DiagnosisStatus {
  if (record.state !== 'closed') return underWay(record, snapshot, items);
  const { report } = items;
  const isPartial = report === undefined ? null : report.coverage.whole < report.total;
  if (report?.success === true) return { ...at('completed', PROGRESS.completed.from), isPartial };
  return { ...at('failed', PROGRESS.failed.from), ...failureOf(record, items), isPartial };
}

function underWay(record: RunRecord, snapshot: RunSnapshot | undefined, items: DiagnosisItems): DiagnosisStatus {
  const module = snapshot === undefined ? undefined : diagnosisModule(snapshot.modules);
  if (module !== undefined) return inPhase(module, plannedCount(inputOf(record)));
  // The run was opened, but the coordinator has lost it: it is opened again, and its items show its progress.
  if (items.hasFigures) return at('source_tracing', PROGRESS.source_tracing.from);
  if (record.state === 'open') return at('ai_fetching', PROGRESS.ai_fetching.from);
  return at('init', PROGRESS.init.from);
}

function inPhase({ currentPhase, phases }: ModuleSnapshot, planned: number): DiagnosisStatus {
  const phase = phases[currentPhase];
  if (phase === undefined) return at('source_tracing', PROGRESS.source_tracing.to);
  switch (currentPhase) {
    case ASK:
      // The start, and a hop and a request per call: there are never fewer nodes, so the share never decreases.
      return at('ai_fetching', between(PROGRESS.ai_fetching, shareEnded(phase, 1 + 2 * planned)));
    case RANK:
      return at('ranking_analysis', PROGRESS.ranking_analysis.from);
    case TRACE:
      return at('source_tracing', between({ ...PROGRESS.source_tracing, to: REPORT_PROGRESS }, shareEnded(phase, 0)));
    case REPORT:
      return at('source_tracing', REPORT_PROGRESS);
    default:
      return at('source_tracing', PROGRESS.source_tracing.to);
  }
}

/** The share of a phase's nodes that have ended, with at least `least` as the total. */
function shareEnded({ created, done, dead }: PhaseSnapshot, least: number): number {
  const all = Math.max(created, least);
  return all === 0 ? 0 : Math.min(1, (done + dead) / all);
}

function between({ from, to }: { readonly from: number; readonly to: number }, share: number): number {
  return from + Math.floor((to - from) * share);
}

function at(stage: Stage, progress: number): DiagnosisStatus {
  return {
    stage,
    status: statusOf(stage),
    progress,
    failedStage: null,
    lastProgress: null,
    error: null,
    isPartial: null,
  };
}
