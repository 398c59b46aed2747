import { expect, it } from 'vitest';
import { isCachePolicy, MAX_CACHE_TTL_MS } from './step-options.ts';

it.each([['run'], [{ scope: 'run', ttlMs: 1 }], [{ scope: 'shared', ttlMs: MAX_CACHE_TTL_MS }]])(
  'a policy of a cache is %j',
  (value) => {
    expect(isCachePolicy(value)).toBe(true);
  },
);

it.each([
  ['shared'],
  [true],
  [null],
  [{ scope: 'shared' }],
  [{ ttlMs: 1 }],
  [{ scope: 'all', ttlMs: 1 }],
  [{ scope: 'shared', ttlMs: 0 }],
  [{ scope: 'shared', ttlMs: Number.NaN }],
  [{ scope: 'shared', ttlMs: '1' }],
  [{ scope: 'shared', ttlMs: MAX_CACHE_TTL_MS + 1 }],
  [{ scope: 'shared', ttlMs: 1, ttl: 1 }],
])('a policy of a cache is not %j', (value) => {
  expect(isCachePolicy(value)).toBe(false);
});
