import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { type Log, silentLog } from '../../telemetry/log.ts';
import { defaultConsistencyMonitor } from './default-monitor.ts';
import { type ConsistencyAlert, createConsistencyMonitor } from './monitor.ts';
import { consistencyReportSchema } from './report-schema.ts';

const good = { task_id: 'run-1', stage: 'completed', status: 'completed', progress: 100, is_completed: true };
const minor = { ...good, task_id: 'run-2', status: 'processing' };
const critical = { ...good, task_id: 'run-3', status: 'processing', progress: 3, is_completed: false };

function open(onAlert?: (alert: ConsistencyAlert) => void) {
  const clock = new ManualClock(Date.UTC(2026, 0, 2));
  const lines: { message: string; fields: unknown }[] = [];
  const say = (message: string, fields: unknown) => void lines.push({ message, fields });
  const log: Log = { ...silentLog, info: say, warn: say, error: say };
  const monitor = createConsistencyMonitor({ clock, log, ...(onAlert === undefined ? {} : { onAlert }) });
  const see = (body: unknown, times: number) => {
    for (let time = 0; time < times; time += 1) monitor.check(body);
  };
  return { clock, monitor, lines, see };
}

describe('the consistency monitor', () => {
  it('hands answers back repaired, and logs what was wrong (B44, B45)', () => {
    const { monitor, lines } = open();
    expect(monitor.check(good).body).toBe(good);
    expect(lines).toEqual([]);
    expect(monitor.check(minor).body).toEqual({ ...good, task_id: 'run-2' });
    expect(lines).toMatchObject([
      {
        message: 'a status answer was inconsistent',
        fields: { task_id: 'run-2', level: 'MINOR_ISSUE', issues: [{ field: 'status', repaired: true }] },
      },
    ]);
  });

  it('reports checks, issues, their ratio and levels: 5 in 1,000 are 99.5 % (B46)', () => {
    const { monitor, see } = open();
    expect(monitor.report()).toMatchObject({ checks: 0, ratio: 100, last_issues: [] });
    see(good, 995);
    see(minor, 4);
    see(critical, 1);
    const report = monitor.report();
    expect(report).toMatchObject({
      generated_at: '2026-01-02T00:00:00.000Z',
      checks: 1_000,
      issues: 5,
      critical: 1,
      ratio: 99.5,
      distribution: { CONSISTENT: 995, MINOR_ISSUE: 4, MAJOR_ISSUE: 0, CRITICAL: 1 },
    });
    expect(consistencyReportSchema.strict().parse(report)).toEqual(report);
  });

  it('keeps the last ten issues, the newest first, and the ids of hostile answers short (B46)', () => {
    const { monitor, clock } = open();
    for (let run = 0; run < 12; run += 1) {
      monitor.check({ ...minor, task_id: `run-${run}` });
      clock.advance(1_000);
    }
    const { last_issues } = monitor.report();
    expect(last_issues.map(({ task_id }) => task_id)).toEqual(
      [11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((run) => `run-${run}`),
    );
    expect(last_issues[0]?.at).toBe('2026-01-02T00:00:11.000Z');
    monitor.check({ ...minor, task_id: 'x'.repeat(9_999) });
    expect(monitor.report().last_issues[0]?.task_id).toHaveLength(64);
    monitor.check(null);
    expect(monitor.report().last_issues[0]?.task_id).toBe('');
  });

  it('logs its report every hour, until it is stopped (B46)', () => {
    vi.useFakeTimers();
    try {
      const { monitor, lines } = open();
      monitor.start();
      monitor.start();
      monitor.check(good);
      vi.advanceTimersByTime(3_600_000);
      expect(lines).toMatchObject([{ message: 'consistency of status answers', fields: { checks: 1, ratio: 100 } }]);
      monitor.stop();
      monitor.stop();
      vi.advanceTimersByTime(3_600_000);
      expect(lines).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('has a default instance, one per process (B45)', () => {
    expect(defaultConsistencyMonitor()).toBe(defaultConsistencyMonitor());
    expect(defaultConsistencyMonitor().check(good).check.level).toBe('CONSISTENT');
  });
});

describe('alerts of the monitor (B47)', () => {
  function graded() {
    const grades: string[] = [];
    return { grades, ...open(({ grade, ratio }) => void grades.push(`${grade} ${ratio}`)) };
  }

  it('wait for enough answers, and for less than 99 % of them', () => {
    const { grades, see } = graded();
    see(minor, 1);
    see(good, 98);
    expect(grades).toEqual([]);
    see(good, 1);
    expect(grades).toEqual([]);
    see(minor, 1);
    expect(grades).toEqual([`warning ${99 / 101}`]);
  });

  it('come once per grade, get worse, and end when answers are consistent again', () => {
    const { grades, see } = graded();
    see(good, 1_000);
    see(minor, 11);
    expect(grades).toEqual(['warning 0.989']);
    see(minor, 20);
    expect(grades).toHaveLength(1);
    see(minor, 20);
    expect(grades.slice(1)).toEqual(['critical 0.949']);
    // It gets better, and that is not yet well; then it gets worse again, and that is nothing new.
    see(good, 980);
    expect(grades).toHaveLength(2);
    see(minor, 60);
    expect(grades).toHaveLength(2);
    see(good, 995);
    expect(grades.slice(2)).toEqual(['ok 0.995']);
    see(minor, 11);
    expect(grades.at(-1)).toBe('warning 0.989');
  });

  it('look back on the last 1,000 answers only', () => {
    const { grades, see } = graded();
    see(good, 100_000);
    see(minor, 11);
    expect(grades).toHaveLength(1);
  });

  it('that cannot be raised are logged, and the answer goes out', () => {
    const { monitor, lines, see } = open(() => {
      throw new Error('the pager is broken');
    });
    see(good, 100);
    see(minor, 2);
    expect(monitor.report().checks).toBe(102);
    expect(lines.map(({ message }) => message)).toContain('an alert about status answers could not be raised');
  });
});
