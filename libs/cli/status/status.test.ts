import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { captured } from '../cli.fixture.ts';
import { HostTimes } from './host-times.ts';
import { type Progress, waitingFor } from './progress.ts';
import { jsonReporter, plainReporter, terminalReporter } from './reporter.ts';
import { SpeedGauge, statusLine } from './status-line.ts';

const paint = (colour: string, text: string): string => `<${colour}>${text}</>`;
const plain = (_colour: string, text: string): string => text;

const progress = (more: Partial<Progress> = {}): Progress => ({
  atMs: 0,
  done: 1_234,
  failed: 0,
  open: 246,
  inFlight: 16,
  retries: 0,
  items: 1_180,
  pages: 600,
  waiting: undefined,
  ...more,
});
const speed = { elapsedMs: 125_000, pagesPerSecond: 42.14, nodesPerSecond: 84, knownWorkMs: undefined };

describe('the status line', () => {
  it('says how the run stands', () => {
    expect(statusLine(progress(), speed, { paint: plain, width: undefined })).toBe(
      '2:05 · 1,234 done · 16 in flight · 230 queued · 0 failed · 1,180 items · 42.1 pages/s',
    );
  });

  it('changes when failures rise', () => {
    const line = (failed: number) => statusLine(progress({ failed }), speed, { paint, width: undefined });
    expect(line(3)).toContain('<yellow>3 failed</>');
    expect(line(1_234)).toContain('<red>1,234 FAILED (50 %)</>');
  });

  it('says of a run that others execute what is known of it', () => {
    const elsewhere = { inFlight: undefined, retries: undefined, pages: 0 };
    const line = (waiting: Progress['waiting']): string =>
      statusLine(progress({ ...elsewhere, waiting }), speed, { paint: plain, width: undefined });
    expect(line(undefined)).toBe('2:05 · 1,234 done · 246 open · 0 failed · 1,180 items · 84.0 nodes/s');
    expect(line({ kind: 'paused' })).toMatch(/ · paused$/);
    expect(line({ kind: 'ending', mark: 'cancelled' })).toMatch(/ · cancelled, being ended$/);
  });

  it('counts nodes where there are no pages', () => {
    expect(statusLine(progress({ pages: 0 }), speed, { paint: plain, width: undefined })).toContain('84.0 nodes/s');
  });

  it('promises a time only for what is known, and not while a host holds everything up', () => {
    const known = { ...speed, knownWorkMs: 61_000 };
    const waiting = { kind: 'host', host: 'a.test', untilMs: Date.now() } as const;
    expect(statusLine(progress(), known, { paint: plain, width: undefined })).toContain(
      'about 1m 01s for what is known',
    );
    expect(statusLine(progress({ waiting }), known, { paint: plain, width: undefined })).not.toContain('about');
  });

  it('leaves out what does not fit, and never breaks the line', () => {
    const hostile = { kind: 'rate', host: '海\n\u001b[31m澜.test', queued: 3 } as const;
    for (const width of [5, 20, 40, 80, 120]) {
      const line = statusLine(progress({ waiting: hostile, retries: 5 }), speed, { paint: plain, width });
      expect(stringWidth(line)).toBeLessThan(width);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there.
      expect(line).not.toMatch(/[\u0000-\u001f]/);
    }
  });
});

describe('why nothing is under way', () => {
  const key = (more: object) => ({ key: 'a.test', waiting: 4, inFlight: 0, nextAtMs: undefined, ...more });
  const idle = { open: 9, inFlight: 0 };

  it('is the pause that a host asked for, before anything else', () => {
    const keys = [key({ key: 'b.test', waiting: 99, nextAtMs: 1_050 }), key({ nextAtMs: 9_000 })];
    expect(waitingFor(keys, idle, 1_000)).toEqual({ kind: 'host', host: 'a.test', untilMs: 9_000 });
  });

  it('is our own rate', () => {
    expect(waitingFor([key({ nextAtMs: 1_050 })], idle, 1_000)).toEqual({ kind: 'rate', host: 'a.test', queued: 4 });
  });

  it('is time, or nothing', () => {
    expect(waitingFor([], idle, 0)).toEqual({ kind: 'time', count: 9 });
    expect(waitingFor([], { open: 9, inFlight: 2 }, 0)).toBeUndefined();
    expect(waitingFor([], { open: 0, inFlight: 0 }, 0)).toBeUndefined();
  });
});

