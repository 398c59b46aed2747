import { describe, expect, it, vi } from 'vitest';
import type { Answer } from '../http/exchange.ts';
import type { HopContext } from './policy.ts';
import { retryAfter } from './retry-after.ts';

const NOW = 1_000_000;

async function delaysAfter(status: number, ...headers: [string, string][]): Promise<unknown[][]> {
  const delay = vi.fn();
  const sending = { deps: { limiter: { delay }, clock: { now: () => NOW } } };
  const answer = { status, headers } as Partial<Answer> as Answer;
  const context = { sending, limitKey: 'shop.example' } as unknown as HopContext;
  expect(await retryAfter(context, async () => answer)).toBe(answer);
  return delay.mock.calls;
}

describe('a server that asks to be left alone for a while', () => {
  it.each([200, 302, 404, 429, 503])('holds up all requests of its limit: %d', async (status) => {
    expect(await delaysAfter(status, ['retry-after', '7'])).toEqual([['shop.example', NOW + 7_000]]);
  });

  it('is not heard without a time', async () => {
    expect(await delaysAfter(429)).toEqual([]);
    expect(await delaysAfter(429, ['retry-after', 'soon'])).toEqual([]);
    expect(await delaysAfter(429, ['retry-after', '0'])).toEqual([]);
  });

  it('is heard before it refuses anything, when its quota is used up', async () => {
    const quota = (left: string): [string, string][] => [
      ['x-ratelimit-remaining', left],
      ['x-ratelimit-reset', '9'],
    ];
    expect(await delaysAfter(200, ...quota('0'))).toEqual([['shop.example', NOW + 9_000]]);
    expect(await delaysAfter(200, ...quota('1'))).toEqual([]);
    expect(await delaysAfter(429, ...quota('0'), ['retry-after', '12'])).toEqual([['shop.example', NOW + 12_000]]);
  });
});
