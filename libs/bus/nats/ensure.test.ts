import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { expect, it, vi } from 'vitest';
import { ensureStream } from './ensure.ts';
import { API_CODE } from './nats-error.ts';
import type { WantedStream } from './topology.ts';

const wanted = { name: 'CHAIN_ERROR', subjects: ['chain.error.>'] } as unknown as WantedStream;

const apiError = (code: number) => new JetStreamApiError({ code: 400, err_code: code, description: 'refused' });

/** A server that finds the stream from the `from`-th look on, and refuses to make one over another's subjects. */
function managerThatFinds(from: number) {
  let looks = 0;
  const info = vi.fn(async () => {
    looks += 1;
    if (looks < from) throw apiError(API_CODE.streamNotFound);
    return { config: wanted };
  });
  const add = vi.fn(async () => Promise.reject(apiError(API_CODE.subjectsOverlap)));
  return { manager: { streams: { info, add, update: vi.fn() } } as unknown as JetStreamManager, add };
}

it('finds the stream that another process makes at the same time', async () => {
  const { manager, add } = managerThatFinds(3);
  expect(await ensureStream(manager, wanted)).toBe(false);
  expect(add).toHaveBeenCalledTimes(2);
});

it('says that another stream is in the way when it stays there', async () => {
  const { manager, add } = managerThatFinds(Number.POSITIVE_INFINITY);
  await expect(ensureStream(manager, wanted)).rejects.toMatchObject({ code: 'bus.stream_conflict', class: 'fatal' });
  expect(add).toHaveBeenCalledTimes(5);
});
