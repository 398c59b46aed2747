import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { describe, expect, it, vi } from 'vitest';
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
  expect(await ensureStream(manager, wanted, '2.9.10')).toBe(false);
  expect(add).toHaveBeenCalledTimes(2);
});

it('says that another stream is in the way when it stays there', async () => {
  const { manager, add } = managerThatFinds(Number.POSITIVE_INFINITY);
  await expect(ensureStream(manager, wanted, '2.9.10')).rejects.toMatchObject({
    code: 'bus.stream_conflict',
    class: 'fatal',
  });
  expect(add).toHaveBeenCalledTimes(5);
});

describe('a stream with another number of replicas', () => {
  const found = { ...wanted, num_replicas: 1 };
  const three = { ...wanted, num_replicas: 3 };
  const managerWith = () => {
    const update = vi.fn(async () => undefined);
    return {
      manager: { streams: { info: async () => ({ config: found }), update } } as unknown as JetStreamManager,
      update,
    };
  };

  it('is left alone on a server that would damage it, with the ways out', async () => {
    const { manager, update } = managerWith();
    await expect(ensureStream(manager, three, '2.9.10')).rejects.toMatchObject({
      code: 'bus.replicas_fixed',
      message: expect.stringContaining('CHAIN_ERROR has 1 replicas and nats.replicas is 3, but nats-server 2.9.10'),
      remedy: expect.stringMatching(/set nats\.replicas to 1.*2\.10\.0.*nats stream rm CHAIN_ERROR/),
    });
    expect(update).not.toHaveBeenCalled();
  });

  it('is changed on a server that can', async () => {
    const { manager, update } = managerWith();
    expect(await ensureStream(manager, three, '2.10.0')).toBe(false);
    expect(update).toHaveBeenCalledWith('CHAIN_ERROR', expect.objectContaining({ num_replicas: 3 }));
  });
});
