import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import type { RedisClient } from './script.ts';
import { writeTogether } from './write-together.ts';

/** A connection that counts what would be system calls. */
function connection() {
  const writes: number[] = [];
  let corked = 0;
  let held = 0;
  const write = (): void => {
    if (corked > 0) held += 1;
    else writes.push(1);
  };
  const stream = Object.assign(new EventEmitter(), {
    cork: () => {
      corked += 1;
    },
    uncork: () => {
      corked -= 1;
      if (corked > 0 || held === 0) return;
      writes.push(held);
      held = 0;
    },
  });
  const redis = { stream } as unknown as RedisClient;
  const call = (): void => {
    writeTogether(redis);
    write();
  };
  return { call, writes };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('sends the calls of a turn in one write, and each turn’s by themselves', async () => {
  const { call, writes } = connection();
  for (let calls = 0; calls < 3; calls++) call();
  expect(writes).toEqual([]);
  await turn();
  call();
  await turn();
  expect(writes).toEqual([3, 1]);
});

it('takes in what is called in the microtasks of the turn', async () => {
  const { call, writes } = connection();
  await Promise.all([1, 2, 3].map(async () => call()));
  await Promise.resolve().then(call);
  await turn();
  expect(writes.reduce((sum, each) => sum + each, 0)).toBe(4);
  expect(writes.length).toBeLessThanOrEqual(2);
});

it('does not keep many waiting: eight at most leave in one write', async () => {
  const { call, writes } = connection();
  for (let calls = 0; calls < 20; calls++) call();
  expect(writes).toEqual([8, 8]);
  await turn();
  expect(writes).toEqual([8, 8, 4]);
});

it('leaves a client without a connection of its own alone', () => {
  expect(() => writeTogether({} as RedisClient)).not.toThrow();
});
