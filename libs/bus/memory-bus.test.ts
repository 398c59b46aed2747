import { expect, it } from 'vitest';
import { describeBus } from '../../test/conformance/bus.ts';
import { Fifo } from '../concurrency/fifo.ts';
import type { ChainMessage } from '../contracts/chain.ts';
import { MemoryBus } from './memory-bus.ts';

describeBus('in-process', async (options) => new MemoryBus(options));

it('the in-process bus delivers 50,000 messages in their order', async () => {
  const bus = new MemoryBus({ capacity: 100_000 });
  for (let n = 0; n < 50_000; n++) {
    await bus.publish({ kind: 'request', model: { id: String(n) } } as unknown as ChainMessage);
  }
  const seen: number[] = [];
  const all = Promise.withResolvers<void>();
  bus.subscribe({
    stage: 'downloader',
    slots: 3,
    receive: async ({ message, ack }) => {
      ack();
      if (seen.push(Number(message.model.id)) === 50_000) all.resolve();
    },
  });
  await all.promise;
  expect(seen.every((n, at) => n === at)).toBe(true);
  await bus.close();
});

it('a queue keeps its order while it is filled and emptied by turns', () => {
  const fifo = new Fifo<number>();
  const out: number[] = [];
  let pushed = 0;
  for (let round = 0; round < 200; round++) {
    for (let n = 0; n < 30; n++) fifo.push(pushed++);
    for (let n = 0; n < (round < 150 ? 20 : 60); n++) {
      const value = fifo.shift();
      if (value !== undefined) out.push(value);
    }
  }
  expect(out).toEqual(Array.from({ length: out.length }, (_, n) => n));
  expect(out.length + fifo.size).toBe(6_000);
  fifo.clear();
  expect([fifo.size, fifo.shift()]).toEqual([0, undefined]);
});
