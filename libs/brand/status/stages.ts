/**
 * The stages of a diagnosis in its status API, and what follows from a stage alone: the status, the progress and the next
 * stages. Whether a run has ended is never used, because a failed run has ended too.
 */

export const STAGES = ['init', 'ai_fetching', 'ranking_analysis', 'source_tracing', 'completed', 'failed'] as const;
export type Stage = (typeof STAGES)[number];

export const STATUSES = ['initializing', 'processing', 'completed', 'failed'] as const;
export type Status = (typeof STATUSES)[number];

/** Stages from which a run may fail: all that are not final. */
export const FAILING_STAGES = ['init', 'ai_fetching', 'ranking_analysis', 'source_tracing'] as const;
export type FailingStage = (typeof FAILING_STAGES)[number];

const STATUS_OF: Readonly<Record<Stage, Status>> = {
  init: 'initializing',
  ai_fetching: 'processing',
  ranking_analysis: 'processing',
  source_tracing: 'processing',
  completed: 'completed',
  failed: 'failed',
};

/** The transitions. A client that reads rarely may miss stages, but a run never takes another path. */
const NEXT: Readonly<Record<Stage, readonly Stage[]>> = {
  init: ['ai_fetching', 'failed'],
  ai_fetching: ['ranking_analysis', 'failed'],
  ranking_analysis: ['source_tracing', 'failed'],
  source_tracing: ['completed', 'failed'],
  completed: [],
  failed: [],
};

export interface ProgressRange {
  /** The progress at the start of the stage. */
  readonly from: number;
  /** The last progress before the next stage; equal to `from` if there are no steps in between. */
  readonly to: number;
}

/** The range of progress of each stage, in whole percent. */
export const PROGRESS: Readonly<Record<Stage, ProgressRange>> = {
  init: { from: 0, to: 0 },
  ai_fetching: { from: 30, to: 59 },
  ranking_analysis: { from: 60, to: 79 },
  source_tracing: { from: 80, to: 99 },
  completed: { from: 100, to: 100 },
  failed: { from: 0, to: 0 },
};

export function statusOf(stage: Stage): Status {
  return STATUS_OF[stage];
}

/** Whether one stage follows another directly. Completed and failed are final; no stage follows itself. */
export function mayFollow(from: Stage, to: Stage): boolean {
  return NEXT[from].includes(to);
}

/** Whether the stage is final. */
export function isFinal(stage: Stage): stage is 'completed' | 'failed' {
  return NEXT[stage].length === 0;
}

export function isStage(text: unknown): text is Stage {
  return typeof text === 'string' && (STAGES as readonly string[]).includes(text);
}

export function isStatus(text: unknown): text is Status {
  return typeof text === 'string' && (STATUSES as readonly string[]).includes(text);
}
