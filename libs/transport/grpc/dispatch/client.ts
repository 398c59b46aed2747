/** The client's side of dispatch streams: one to every server, reopened when it breaks. */

import { setTimeout as delay } from 'node:timers/promises';
import { backOffMs } from '../../../concurrency/back-off.ts';
import { CatenaError, toCatenaError } from '../../../errors/catena-error.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { DispatchCodec } from './frames.ts';
import { dispatchPool } from './pool.ts';
import { pushStream } from './push-stream.ts';

export interface DispatchStreamOptions<Request, Response, ToServer, ToClient> {
  readonly codec: Pick<DispatchCodec<Request, Response, ToServer, ToClient>, 'encodeRequest' | 'decodeEvent'>;
  /** The current servers, by names that {@link connect} accepts. */
  readonly resolve: () => Promise<readonly string[]>;
  /** Opens the stream to a server; it ends when the signal aborts. */
  readonly connect: (server: string, requests: AsyncIterable<ToServer>, signal: AbortSignal) => AsyncIterable<ToClient>;
  readonly log: Log;
  /** The most attempts of a request whose streams break; default 3. */
  readonly attempts?: number;
  /** The first wait before a broken stream is reopened, doubled up to the longest, with jitter; default 100. */
  readonly reconnectMs?: number;
  readonly maxReconnectMs?: number;
  /** How often servers are looked up while no stream breaks, to find new ones; default 30,000. */
  readonly resolveMs?: number;
}

export interface DispatchStream<Request, Response> {
  /**
   * Sends a request to any server and returns its answer. While no server has credit it waits, until the signal
   * aborts. Rejects with the request's own error, with the signal's reason, and with `dispatch.stream_broken` or
   * `dispatch.stopped` (both retryable: it may have been executed or not).
   */
  dispatch(request: Request, signal?: AbortSignal): Promise<Response>;
  /** Requests without an answer. */
  readonly pending: number;
  /** Servers whose stream is open. */
  readonly servers: readonly string[];
  /** Rejects unanswered requests and closes the streams; resolves when they are closed. Idempotent. */
  stop(): Promise<void>;
}

export function openDispatchStream<Request, Response, ToServer, ToClient>(
  options: DispatchStreamOptions<Request, Response, ToServer, ToClient>,
): DispatchStream<Request, Response> {
  const { codec, resolve, connect, log, attempts = 3, resolveMs = 30_000 } = options;
  const { reconnectMs = 100, maxReconnectMs = 5_000 } = options;
  const pool = dispatchPool<Request, Response>(attempts);
  const stop = new AbortController();
  const waits = createWaits(stop.signal);
  const keepers = new Map<string, Promise<void>>();
  const connected = new Set<string>();
  let known: ReadonlySet<string> = new Set();
  const looking = lookForServers();

  return {
    dispatch: (request, signal) => pool.dispatch(request, signal),
    get pending() {
      return pool.size;
    },
    get servers() {
      return [...connected].sort();
    },
    async stop() {
      pool.stop(stoppedError());
      stop.abort();
      await looking;
      await Promise.all(keepers.values());
    },
  };

  async function lookForServers(): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted) {
      try {
        known = new Set(await resolve());
        failures = 0;
      } catch (error) {
        failures += 1;
        log.warn('dispatch: lookup of servers failed; it is retried', { error });
      }
      for (const server of known) if (!keepers.has(server)) keepers.set(server, keep(server));
      await waits.wait(known.size === 0 ? jitteredMs(failures) : resolveMs);
    }
  }

  /** Keeps a stream to a server open for as long as the server exists. */
  async function keep(server: string): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted && known.has(server)) {
      const { error, wasConnected } = await stream(server);
      if (stop.signal.aborted) break;
      failures = wasConnected ? 0 : failures + 1;
      log.warn('dispatch stream broke; it is reopened', { server, error });
      waits.wake();
      await waits.pause(jitteredMs(failures));
    }
    keepers.delete(server);
  }

  async function stream(server: string): Promise<{ readonly error: CatenaError; readonly wasConnected: boolean }> {
    const outgoing = pushStream<ToServer>();
    const end = new AbortController();
    const pooled = pool.open((frame) => outgoing.push(codec.encodeRequest(frame)));
    let error = new CatenaError('dispatch.stream_broken', `${server} ended the stream`, { class: 'retryable' });
    let wasConnected = false;
    try {
      for await (const message of connect(server, outgoing, AbortSignal.any([stop.signal, end.signal]))) {
        const event = codec.decodeEvent(message);
        wasConnected = true;
        connected.add(server);
        if (event.kind === 'credit') pooled.grant(event.count);
        else pooled.answer(event.id, event.result);
      }
    } catch (thrown) {
      error = broken(server, thrown);
    } finally {
      connected.delete(server);
      end.abort();
      outgoing.end();
      pooled.close(error);
    }
    return { error, wasConnected };
  }

  function jitteredMs(failures: number): number {
    return backOffMs({ baseMs: reconnectMs, maxMs: maxReconnectMs }, failures) * (0.5 + Math.random() / 2);
  }
}

function broken(server: string, thrown: unknown): CatenaError {
  const cause = toCatenaError(thrown, 'dispatch.failed', 'retryable');
  return new CatenaError('dispatch.stream_broken', `the stream to ${server} broke: ${cause.message}`, {
    class: 'retryable',
    cause,
    remedy: 'dispatch again: what was executed is not executed twice',
  });
}

function stoppedError(): CatenaError {
  return new CatenaError('dispatch.stopped', 'the dispatch was aborted, because this process is stopping', {
    class: 'retryable',
    remedy: 'dispatch again: what was executed is not executed twice',
  });
}

export interface Waits {
  /** Resolves after the time, at once on {@link wake}, or when the signal aborts. */
  wait(ms: number): Promise<void>;
  /** Ends the current wait. */
  wake(): void;
  /** Resolves after the time, or when the signal aborts. */
  pause(ms: number): Promise<void>;
}

export function createWaits(signal: AbortSignal): Waits {
  let woken = new AbortController();
  return {
    async wait(ms) {
      woken = new AbortController();
      await pause(ms, AbortSignal.any([signal, woken.signal]));
    },
    wake: () => woken.abort(),
    pause: (ms) => pause(ms, signal),
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => undefined);
}
