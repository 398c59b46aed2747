import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RETRY_AFTER_MS, retryAfterMs } from './retry-after.ts';

const nowMs = Date.UTC(2026, 10, 21, 8, 49, 37);

function waitFor(value: string): number | undefined {
  return retryAfterMs([['Retry-After', value]], nowMs);
}

describe('retryAfterMs', () => {
  it('reads seconds', () => {
    expect(waitFor('0')).toBe(0);
    expect(waitFor(' 120 ')).toBe(120_000);
    expect(waitFor('1.5')).toBe(1_500);
  });

  it('reads the three forms of an HTTP date', () => {
    expect(waitFor('Sat, 21 Nov 2026 08:50:07 GMT')).toBe(30_000);
    expect(waitFor('Saturday, 21-Nov-26 08:50:07 GMT')).toBe(30_000);
    expect(waitFor('Sat Nov 21 08:50:07 2026')).toBe(30_000);
  });

  it.each([
    'Sat, 21 Nov 2026 08:50:07 UTC',
    'Sat, 21 Nov 2026 08:50:07 UT',
    'Sat, 21 Nov 2026 09:50:07 +0100',
    'Sat, 21 Nov 2026 03:50:07 -05:00',
    'Sat, 21 Nov 2026 8:50:07 GMT',
    'Sat,  21 Nov 2026 08:50:07 gmt',
    'Sat 21 Nov 2026 08:50:07 GMT',
    'Saturday, 21-November-2026 08:50:07 GMT',
    '21 Nov 2026 08:50:07',
    '2026-11-21T08:50:07Z',
    '2026-11-21T10:50:07.000+02:00',
    '2026-11-21 08:50:07+00:00',
  ])('W21: reads the date %j', (value) => {
    expect(waitFor(value)).toBe(30_000);
  });

  it('W21: reads a day of one digit', () => {
    expect(retryAfterMs([['retry-after', 'Mon, 3 Jun 2019 12:00:00 UTC']], Date.UTC(2019, 5, 3, 11, 59))).toBe(60_000);
  });

  it('asks for no wait when the date has passed', () => {
    expect(waitFor('Sat, 21 Nov 2026 08:00:00 GMT')).toBe(0);
  });

  it('never waits longer than an hour', () => {
    expect(waitFor('999999999999999')).toBe(MAX_RETRY_AFTER_MS);
    expect(waitFor('Fri, 01 Jan 2100 00:00:00 GMT')).toBe(MAX_RETRY_AFTER_MS);
  });

  it.each([
    '',
    '-1',
    'soon',
    '1e9',
    '0x10',
    'Infinity',
    'NaN',
    '9'.repeat(400),
    'Sat, 99 Nov 2026 08:50:07 GMT',
    '2026-11-21',
    '2026-11-21T08:50:07',
    'Sat, 21 Foo 2026 08:50:07 GMT',
    'Sat, 21 Nov 2026 25:50:07 GMT',
    'Sat, 21 Nov 2026',
    '21 Nov 2026 08:50:07 EST',
    '1;2',
  ])('reads nothing from %j', (value) => {
    expect(waitFor(value)).toBeUndefined();
  });

  it('takes the first value that can be read, and says nothing without the header', () => {
    const headers: [string, string][] = [
      ['retry-later', '1'],
      ['retry-after', 'soon'],
      ['retry-after', '7'],
    ];
    expect(retryAfterMs(headers, nowMs)).toBe(7_000);
    expect(retryAfterMs([], nowMs)).toBeUndefined();
  });

  it('answers nothing or a bounded wait for any value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (value) => {
        const waitMs = waitFor(value);
        expect(waitMs === undefined || (waitMs >= 0 && waitMs <= MAX_RETRY_AFTER_MS)).toBe(true);
      }),
    );
  });
});
