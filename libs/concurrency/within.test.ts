import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forcedAfter, within } from './within.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('grace', () => {
  it('ends with the work, and leaves no timer behind', async () => {
    await within(Promise.resolve('done'), 1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is over after its time, whatever the work does', async () => {
    const over = vi.fn();
    const waiting = within(new Promise(() => undefined), 1_000).then(over);
    await vi.advanceTimersByTimeAsync(999);
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expect(over).toHaveBeenCalled();
  });

  it('gives what the work rejects with', async () => {
    await expect(within(Promise.reject(new Error('broken')), 1_000)).rejects.toThrow('broken');
  });
});

describe('force', () => {
  it('is not used on work that ends in time', async () => {
    const force = vi.fn();
    await expect(forcedAfter(Promise.resolve('done'), 1_000, force)).resolves.toBe('done');
    expect(vi.getTimerCount()).toBe(0);
    expect(force).not.toHaveBeenCalled();
  });

  it('is used once on work that takes longer, whose end is waited for all the same', async () => {
    const work = Promise.withResolvers<string>();
    const force = vi.fn(() => work.resolve('ended'));
    const waiting = forcedAfter(work.promise, 1_000, force);
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(waiting).resolves.toBe('ended');
    expect(force).toHaveBeenCalledTimes(1);
  });
});
