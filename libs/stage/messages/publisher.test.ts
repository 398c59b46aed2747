import { describe, expect, it, vi } from 'vitest';
import { MemoryBus } from '../../bus/memory-bus.ts';
import type { ChainMessage } from '../../contracts/chain.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { backpressureCounter } from '../observe/meters.ts';
import { Publisher } from './publisher.ts';

const request = (id: string) => ({ kind: 'request', model: { id } }) as unknown as ChainMessage;
const response = { kind: 'response', model: {} } as unknown as ChainMessage;
const hop = { kind: 'parser_task', model: {} } as unknown as ChainMessage;

function open(capacity: number, concurrency = 1) {
  const bus = new MemoryBus({ capacity });
  const refusals: string[] = [];
  const reasons = new Set<string>();
  const publisher = new Publisher({
    bus,
    retryDelayMs: 1,
    concurrency,
    keepEveryMs: 0,
    onBackpressure: (sender, receiver, reason) => {
      refusals.push(`${sender} → ${receiver}`);
      reasons.add(reason);
    },
  });
  return { bus, publisher, refusals, reasons };
}

it('a message goes to the queue of the stage that takes its kind', async () => {
  const { bus, publisher } = open(5);
  await publisher.publish('parser', [request('a'), hop]);
  expect([bus.depth('downloader'), bus.depth('ingress'), bus.depth('parser')]).toEqual([1, 1, 0]);
  expect([publisher.room('downloader'), publisher.room('parser')]).toEqual([4, 5]);
});

it('a full queue makes its sender wait, and is counted, until there is room', async () => {
  const { bus, publisher, refusals } = open(1);
  await publisher.publish('module-processor', [request('a')]);
  const seen: string[] = [];
  const published = publisher.publish('module-processor', [request('b')]);
  while (refusals.length === 0) await Promise.resolve();
  bus.subscribe({
    stage: 'downloader',
    slots: 1,
    receive: async ({ message, ack }) => {
      seen.push(message.model.id);
      ack();
    },
  });
  await published;
  await vi.waitFor(() => expect(seen).toEqual(['a', 'b']));
  expect(refusals).toContain('module-processor → downloader');
});

it('a wake-up is left to the sweeper when its queue stays full', async () => {
  const { bus, publisher, refusals } = open(1);
  await publisher.publish('parser', [request('a'), request('b')]);
  expect([bus.depth('downloader'), refusals.length]).toEqual([1, 5]);
});

describe('a response', () => {
  it('waits until there is room, however long, and is kept from being taken for lost', async () => {
    const { bus, publisher, refusals } = open(0);
    const kept = vi.fn(async () => undefined);
    const giveUp = vi.fn(async () => undefined);
    let isOver = false;
    const published = publisher.publish('downloader', [response], { keep: kept, giveUp }).then(() => {
      isOver = true;
    });
    await vi.waitFor(() => expect(refusals.length).toBeGreaterThan(20));
    expect([isOver, new Set(refusals)]).toEqual([false, new Set(['downloader → parser'])]);
    expect(kept.mock.calls.length).toBeGreaterThan(5);
    bus.publish = async () => true;
    await published;
    expect([await publisher.stop(), giveUp.mock.calls.length]).toEqual([0, 0]);
  });

  it('waits while the bus does not answer, and throws what no wait mends', async () => {
    const { bus, publisher, reasons } = open(0);
    bus.publish = async () => Promise.reject(new CatenaError('bus.unavailable', 'silent', { class: 'retryable' }));
    const published = publisher.publish('downloader', [response]);
    await vi.waitFor(() => expect([...reasons]).toEqual(['queue_closed']));
    bus.publish = async () => Promise.reject(new CatenaError('bus.message_too_large', 'too large'));
    await expect(published).rejects.toMatchObject({ code: 'bus.message_too_large' });
  });

  it('is given up when the process stops', async () => {
    const { publisher } = open(0);
    const giveUp = vi.fn(async () => undefined);
    const published = publisher.publish('downloader', [response], { keep: async () => undefined, giveUp });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await publisher.stop()).toBe(1);
    await published;
    expect(giveUp).toHaveBeenCalledTimes(1);
  });

  it('waits aside when its sender is the parser, whose slots must become free', async () => {
    const { publisher } = open(0);
    await publisher.publish('parser', [response]);
    await publisher.publish('sweeper', [response]);
    expect(await publisher.stop()).toBe(2);
  });
});

it('messages of one outcome are published side by side, up to a number', async () => {
  const { bus, publisher } = open(100, 3);
  let atOnce = 0;
  let most = 0;
  bus.publish = async () => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    atOnce -= 1;
    return true;
  };
  await publisher.publish(
    'parser',
    Array.from({ length: 8 }, (_, n) => request(`${n}`)),
  );
  expect(most).toBe(3);
});

it('refusals are counted by who sends and which queue is full', async () => {
  const metrics = new Metrics();
  const bus = new MemoryBus({ capacity: 0 });
  const publisher = new Publisher({ bus, retryDelayMs: 0, onBackpressure: backpressureCounter(metrics) });
  await publisher.publish('module-processor', [request('a')]);
  await publisher.publish('parser', [hop]);
  const waits = publisher.publish('downloader', [response]);
  await new Promise((resolve) => setImmediate(resolve));
  const full = { reason: 'queue_full' };
  expect(metrics.counter(METRICS.requestPublishBackpressure).with(full).value).toBe(5);
  expect(metrics.counter(METRICS.parserChainBackpressure).with({ ...full, queue: 'ingress' }).value).toBe(5);
  expect(
    metrics.counter(METRICS.downloadResponseBackpressure).with({ ...full, queue: 'parser' }).value,
  ).toBeGreaterThan(0);
  expect(await publisher.stop()).toBe(1);
  await waits;
});

it('room that was promised to one commit is not promised to another, until it is given back', async () => {
  const { bus, publisher } = open(10);
  await publisher.publish('parser', [hop]);
  const first = publisher.grant('ingress', 6);
  const second = publisher.grant('ingress', 6);
  expect([first.count, second.count, publisher.room('ingress'), publisher.room('downloader')]).toEqual([6, 3, 0, 10]);
  first.release();
  first.release();
  expect(publisher.room('ingress')).toBe(6);
  second.release();
  expect([publisher.room('ingress'), bus.room('ingress')]).toEqual([9, 9]);
});
