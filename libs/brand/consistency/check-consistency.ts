/**
 * Checks whether the fields of a status response agree. All fields must follow from the stage, and a field with exactly one
 * right value is repaired. A stage is never repaired, because a wrong guess would show a failure as a success.
 */
import {
  FAILING_STAGES,
  type FailingStage,
  isFinal,
  isStage,
  isStatus,
  PROGRESS,
  type Stage,
  statusOf,
} from '../status/stages.ts';

export const CONSISTENCY_RULES = [
  'unknown_stage',
  'unknown_status',
  'status_against_stage',
  'completion_against_stage',
  'progress_against_stage',
  'failure_against_stage',
] as const;
export type ConsistencyRule = (typeof CONSISTENCY_RULES)[number];

export const CONSISTENCY_LEVELS = ['CONSISTENT', 'MINOR_ISSUE', 'MAJOR_ISSUE', 'CRITICAL'] as const;
export type ConsistencyLevel = (typeof CONSISTENCY_LEVELS)[number];

export interface ConsistencyIssue {
  readonly rule: ConsistencyRule;
  /** The field that is wrong. */
  readonly field: string;
  /** Its value, shortened. */
  readonly found: string;
  /** The allowed values. */
  readonly expected: string;
  /** Whether {@link ConsistencyCheck.repairs} repairs it. */
  readonly repaired: boolean;
}

export interface ConsistencyCheck {
  readonly level: ConsistencyLevel;
  readonly issues: readonly ConsistencyIssue[];
  /** Wrong fields with their only right value. */
  readonly repairs: Readonly<Record<string, unknown>>;
}

const MAX_FOUND_CHARS = 60;
const CONSISTENT: ConsistencyCheck = { level: 'CONSISTENT', issues: [], repairs: {} };

/** Checks any value as a response; never throws. */
export function checkConsistency(body: unknown): ConsistencyCheck {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  const issues: ConsistencyIssue[] = [];
  const repairs: Record<string, unknown> = {};
  const { stage } = fields;
  /** `right` is the only right value; without one, the issue is not repaired. */
  const found = (rule: ConsistencyRule, field: string, expected: string, right?: { readonly value: unknown }): void => {
    issues.push({ rule, field, found: shown(fields[field]), expected, repaired: right !== undefined });
    if (right !== undefined) repairs[field] = right.value;
  };
  if (isStage(stage)) checkAgainst(stage, fields, found);
  else {
    found('unknown_stage', 'stage', 'one of the six stages');
    if (!isStatus(fields.status)) found('unknown_status', 'status', 'one of the four statuses');
    if (typeof fields.is_completed !== 'boolean') found('completion_against_stage', 'is_completed', 'true or false');
    if (!isPercent(fields.progress)) found('progress_against_stage', 'progress', 'an integer from 0 to 100');
  }
  return issues.length === 0 ? CONSISTENT : { level: levelOf(issues.length), issues, repairs };
}

/** A response with its repairs; the same object if there are none. */
export function repair<Body>(body: Body, { repairs }: Pick<ConsistencyCheck, 'repairs'>): Body {
  return Object.keys(repairs).length === 0 ? body : { ...body, ...repairs };
}

/** One issue is minor, two are major, more are critical. */
export function levelOf(issues: number): ConsistencyLevel {
  return CONSISTENCY_LEVELS[Math.min(issues, CONSISTENCY_LEVELS.length - 1)] as ConsistencyLevel;
}

type Found = (rule: ConsistencyRule, field: string, expected: string, right?: { readonly value: unknown }) => void;

function checkAgainst(stage: Stage, fields: Readonly<Record<string, unknown>>, found: Found): void {
  const status = statusOf(stage);
  if (!isStatus(fields.status)) found('unknown_status', 'status', status, { value: status });
  else if (fields.status !== status) found('status_against_stage', 'status', status, { value: status });
  const isCompleted = isFinal(stage);
  if (fields.is_completed !== isCompleted) {
    found('completion_against_stage', 'is_completed', String(isCompleted), { value: isCompleted });
  }
  const { from, to } = PROGRESS[stage];
  const { progress } = fields;
  if (!isPercent(progress) || progress < from || progress > to) {
    // A range has many values, so the right one is unknown.
    if (from === to) found('progress_against_stage', 'progress', String(from), { value: from });
    else found('progress_against_stage', 'progress', `${from} to ${to}`);
  }
  if (stage === 'failed') checkFailure(fields, found);
  else {
    for (const field of ['failed_stage', 'last_progress', 'error']) {
      const value = fields[field];
      if (value !== undefined && value !== null) found('failure_against_stage', field, 'null', { value: null });
    }
  }
}

/** Short responses have none of the failure fields; the others must have all of them. */
function checkFailure(fields: Readonly<Record<string, unknown>>, found: Found): void {
  const { failed_stage: failedStage, last_progress: lastProgress } = fields;
  if (!('failed_stage' in fields) && !('last_progress' in fields)) return;
  if (!isFailingStage(failedStage)) {
    found('failure_against_stage', 'failed_stage', 'a stage from which runs fail');
    return;
  }
  const { from, to } = PROGRESS[failedStage];
  if (isPercent(lastProgress) && lastProgress >= from && lastProgress <= to) return;
  const right = from === to ? { value: from } : undefined;
  found('failure_against_stage', 'last_progress', `${from} to ${to}`, right);
}

function isFailingStage(value: unknown): value is FailingStage {
  return (FAILING_STAGES as readonly unknown[]).includes(value);
}

function isPercent(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 100;
}

function shown(value: unknown): string {
  const text =
    typeof value === 'string' ? value : typeof value === 'object' && value !== null ? 'an object' : String(value);
  return text.slice(0, MAX_FOUND_CHARS);
}
