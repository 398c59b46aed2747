/** Retries calls to a server that stops answering for a while: it may be restarting, or another one may replace it. */

import { setTimeout as delay } from 'node:timers/promises';
import { backOffMs } from '../../concurrency/back-off.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { formatDuration } from '../terminal/format.ts';

export interface RetryWindow {
  readonly address: string;
  /** How long the server may not answer, in milliseconds. */
  readonly windowMs: number;
  /** Called when the server stops answering, and when it answers again. */
  readonly say: (text: string) => void;
  readonly monotonicMs: () => number;
  readonly signal: AbortSignal;
}

const PAUSES = { baseMs: 200, maxMs: 5_000 };

/**
 * Calls `work`, and again whenever it fails with a retryable error; `work` reports when the server has answered. Throws
 * `server.lost` if the server did not answer for too long, and the signal's reason as soon as it aborts.
 */
export async function persistently<Result>(
  { address, windowMs, say, monotonicMs, signal }: RetryWindow,
  work: (answered: () => void) => Promise<Result>,
): Promise<Result> {
  let silentSinceMs: number | undefined;
  let failures = 0;
  const answered = (): void => {
    if (silentSinceMs !== undefined) say('the server answers again');
    silentSinceMs = undefined;
    failures = 0;
  };
  for (;;) {
    try {
      return await work(answered);
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof CatenaError) || thrown.class !== 'retryable') throw thrown;
      const nowMs = monotonicMs();
      if (silentSinceMs === undefined) {
        say(`${thrown.message}: retrying for ${formatDuration(windowMs)}`);
        silentSinceMs = nowMs;
      }
      const leftMs = silentSinceMs + windowMs - nowMs;
      if (leftMs <= 0) throw lost(address, windowMs, thrown);
      await delay(Math.min(backOffMs(PAUSES, failures), leftMs), undefined, { signal });
      failures += 1;
    }
  }
}

function lost(address: string, windowMs: number, cause: CatenaError): CatenaError {
  return new CatenaError('server.lost', `the server at ${address} has not answered for ${formatDuration(windowMs)}`, {
    cause,
    data: { address, reason: cause.code },
    remedy: 'a submitted run continues at the server; give the same command again to watch it',
  });
}
