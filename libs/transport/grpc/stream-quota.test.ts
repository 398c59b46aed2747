import { afterEach, expect, it, vi } from 'vitest';
import { clientOf, endServing, serve } from '../../../test/fixtures/grpc/serving.ts';
import { HealthDefinition } from '../../contracts/rpc.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { callerOf, StreamQuota } from './stream-quota.ts';

afterEach(endServing);

it('streams of one caller are bounded over all connections, those of another are not affected', () => {
  const quota = new StreamQuota(2);
  const ends = ['a', 'a', 'b'].map((caller) => quota.open(caller) as () => void);
  expect(quota.open('a')).toBeInstanceOf(CatenaError);
  ends[0]!();
  ends[0]!();
  expect(quota.open('a')).toBeInstanceOf(Function);
  expect(quota.open('a')).toMatchObject({ code: 'grpc.too_many_streams', class: 'retryable' });
});

it('callers are told apart by token, or by address without the port', () => {
  expect(callerOf('t', '10.0.0.1:5')).toBe('token t');
  expect([callerOf(undefined, '10.0.0.1:5'), callerOf(undefined, '10.0.0.1:6')]).toEqual([
    'address 10.0.0.1',
    'address 10.0.0.1',
  ]);
});

it('a server refuses further streams, and takes new ones when old ones have ended', async () => {
  const server = await serve({}, { maxStreamsPerCaller: 3 });
  const client = clientOf(HealthDefinition, server.port);
  const over = new AbortController();
  const watch = (signal: AbortSignal) => client.watch({ service: '' }, { signal })[Symbol.asyncIterator]();
  const open = Array.from({ length: 3 }, () => watch(over.signal));
  for (const each of open) expect((await each.next()).done).toBe(false);
  await expect(watch(new AbortController().signal).next()).rejects.toMatchObject({ code: 'grpc.too_many_streams' });
  const pending = open.map((each) => each.next().catch(() => undefined));
  over.abort();
  await Promise.all(pending);
  const later = new AbortController();
  await vi.waitFor(async () => expect((await watch(later.signal).next()).done).toBe(false));
  later.abort();
});
