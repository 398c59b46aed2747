import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withinGrace } from './within-grace.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('grace', () => {
  it('ends with the work, and leaves no timer behind', async () => {
    await withinGrace(Promise.resolve('done'), 1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is over after its time, whatever the work does', async () => {
    const over = vi.fn();
    const waiting = withinGrace(new Promise(() => undefined), 1_000).then(over);
    await vi.advanceTimersByTimeAsync(999);
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expect(over).toHaveBeenCalled();
  });

  it('gives what the work rejects with', async () => {
    await expect(withinGrace(Promise.reject(new Error('broken')), 1_000)).rejects.toThrow('broken');
  });
});
