import type { ServerResponse } from 'node:http';

export interface LongPoll {
  /** Aborts when the wait must end. */
  readonly signal: AbortSignal;
  /** Removes all its listeners and timers. */
  end(): void;
}

/** The wait of a long poll: it ends after its own time, when the server stops, or when its caller disconnects. */
export function longPoll(waitMs: number, drain: AbortSignal, response: ServerResponse): LongPoll {
  const over = new AbortController();
  const end = (): void => {
    over.abort();
    clearTimeout(timer);
    drain.removeEventListener('abort', end);
    response.off('close', end);
  };
  const timer = setTimeout(end, waitMs);
  if (drain.aborted) end();
  drain.addEventListener('abort', end);
  response.on('close', end);
  return { signal: over.signal, end };
}
