import { EventEmitter, getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { longPoll } from './long-poll.ts';

function waiting(waitMs: number) {
  const drain = new AbortController();
  const response = new EventEmitter() as unknown as ServerResponse;
  return { drain, response, ...longPoll(waitMs, drain.signal, response) };
}

describe('the longPoll of a long poll', () => {
  it('ends with its time', async () => {
    const { signal } = waiting(10);
    expect(signal.aborted).toBe(false);
    await expect.poll(() => signal.aborted).toBe(true);
  });

  it('ends when the caller goes away, and when the server is to stop', () => {
    const left = waiting(60_000);
    left.response.emit('close');
    expect(left.signal.aborted).toBe(true);
    const stopped = waiting(60_000);
    stopped.drain.abort();
    expect(stopped.signal.aborted).toBe(true);
  });

  it('does not begin at a server that is stopping already', () => {
    expect(longPoll(60_000, AbortSignal.abort(), new EventEmitter() as unknown as ServerResponse).signal.aborted).toBe(
      true,
    );
  });

  it('leaves no listener behind', () => {
    const { drain, response, end } = waiting(60_000);
    end();
    end();
    expect([getEventListeners(drain.signal, 'abort'), response.listenerCount('close')]).toEqual([[], 0]);
  });
});
