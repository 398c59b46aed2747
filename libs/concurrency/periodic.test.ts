import { describe, expect, it, vi } from 'vitest';
import { periodically } from './periodic.ts';

describe('what is done periodically', () => {
  it('is done at once and again, also after a turn that failed', async () => {
    const ending = new AbortController();
    const errors: unknown[] = [];
    let turns = 0;
    const turn = async () => {
      turns += 1;
      if (turns === 2) throw new Error('once');
    };
    periodically(turn, { intervalMs: 1, signal: ending.signal, onError: (error) => void errors.push(error) });
    expect(turns).toBe(1);
    await vi.waitFor(() => expect(turns).toBeGreaterThan(3));
    ending.abort();
    expect(errors).toEqual([new Error('once')]);
  });

  it('ends when it is told to, and a turn that is cut short by that is no error', async () => {
    const ending = new AbortController();
    const onError = vi.fn();
    const turn = vi.fn(async (signal: AbortSignal) => {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    periodically(turn, { intervalMs: 1, signal: ending.signal, onError });
    ending.abort();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([turn.mock.calls.length, onError.mock.calls.length]).toEqual([1, 0]);
  });

  it('is not begun when the end has come already', () => {
    const turn = vi.fn(async () => {});
    periodically(turn, { intervalMs: 1, signal: AbortSignal.abort(), onError: () => {} });
    expect(turn).not.toHaveBeenCalled();
  });
});
