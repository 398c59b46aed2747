import { expect, it } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { Backlog } from './backlog.ts';

function open(capacity = 10) {
  const clock = new ManualClock();
  const answers: PromiseWithResolvers<number>[] = [];
  const backlog = new Backlog({
    capacity,
    monotonic: () => clock.monotonic(),
    countPending: () => {
      const answer = Promise.withResolvers<number>();
      answers.push(answer);
      return answer.promise;
    },
  });
  const answer = async (pending: number): Promise<void> => {
    answers.at(-1)!.resolve(pending);
    await backlog.read();
  };
  return { backlog, clock, answers, answer };
}

it('counts what this process does on top of what the server said', async () => {
  const { backlog, answer } = open();
  void backlog.read();
  await answer(3);
  backlog.add();
  backlog.add();
  backlog.withdraw();
  backlog.delivered(1, false);
  expect([backlog.depth, backlog.room]).toEqual([3, 7]);
});

it('asks again when its knowledge is a second old, sooner while the queue seems full, and never twice at once', async () => {
  const { backlog, clock, answers, answer } = open(2);
  void backlog.read();
  await answer(1);
  clock.advance(999);
  expect([backlog.depth, answers.length]).toEqual([1, 1]);
  clock.advance(1);
  expect([backlog.depth, backlog.room, answers.length]).toEqual([1, 1, 2]);
  await answer(2);
  clock.advance(50);
  expect([backlog.room, answers.length]).toEqual([0, 3]);
  await answer(1);
  expect(backlog.room).toBe(1);
});

it('leaves aside an answer that was given while messages moved, but not for ever', async () => {
  const { backlog, clock, answer } = open(100);
  void backlog.read();
  await answer(0);
  const depths: number[] = [];
  for (let n = 0; n < 3; n++) {
    clock.advance(1_000);
    void backlog.depth;
    backlog.add();
    await answer(50);
    depths.push(backlog.depth);
  }
  expect(depths).toEqual([1, 2, 50]);
});

it('keeps its estimate when the server cannot be asked', async () => {
  const { backlog, clock, answers, answer } = open();
  void backlog.read();
  await answer(4);
  clock.advance(1_000);
  void backlog.depth;
  answers.at(-1)!.reject(new Error('no answer'));
  await backlog.read();
  expect(backlog.depth).toBe(4);
});

it('counts what was given back until it comes again, or is thought to have gone to another process', async () => {
  const { backlog, clock, answer } = open();
  void backlog.read();
  await answer(0);
  backlog.givenBack(7, 100);
  backlog.givenBack(8, 100);
  expect(backlog.depth).toBe(2);
  backlog.delivered(7, true);
  expect(backlog.depth).toBe(1);
  clock.advance(1_101);
  expect(backlog.depth).toBe(0);
});

it('is never below nothing, and forgets nothing for that', () => {
  const { backlog } = open();
  // A delivery may overtake the answer to its own publish.
  backlog.delivered(1, false);
  expect([backlog.depth, backlog.room]).toEqual([0, 10]);
  backlog.add();
  backlog.add();
  expect(backlog.depth).toBe(1);
});
