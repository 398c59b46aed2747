import { describe, expect, it, vi } from 'vitest';
import { obeyRetryAfter } from './retry-after.ts';

const NOW = 1_000_000;

function delaysAfter(status: number, value?: string): unknown[][] {
  const delay = vi.fn();
  const clock = { now: () => NOW } as Parameters<typeof obeyRetryAfter>[0]['clock'];
  const headers: [string, string][] = value === undefined ? [] : [['retry-after', value]];
  obeyRetryAfter({ limiter: { delay }, clock }, 'shop.example', { status, headers });
  return delay.mock.calls;
}

describe('a server that asks to be left alone for a while', () => {
  it.each([429, 503])('holds up all requests of its limit: %d', (status) => {
    expect(delaysAfter(status, '7')).toEqual([['shop.example', NOW + 7_000]]);
  });

  it('is not heard in an answer of another status, or without a time', () => {
    expect(delaysAfter(500, '7')).toEqual([]);
    expect(delaysAfter(429)).toEqual([]);
    expect(delaysAfter(429, 'soon')).toEqual([]);
  });
});
