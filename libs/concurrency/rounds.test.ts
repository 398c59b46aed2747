import { describe, expect, it, vi } from 'vitest';
import { Rounds } from './rounds.ts';

describe('rounds of work', () => {
  it('begin at once and again, one at a time', async () => {
    let running = 0;
    let atOnce = 0;
    const work = vi.fn(async () => {
      running += 1;
      atOnce = Math.max(atOnce, running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
    });
    const rounds = new Rounds(work, 0);
    rounds.start();
    rounds.start();
    await vi.waitFor(() => expect(work.mock.calls.length).toBeGreaterThan(3));
    await rounds.stop();
    expect(atOnce).toBe(1);
  });

  it('are over when a stop has waited for the current one', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const work = vi.fn(() => promise);
    const rounds = new Rounds(work, 0);
    rounds.start();
    await vi.waitFor(() => expect(work).toHaveBeenCalledOnce());
    const stopped = vi.fn();
    const stop = rounds.stop().then(stopped);
    await new Promise((done) => setTimeout(done, 5));
    expect([rounds.isStopped, stopped.mock.calls.length]).toEqual([true, 0]);
    resolve();
    await stop;
    rounds.start();
    await new Promise((done) => setTimeout(done, 5));
    expect(work).toHaveBeenCalledOnce();
  });

  it('can be ended by a round, and begin only after a delay', async () => {
    const work = vi.fn(async () => rounds.end());
    const rounds: Rounds = new Rounds(work, 0);
    rounds.start(5);
    await Promise.resolve();
    expect(work).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(work).toHaveBeenCalledOnce());
    await new Promise((done) => setTimeout(done, 5));
    await rounds.stop();
    expect(work).toHaveBeenCalledOnce();
  });
});
