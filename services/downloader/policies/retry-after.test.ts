import { describe, expect, it, vi } from 'vitest';
import type { Answer } from '../http/exchange.ts';
import type { HopContext } from './policy.ts';
import { retryAfter } from './retry-after.ts';

const NOW = 1_000_000;

async function delaysAfter(status: number, value?: string): Promise<unknown[][]> {
  const delay = vi.fn();
  const sending = { deps: { limiter: { delay }, clock: { now: () => NOW } } };
  const headers: [string, string][] = value === undefined ? [] : [['retry-after', value]];
  const answer = { status, headers } as Partial<Answer> as Answer;
  const context = { sending, limitKey: 'shop.example' } as unknown as HopContext;
  expect(await retryAfter(context, async () => answer)).toBe(answer);
  return delay.mock.calls;
}

describe('a server that asks to be left alone for a while', () => {
  it.each([429, 503])('holds up all requests of its limit: %d', async (status) => {
    expect(await delaysAfter(status, '7')).toEqual([['shop.example', NOW + 7_000]]);
  });

  it('is not heard in an answer of another status, or without a time', async () => {
    expect(await delaysAfter(500, '7')).toEqual([]);
    expect(await delaysAfter(429)).toEqual([]);
    expect(await delaysAfter(429, 'soon')).toEqual([]);
  });
});
