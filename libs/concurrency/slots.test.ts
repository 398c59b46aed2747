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

it('lends the slot of whoever stands aside, who has one again before all who wait in line', async () => {
  const slots = new Slots(1);
  const order: string[] = [];
  slots.tryTake();
  const turn = Promise.withResolvers<string>();
  const back = slots.aside(() => turn.promise).then((value) => order.push(value));
  expect([slots.tryTake(), slots.taken]).toEqual([true, 2]);
  const inLine = slots.take()?.then(() => order.push('in line'));
  turn.resolve('back');
  await new Promise(setImmediate);
  expect(order).toEqual([]);
  slots.give();
  await back;
  expect([order, slots.taken]).toEqual([['back'], 1]);
  slots.give();
  await inLine;
  slots.give();
});

it('counts whoever stands aside as one at work, also when what it waits for fails', async () => {
  const slots = new Slots(1);
  slots.tryTake();
  const turn = Promise.withResolvers<never>();
  const failing = slots.aside(() => turn.promise);
  let idle = false;
  const ended = slots.idle().then(() => {
    idle = true;
  });
  turn.reject(new Error('no turn'));
  await expect(failing).rejects.toThrow('no turn');
  expect([idle, slots.tryTake()]).toEqual([false, false]);
  slots.give();
  await ended;
});
