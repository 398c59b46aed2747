import { describe, expect, it } from 'vitest';
import { backOffMs } from './back-off.ts';

describe('back-off', () => {
  it('doubles from the first wait up to the longest', () => {
    const waits = [0, 1, 2, 3, 4].map((failures) => backOffMs({ baseMs: 100, maxMs: 1_000 }, failures));
    expect(waits).toEqual([100, 200, 400, 800, 1_000]);
  });

  it('grows by another factor where one is given', () => {
    expect(backOffMs({ baseMs: 100, maxMs: 10_000, factor: 4 }, 2)).toBe(1_600);
  });

  it('is the longest wait after any number of failures, and the first one before there was any', () => {
    expect(backOffMs({ baseMs: 100, maxMs: 1_000 }, 10_000)).toBe(1_000);
    expect(backOffMs({ baseMs: 100, maxMs: 1_000 }, -1)).toBe(100);
  });
});
