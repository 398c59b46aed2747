import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairQueue, type Share } from './fair-queue.ts';

const share = (runId: string, weight = 4, account = 'a'): Share => ({ weight, account, runId });

function takeAll<T>(queue: FairQueue<T>): T[] {
  const taken: T[] = [];
  while (queue.size > 0) taken.push(queue.shift()!);
  return taken;
}

describe('a fair queue', () => {
  it('serves the runs in turn, and each in the order in which its entries came', () => {
    const queue = new FairQueue<string>();
    for (const at of [1, 2, 3, 4]) queue.push(`large ${at}`, share('large'));
    for (const at of [1, 2]) queue.push(`small ${at}`, share('small'));
    expect(takeAll(queue)).toEqual(['large 1', 'small 1', 'large 2', 'small 2', 'large 3', 'large 4']);
  });

  it('serves a run that comes late after at most one entry of each other run', () => {
    const queue = new FairQueue<string>();
    for (let at = 0; at < 100; at++) queue.push('large', share('large'));
    for (let at = 0; at < 10; at++) queue.shift();
    queue.push('late', share('late'));
    expect([queue.shift(), queue.shift()]).toContain('late');
  });

  it('serves accounts in turn, however many runs each has', () => {
    const queue = new FairQueue<string>();
    for (const run of ['1', '2', '3']) for (let at = 0; at < 10; at++) queue.push('many', share(run, 4, 'many'));
    for (let at = 0; at < 10; at++) queue.push('one', share('4', 4, 'one'));
    const first = Array.from({ length: 10 }, () => queue.shift());
    expect(first.filter((account) => account === 'one')).toHaveLength(5);
  });

  it('serves classes in proportion to their weights, the lowest too', () => {
    const queue = new FairQueue<number>();
    for (const weight of [1, 4, 16]) {
      for (let at = 0; at < 500; at++) queue.push(weight, share(`run ${weight}`, weight));
    }
    const first = Array.from({ length: 210 }, () => queue.shift());
    const served = [1, 4, 16].map((weight) => first.filter((each) => each === weight).length);
    expect(served[0]).toBeGreaterThanOrEqual(9);
    expect(served[0]).toBeLessThanOrEqual(11);
    expect(served[1]).toBeGreaterThanOrEqual(38);
    expect(served[1]).toBeLessThanOrEqual(42);
  });

  it('gives a class that was empty no turns for the time in which it was', () => {
    const queue = new FairQueue<string>();
    for (let at = 0; at < 200; at++) queue.push('old', share('old', 1));
    for (let at = 0; at < 100; at++) queue.shift();
    for (let at = 0; at < 100; at++) queue.push('new', share('new', 1));
    const first = Array.from({ length: 20 }, () => queue.shift());
    const served = first.filter((name) => name === 'new').length;
    expect(served).toBeGreaterThanOrEqual(9);
    expect(served).toBeLessThanOrEqual(11);
  });

  it('forgets what is removed, and a run, account or class of which nothing is left', () => {
    const queue = new FairQueue<string>();
    const [one, two] = [queue.push('1', share('a')), queue.push('2', share('a'))];
    const alone = queue.push('alone', share('b', 16, 'other'));
    queue.remove(one);
    queue.remove(one);
    queue.remove(alone);
    expect([queue.size, queue.runs, queue.sizeOf('a'), queue.sizeOf('b')]).toEqual([1, 1, 1, 0]);
    expect(queue.shift()).toBe('2');
    queue.remove(two);
    expect([queue.size, queue.runs, queue.shift()]).toEqual([0, 0, undefined]);
    queue.push('again', share('b', 16, 'other'));
    expect(takeAll(queue)).toEqual(['again']);
  });

  it('takes an entry whose share differs from that of its run as one of the run', () => {
    const queue = new FairQueue<string>();
    queue.push('1', share('a'));
    const odd = queue.push('odd', share('a', 1, 'other'));
    queue.shift();
    queue.remove(odd);
    expect([queue.size, queue.runs]).toEqual([0, 0]);
  });

  it('loses nothing, doubles nothing, and keeps each run in its order', () => {
    const entries = fc.array(fc.record({ run: fc.nat(4), weight: fc.constantFrom(1, 4, 16), takes: fc.nat(3) }));
    fc.assert(
      fc.property(entries, (pushes) => {
        const queue = new FairQueue<{ run: number; at: number }>();
        const taken: { run: number; at: number }[] = [];
        for (const [at, { run, weight, takes }] of pushes.entries()) {
          // One account and weight for each run, as in the engine.
          queue.push({ run, at }, { weight, account: `${weight}`, runId: `${run} ${weight}` });
          for (let left = takes; left > 0 && queue.size > 0; left--) taken.push(queue.shift()!);
        }
        taken.push(...takeAll(queue));
        expect(taken.map(({ at }) => at).sort((one, other) => one - other)).toEqual(pushes.map((_, at) => at));
        for (const [key, ofRun] of Map.groupBy(taken, ({ run, at }) => `${run} ${pushes[at]!.weight}`)) {
          const order = ofRun.map(({ at }) => at);
          expect(order, key).toEqual(order.toSorted((one, other) => one - other));
        }
        expect(queue.runs).toBe(0);
      }),
    );
  });
});