describe('speeds', () => {
  it('are those of the last seconds', () => {
    const gauge = new SpeedGauge();
    expect(gauge.take(progress({ done: 0, pages: 0 })).nodesPerSecond).toBe(0);
    for (let second = 1; second <= 10; second++) {
      gauge.take(progress({ atMs: second * 1_000, done: second * 100, pages: second * 50 }));
    }
    for (let second = 11; second <= 20; second++) {
      const now = gauge.take(progress({ atMs: second * 1_000, done: 1_000, pages: 500, open: 10 }));
      if (second >= 15)
        expect(now).toEqual({
          elapsedMs: second * 1_000,
          pagesPerSecond: 0,
          nodesPerSecond: 0,
          knownWorkMs: undefined,
        });
    }
  });

  it('say how long known work takes once they have settled', () => {
    const gauge = new SpeedGauge();
    gauge.take(progress({ done: 0, open: 100 }));
    expect(gauge.take(progress({ atMs: 1_000, done: 10, open: 100 })).knownWorkMs).toBeUndefined();
    expect(gauge.take(progress({ atMs: 4_000, done: 40, open: 100 })).knownWorkMs).toBe(10_000);
  });
});

describe('reporters', () => {
  it('rewrite one line on a terminal, and make room for messages', () => {
    const { stream, text } = captured();
    const reporter = terminalReporter(stream, plain);
    reporter.show(progress());
    reporter.say('hello');
    reporter.end();
    expect(text().split('\n')).toHaveLength(2);
    expect(text()).toContain('\r\u001b[0Jhello\n');
    expect(text().endsWith('\r\u001b[0J')).toBe(true);
    expect(reporter.intervalMs).toBeGreaterThanOrEqual(250);
  });

  it('fit the line to a narrower terminal at once, and leave the cursor before it', () => {
    const { stream, text } = captured();
    stream.columns = 80;
    const reporter = terminalReporter(stream, plain);
    reporter.show(progress());
    stream.columns = 30;
    stream.emit('resize');
    const [wide = '', narrow = ''] = text().split('\u001b[0J').slice(1);
    expect([wide.length > 60, narrow.length <= 30, narrow.endsWith('\r')]).toEqual([true, true, true]);
    reporter.end();
    const before = text();
    stream.emit('resize');
    expect(text()).toBe(before);
  });

  it('write lines elsewhere, without any control character', () => {
    const { stream, text } = captured();
    plainReporter(stream, plain).show(progress());
    expect(text()).toMatch(/^0:00 · 1,234 done.*\n$/);
  });

  it('write nothing but events for machines', () => {
    const { stream, text } = captured();
    const reporter = jsonReporter(stream);
    reporter.say('hello');
    reporter.event('started', { run_id: 'r' });
    reporter.show(progress());
    const events = text().trimEnd().split('\n');
    expect(events.map((line) => JSON.parse(line) as unknown)).toEqual([
      { event: 'started', run_id: 'r' },
      expect.objectContaining({ event: 'progress', done: 1_234, queued: 230, in_flight: 16 }),
    ]);
  });
});

describe('the times of hosts', () => {
  it('name the slowest on average first', () => {
    const hosts = new HostTimes();
    hosts.record('fast.test', 10, '200');
    hosts.record('slow.test', 100, '200');
    hosts.record('slow.test', 300, 'failed');
    expect(hosts.slowest(1)).toEqual([{ host: 'slow.test', requests: 2, failed: 1, meanMs: 200, longestMs: 300 }]);
  });
});
