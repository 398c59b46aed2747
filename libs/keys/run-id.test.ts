import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/clock.ts';
import { createRunIds, isRunId, runIdTimeMs } from './run-id.ts';

const ones = (bytes: number) => new Uint8Array(bytes).fill(0xff);
const zeros = (bytes: number) => new Uint8Array(bytes);

describe('run ids', () => {
  it('have the layout of UUID version 7', () => {
    expect(createRunIds(new ManualClock(1_700_000_000_000), zeros)()).toBe('018bcfe5-6800-7000-8000-000000000000');
    expect(createRunIds(new ManualClock(1_700_000_000_000), ones)()).toBe('018bcfe5-6800-77ff-bfff-ffffffffffff');
  });

  it('sort by the time at which they were made', () => {
    const clock = new ManualClock();
    const next = createRunIds(clock);
    const ids = Array.from({ length: 100 }, () => {
      clock.advance(1);
      return next();
    });
    expect([...ids].sort()).toEqual(ids);
  });

  it('grow within one millisecond, and when the clock jumps back, and are never twice the same', () => {
    const clock = new ManualClock();
    const next = createRunIds(clock);
    const ids: string[] = [];
    for (let n = 0; n < 10_000; n += 1) {
      if (n % 1_000 === 999) clock.advance(-5);
      ids.push(next());
    }
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('carry their time', () => {
    const next = createRunIds(new ManualClock(1_700_000_000_123));
    expect(runIdTimeMs(next())).toBe(1_700_000_000_123);
  });

  it.each(['', 'x', '018bcfe5-6800-4000-8000-000000000000', '018BCFE5-6800-7000-8000-000000000000', ' 018bcfe5'])(
    'are not %j',
    (text) => {
      expect(isRunId(text)).toBe(false);
      expect(runIdTimeMs(text)).toBeUndefined();
    },
  );

  it('are unpredictable by default', () => {
    const clock = new ManualClock();
    expect(createRunIds(clock)().slice(19)).not.toBe(createRunIds(clock)().slice(19));
  });
});
