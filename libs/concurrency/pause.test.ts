import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pause } from './abort.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('lasts as long as it is told', async () => {
  const over = vi.fn();
  void pause(1_000, new AbortController().signal).then(over);
  await vi.advanceTimersByTimeAsync(999);
  expect(over).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(over).toHaveBeenCalled();
});

it('is over as soon as the signal aborts, and leaves no timer behind', async () => {
  const stopping = new AbortController();
  const paused = pause(1_000, stopping.signal);
  stopping.abort();
  await paused;
  expect(vi.getTimerCount()).toBe(0);
});
