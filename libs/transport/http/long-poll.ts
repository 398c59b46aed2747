import type { ServerResponse } from 'node:http';

export interface LongPoll {
  /** Aborts when waiting longer is of no use. */
  readonly signal: AbortSignal;
  /** Lets go of everything that it listens to. */
  end(): void;
}

/** How long a long poll may wait: its own time, and no longer than the server takes requests and its caller stays. */
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
