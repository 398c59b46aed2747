/**
 * Computes the status of a diagnosis from its run. The chain is the only owner of state; this only translates it:
 *
 *     accepted → phase ask → phase rank → phases trace and report → a report stands
 *     init       ai_fetching ranking_analysis  source_tracing       completed; failed if it is the only one and has no answer
 *
 * A diagnosis is completed once a report stands, also a preliminary one while its calls go on, and never goes back. The report is the
 * last thing that a diagnosis writes: the result of a closed run follows from its reports alone, however it was closed: in time, by its
 * deadline, or cancelled a moment too late.
 */
import type { ModuleSnapshot, PhaseSnapshot, RunSnapshot } from '../../coordination/protocol/reads.ts';
import type { RunRecord } from '../../store/port.ts';
import { PHASES } from '../module/phases.ts';
import { isLast, isPreliminary, NO_REVISION, revisionOf } from './certainty.ts';
import { type DiagnosisItems, diagnosisModule, inputOf, NO_ITEMS, plannedCount } from './diagnosis-items.ts';
import { failureOf } from './failure.ts';
import { type FailingStage, PROGRESS, type Stage, type Status, statusOf } from './stages.ts';

export interface DiagnosisFacts {
  readonly record: RunRecord;
  /** Undefined before the run is opened, and after its nodes were deleted. Read it after the record. */
  readonly snapshot?: RunSnapshot | undefined;
  /** Needs the report, where there is one; `failedStage` and `lastProgress` need all of them. */
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
  /** The number of the newest report; 0: there is none. */
  readonly revision: number;
  /** Whether the run has its last report, or will have none. */
  readonly isLast: boolean;
}

/** The progress in `source_tracing` at which the report starts, which has no stage of its own. */
const REPORT_PROGRESS = 95;

/** Total: every state of a run has a status. */
export function diagnosisStatus({ record, snapshot, items = NO_ITEMS }: DiagnosisFacts): DiagnosisStatus {
  const { report, hadEarlier } = items;
  const isClosed = record.state === 'closed';
  if (report === undefined) {
    if (!isClosed) return underWay(record, snapshot, items);
    return { ...at('failed', PROGRESS.failed.from), ...failureOf(record, items), isLast: true };
  }
  const facts = {
    isPartial: report.coverage.whole < report.total,
    revision: revisionOf(report),
    isLast: isLast(report, record),
  };
  // A preliminary report stood, whatever came later: the last one says that it is no success.
  const isCompleted = report.success || isPreliminary(report) || hadEarlier;
  if (isCompleted) return { ...at('completed', PROGRESS.completed.from), ...facts };
  return { ...at('failed', PROGRESS.failed.from), ...failureOf(record, items), ...facts };
}

/** Without a report so far. */
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
    case PHASES.ask:
      // The start, and a hop and a request per call. Calls that are asked again add nodes, and would make a share of all nodes fall.
      return at('ai_fetching', between(PROGRESS.ai_fetching, shareOf(phase, 1 + 2 * planned)));
    case PHASES.spend:
    case PHASES.again:
      // What is asked again was not planned: the first answers asked for it.
      return at('ai_fetching', PROGRESS.ai_fetching.to);
    case PHASES.rank:
      return at('ranking_analysis', PROGRESS.ranking_analysis.from);
    case PHASES.trace:
      // A hop ends in the transition that makes its request, so the share of all nodes never falls.
      return at(
        'source_tracing',
        between({ ...PROGRESS.source_tracing, to: REPORT_PROGRESS }, shareOf(phase, phase.created)),
      );
    case PHASES.report:
      return at('source_tracing', REPORT_PROGRESS);
    default:
      return at('source_tracing', PROGRESS.source_tracing.to);
  }
}

/** The share of so many nodes that have ended: it only grows, since nodes only end. It may be 1 before the last of them has. */
function shareOf({ done, dead }: PhaseSnapshot, nodes: number): number {
  return nodes === 0 ? 0 : Math.min(1, (done + dead) / nodes);
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
    revision: NO_REVISION,
    isLast: false,
  };
}
