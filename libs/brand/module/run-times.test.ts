import { describe, expect, it } from 'vitest';
import {
  callsUntilMs,
  DEFAULT_DEADLINE_MS,
  hasEarlyReport,
  PHASE_SHARES,
  pageUntilMs,
  REPORT_TIMES,
} from './run-times.ts';

const span = (deadlineMs?: number) => ({
  acceptedAtMs: 1_000_000,
  deadlineAtMs: deadlineMs === undefined ? undefined : 1_000_000 + deadlineMs,
});
const RESERVE = { reserveMs: 3_000 };

describe('the times of a diagnosis', () => {
  it.each([
    [20_000, 17_000],
    [DEFAULT_DEADLINE_MS, 56_600],
    [600_000, 569_600],
    [5_000, 2_000],
  ])(
    'with a deadline of %i ms the last call ends after %i ms, before its phase is closed by force (X7)',
    (deadlineMs, endMs) => {
      const untilMs = callsUntilMs(RESERVE, span(deadlineMs))!;
      expect(untilMs - 1_000_000).toBe(endMs);
      expect(endMs).toBeLessThan(PHASE_SHARES.ask * deadlineMs);
    },
  );

  it('know no end of calls without a deadline, and only the reserve where nobody knows when the run began', () => {
    expect(callsUntilMs(RESERVE, span())).toBeUndefined();
    expect(callsUntilMs(RESERVE, { deadlineAtMs: 60_000 })).toBe(57_000);
  });

  it('have an early report unless the last one must stand as soon (B22)', () => {
    expect([20_000, 20_001, 60_000].map((ms) => hasEarlyReport(span(ms), REPORT_TIMES))).toEqual([false, true, true]);
    expect(hasEarlyReport(span(), REPORT_TIMES)).toBe(true);
  });

  it('end pages that are read early a second before the report must stand, later ones a second before the deadline', () => {
    const at = (afterMs: number, deadlineMs?: number) => {
      const untilMs = pageUntilMs(span(deadlineMs), REPORT_TIMES, 1_000_000 + afterMs);
      return untilMs === undefined ? undefined : untilMs - 1_000_000;
    };
    expect([at(17_500, 60_000), at(30_000, 60_000), at(17_500), at(30_000)]).toEqual([
      19_000,
      59_000,
      19_000,
      undefined,
    ]);
    expect(at(8_000, 10_000), 'a short deadline comes first').toBe(9_000);
  });
});
