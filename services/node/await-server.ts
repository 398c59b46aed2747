/** A start waits for servers that do not answer yet, and says so. */
import { setTimeout as delay } from 'node:timers/promises';
import { backOffMs } from '../../libs/concurrency/back-off.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import type { Log } from '../../libs/telemetry/log.ts';

export interface AwaitServerOptions {
  readonly log: Log;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called after each failed attempt. */
  readonly onWaiting?: () => void;
}

const PAUSE = { baseMs: 250, maxMs: 5_000 };
/** The same reason is said again after so many attempts. */
const ATTEMPTS_PER_LINE = 12;

/**
 * Opens something on a server, again and again while its failure is retryable. Rejects with fatal failures, and with the last one
 * when the signal aborts.
 */
export async function awaitServer<T>(
  server: string,
  open: () => Promise<T>,
  { log, signal, onWaiting }: AwaitServerOptions,
): Promise<T> {
  let said = '';
  for (let failures = 0; ; failures += 1) {
    try {
      const opened = await open();
      if (failures > 0) log.info('the server answers; the start goes on', { server });
      return opened;
    } catch (error) {
      if (signal.aborted || !(error instanceof CatenaError) || error.class !== 'retryable') throw error;
      if (error.code !== said || failures % ATTEMPTS_PER_LINE === 0) {
        log.warn('the start waits for a server', { server, error });
      }
      said = error.code;
      onWaiting?.();
    }
    await delay(backOffMs(PAUSE, failures), undefined, { signal }).catch(() => undefined);
  }
}
