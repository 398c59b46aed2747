/**
 * Monitors the status responses of a process: checks and repairs each, counts, reports every hour, and raises an
 * alert if too many were inconsistent, once per grade until it is resolved.
 */
import type { Clock } from '../../clock/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import {
  CONSISTENCY_LEVELS,
  type ConsistencyCheck,
  type ConsistencyLevel,
  checkConsistency,
  repair,
} from './check-consistency.ts';
import { type ConsistencyGrade, gradeOf, RecentChecks } from './consistency-grade.ts';
import type { ConsistencyReport, SeenIssue } from './report-schema.ts';

export interface ConsistencyMonitorOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Called for each checked response. */
  readonly onCheck?: (level: ConsistencyLevel) => void;
  /** Called when the grade changes; its errors are logged. */
  readonly onAlert?: (alert: ConsistencyAlert) => void;
  /** The interval of reports in the log, in milliseconds; default: an hour. */
  readonly reportEveryMs?: number;
}

export interface ConsistencyAlert {
  readonly grade: ConsistencyGrade;
  /** Consistent share of the last `checks` responses. */
  readonly ratio: number;
  readonly checks: number;
  readonly atMs: number;
}

export interface ConsistencyMonitor {
  /** Checks one response and returns it repaired; never throws. */
  check<Body>(body: Body): { readonly body: Body; readonly check: ConsistencyCheck };
  report(): ConsistencyReport;
  /** Starts the reports in the log; its timer does not keep the process alive. Idempotent. */
  start(): void;
  /** Idempotent. */
  stop(): void;
}

const HOUR_MS = 3_600_000;
const MAX_SEEN = 10;
const MAX_ID_CHARS = 64;

export function createConsistencyMonitor(options: ConsistencyMonitorOptions): ConsistencyMonitor {
  const { clock, log, onCheck, onAlert, reportEveryMs = HOUR_MS } = options;
  const counts: Record<ConsistencyLevel, number> = { CONSISTENT: 0, MINOR_ISSUE: 0, MAJOR_ISSUE: 0, CRITICAL: 0 };
  const recent = new RecentChecks();
  let seen: readonly SeenIssue[] = [];
  let grade: ConsistencyGrade = 'ok';
  let timer: NodeJS.Timeout | undefined;

  const keep = (body: unknown, { level, issues }: ConsistencyCheck): void => {
    const taskId = taskIdOf(body);
    const at = new Date(clock.now()).toISOString();
    seen = [...issues.map((issue) => ({ at, task_id: taskId, ...issue })).reverse(), ...seen].slice(0, MAX_SEEN);
    log.warn('a status answer was inconsistent', { task_id: taskId, level, issues });
  };

  const regrade = (): void => {
    const next = gradeOf(recent, grade);
    if (next === grade) return;
    grade = next;
    const alert = { grade, ratio: recent.ratio, checks: recent.checks, atMs: clock.now() };
    const told = { grade, ratio: alert.ratio, checks: alert.checks };
    if (grade === 'ok') log.info('status answers are consistent again', told);
    else log.error('too many status answers are inconsistent', told);
    try {
      onAlert?.(alert);
    } catch (error) {
      log.error('an alert about status answers could not be raised', { error });
    }
  };

  const report = (): ConsistencyReport => {
    const checks = CONSISTENCY_LEVELS.reduce((sum, level) => sum + counts[level], 0);
    const issues = checks - counts.CONSISTENT;
    return {
      generated_at: new Date(clock.now()).toISOString(),
      checks,
      issues,
      critical: counts.CRITICAL,
      ratio: checks === 0 ? 100 : Math.floor(((checks - issues) / checks) * 10_000) / 100,
      distribution: { ...counts },
      last_issues: [...seen],
    };
  };

  return {
    check: (body) => {
      const check = checkConsistency(body);
      counts[check.level] += 1;
      onCheck?.(check.level);
      recent.add(check.issues.length === 0);
      if (check.issues.length > 0) keep(body, check);
      regrade();
      return { body: repair(body, check), check };
    },
    report,
    start: () => {
      timer ??= setInterval(() => log.info('consistency of status answers', { ...report() }), reportEveryMs).unref();
    },
    stop: () => {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

function taskIdOf(body: unknown): string {
  const { task_id, execution_id } = (body ?? {}) as { readonly task_id?: unknown; readonly execution_id?: unknown };
  const id = typeof task_id === 'string' ? task_id : execution_id;
  return typeof id === 'string' ? id.slice(0, MAX_ID_CHARS) : '';
}
