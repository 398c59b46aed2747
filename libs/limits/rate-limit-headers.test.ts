import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quotaWaitMs } from './rate-limit-headers.ts';
import { MAX_RETRY_AFTER_MS } from './retry-after.ts';

const nowMs = Date.UTC(2026, 10, 21, 8, 49, 37);
const nowSeconds = nowMs / 1_000;
const waitFor = (headers: Readonly<Record<string, string>>) => quotaWaitMs(Object.entries(headers), nowMs);

describe('the quota of a server', () => {
  it.each([
    [{ 'RateLimit-Remaining': '0', 'RateLimit-Reset': '30' }],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(nowSeconds + 30) }],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(nowMs + 30_000) }],
    [{ 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': 'Sat, 21 Nov 2026 08:50:07 GMT' }],
    [{ 'x-ratelimit-reset': '30', 'x-ratelimit-remaining': '-1' }],
    [{ 'ratelimit-remaining': '0, 100;w=60', 'ratelimit-reset': '30' }],
    [{ RateLimit: '"default";r=0;t=30' }],
    [{ RateLimit: '"burst";r=0;t=5, "day";r=0; t=30, "month";r=9;t=999' }],
  ])('of %j is used up, and renewed in thirty seconds', (headers) => {
    expect(waitFor(headers)).toBe(30_000);
  });

  it.each([
    [{}],
    [{ 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '30' }],
    [{ 'x-ratelimit-remaining': '0' }],
    [{ 'x-ratelimit-reset': '30' }],
    [{ 'x-ratelimit-remaining': 'none', 'x-ratelimit-reset': '30' }],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'soon' }],
    [{ 'x-ratelimit-remaining': '0x0', 'x-ratelimit-reset': '30' }],
    [{ ratelimit: '"default";r=5;t=30' }],
    [{ ratelimit: '"default";r=0' }],
    [{ 'ratelimit-policy': '"default";q=100;w=60' }],
  ])('of %j holds nothing up', (headers) => {
    expect(waitFor(headers)).toBeUndefined();
  });

  it('that was renewed already holds nothing up, and none holds longer than an hour', () => {
    expect(waitFor({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(nowSeconds - 5) })).toBe(0);
    const tomorrow = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '86400' };
    expect(waitFor(tomorrow)).toBe(MAX_RETRY_AFTER_MS);
  });

  it('is nothing or a bounded wait for any values', () => {
    const name = fc.constantFrom('ratelimit', 'x-ratelimit-remaining', 'ratelimit-reset');
    const value = fc.oneof(fc.string(), fc.stringMatching(/^[0-9;rt=, "-]{0,20}$/));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 4 }), (headers) => {
        const waitMs = quotaWaitMs(headers, nowMs);
        expect(waitMs === undefined || (waitMs >= 0 && waitMs <= MAX_RETRY_AFTER_MS)).toBe(true);
      }),
    );
  });
});
