import { expect, it } from 'vitest';
import { Slots } from './slots.ts';

it('gives as many slots as there are, and then makes others wait in line', async () => {
  const slots = new Slots(2);
  const order: string[] = [];
  expect([slots.take(), slots.take(), slots.taken]).toEqual([undefined, undefined, 2]);
  const first = slots.take()?.then(() => order.push('first'));
  const second = slots.take()?.then(() => order.push('second'));
  slots.give();
  slots.give();
  await Promise.all([first, second]);
  expect([order, slots.taken]).toEqual([['first', 'second'], 2]);
});

it('lets nobody overtake those who wait', async () => {
  const slots = new Slots(1);
  expect(slots.tryTake()).toBe(true);
  const waiting = slots.take();
  expect(slots.tryTake()).toBe(false);
  slots.give();
  expect(slots.tryTake()).toBe(false);
  await waiting;
  slots.give();
  expect(slots.tryTake()).toBe(true);
});

it('says when nothing is taken: at once, or when the last slot came back', async () => {
  const slots = new Slots(2);
  await slots.idle();
  slots.tryTake();
  slots.tryTake();
  let idle = false;
  const ended = slots.idle().then(() => {
    idle = true;
  });
  slots.give();
  await Promise.resolve();
  expect(idle).toBe(false);
  slots.give();
  await ended;
  expect(idle).toBe(true);
});
