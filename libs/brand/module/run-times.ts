/**
 * When things happen in a diagnosis, counted from its acceptance. The first report comes within 20 seconds, whatever is still missing;
 * the calls go on meanwhile, up to the deadline, and the last report replaces the first one.
 */
import type { DiagnosisInput } from './input.ts';

export interface ReportTimes {
  /** When the early report begins: calls that are under way then are read as far as they have come. */
  readonly earlyAtMs: number;
  /** When it must stand. */
  readonly reportByMs: number;
}

export const REPORT_TIMES: ReportTimes = { earlyAtMs: 17_000, reportByMs: 20_000 };

/** The deadline of a diagnosis that does not say: when the last report must stand. */
export const DEFAULT_DEADLINE_MS = 60_000;

/** The time that is kept for a report after the last cited page. */
export const REPORT_MS = 1_000;

/**
 * The shares of the deadline after which phases are closed by force. Calls and pages end by themselves before; these are for what does
 * not end, such as a call of a process that died.
 */
export const PHASE_SHARES = { ask: 0.95, again: 0.01, trace: 0.02 } as const;
/** So much earlier the last call ends: what it has said must be stored before its phase is closed. */
const STORING_MS = 400;

/** When a run was accepted and must have ended, in Unix milliseconds. Undefined: not known, or never. */
export interface RunSpan {
  readonly acceptedAtMs?: number | undefined;
  readonly deadlineAtMs?: number | undefined;
}

/** When the last call must have ended, in Unix milliseconds; undefined without a deadline. */
export function callsUntilMs(
  { reserveMs }: Pick<DiagnosisInput, 'reserveMs'>,
  { acceptedAtMs, deadlineAtMs }: RunSpan,
): number | undefined {
  if (deadlineAtMs === undefined) return undefined;
  const beforeReserve = deadlineAtMs - reserveMs;
  if (acceptedAtMs === undefined) return beforeReserve;
  const closedAtMs = acceptedAtMs + PHASE_SHARES.ask * (deadlineAtMs - acceptedAtMs);
  return Math.min(beforeReserve, Math.round(closedAtMs) - STORING_MS);
}

/**
 * Whether a run has an early report of its own. One whose deadline is not later than the time of that report has only its last one, which
 * comes as soon.
 */
export function hasEarlyReport({ acceptedAtMs, deadlineAtMs }: RunSpan, { reportByMs }: ReportTimes): boolean {
  return acceptedAtMs === undefined || deadlineAtMs === undefined || deadlineAtMs - acceptedAtMs > reportByMs;
}

/** When a cited page must have been read that is asked for at this time, in Unix milliseconds; undefined: its timeout is all it has. */
export function pageUntilMs(
  { acceptedAtMs, deadlineAtMs }: RunSpan,
  { reportByMs }: ReportTimes,
  nowMs: number,
): number | undefined {
  const lastMs = deadlineAtMs === undefined ? undefined : deadlineAtMs - REPORT_MS;
  const earlyMs = acceptedAtMs === undefined ? undefined : acceptedAtMs + reportByMs - REPORT_MS;
  // Later than that the early report is over, or came too late to be saved by haste.
  if (earlyMs === undefined || nowMs >= earlyMs) return lastMs;
  return lastMs === undefined ? earlyMs : Math.min(earlyMs, lastMs);
}
