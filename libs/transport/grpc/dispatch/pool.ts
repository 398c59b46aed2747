/**
 * Assigns requests to streams. It has no timers and sockets: calls add and remove streams.
 *
 * A request waits until a stream has credit, is sent over the stream with the fewest unanswered requests, and is answered or
 * returned when its stream breaks. Then it is sent again, before all others, until its attempts are used up. Every request
 * ends exactly once.
 */
import { CatenaError } from '../../../errors/catena-error.ts';
import type { ClientFrame, DispatchResult } from './frames.ts';

export interface PooledStream<Response> {
  /** Adds credit of the server. Throws `dispatch.bad_credit` (fatal) for an invalid amount. */
  grant(count: number): void;
  /** Throws `dispatch.unknown_id` (fatal) for a request that is not unanswered on this stream. */
  answer(id: number, result: DispatchResult<Response>): void;
  /** The stream broke with this error; its unanswered requests are returned. Idempotent. */
  close(error: CatenaError): void;
}

export interface DispatchPool<Request, Response> {
  /** Rejects with the request's error, with the signal's reason, or with the error that closed the last stream or the pool. */
  dispatch(request: Request, signal?: AbortSignal): Promise<Response>;
  open(send: (frame: ClientFrame<Request>) => void): PooledStream<Response>;
  /** All waiting and unanswered requests reject with this error, and so does every later request. Idempotent. */
  stop(error: CatenaError): void;
  /** Requests that have not ended. */
  readonly size: number;
}

interface Entry<Request, Response> {
  readonly request: Request;
  attempts: number;
  readonly end: (result: DispatchResult<Response>) => void;
}

interface Stream<Request, Response> {
  credit: number;
  readonly owed: Map<number, Entry<Request, Response>>;
  readonly send: (frame: ClientFrame<Request>) => void;
}

/** The largest credit that is accepted at once. */
const MAX_CREDIT = 1_000_000;

/** `attempts`: the most attempts of a request whose streams break. */
export function dispatchPool<Request, Response>(attempts: number): DispatchPool<Request, Response> {
  type E = Entry<Request, Response>;
  // A set keeps insertion order, and an aborted request can be deleted from it.
  const returned = new Set<E>();
  const waiting = new Set<E>();
  const streams = new Set<Stream<Request, Response>>();
  const open = new Set<E>();
  let lastId = 0;
  let stopped: CatenaError | undefined;

  function forget(entry: E): boolean {
    returned.delete(entry);
    waiting.delete(entry);
    return open.delete(entry);
  }

  function finish(entry: E, result: DispatchResult<Response>): void {
    if (forget(entry)) entry.end(result);
  }

  function nextEntry(): E | undefined {
    const queue = returned.size > 0 ? returned : waiting;
    for (const entry of queue) {
      queue.delete(entry);
      return entry;
    }
    return undefined;
  }

  function pump(): void {
    for (let stream = freest(streams); stream !== undefined; stream = freest(streams)) {
      const entry = nextEntry();
      if (entry === undefined) return;
      lastId += 1;
      stream.credit -= 1;
      stream.owed.set(lastId, entry);
      entry.attempts += 1;
      stream.send({ id: lastId, request: entry.request });
    }
  }

  return {
    get size() {
      return open.size;
    },

    dispatch(request, signal) {
      return new Promise((resolve, reject) => {
        if (stopped !== undefined) return reject(stopped);
        if (signal?.aborted === true) return reject(signal.reason);
        const onAbort = () => {
          forget(entry);
          reject(signal?.reason);
        };
        const entry: E = {
          request,
          attempts: 0,
          end(result) {
            signal?.removeEventListener('abort', onAbort);
            if (result.isDone) resolve(result.response);
            else reject(result.error);
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        open.add(entry);
        waiting.add(entry);
        pump();
      });
    },

    open(send) {
      const stream: Stream<Request, Response> = { credit: 0, owed: new Map(), send };
      if (stopped === undefined) streams.add(stream);
      return {
        grant(count) {
          if (!Number.isInteger(count) || count < 1 || stream.credit + count > MAX_CREDIT) throw badCredit(count);
          stream.credit += count;
          pump();
        },
        answer(id, result) {
          const entry = stream.owed.get(id);
          if (entry === undefined) throw unknownId(id);
          stream.owed.delete(id);
          finish(entry, result);
        },
        close(error) {
          if (!streams.delete(stream)) return;
          for (const entry of stream.owed.values()) {
            if (!open.has(entry)) continue;
            if (entry.attempts < attempts) returned.add(entry);
            else finish(entry, { isDone: false, error });
          }
          stream.owed.clear();
          pump();
        },
      };
    },

    stop(error) {
      stopped ??= error;
      streams.clear();
      for (const entry of [...open]) finish(entry, { isDone: false, error });
    },
  };
}

/** The stream with credit and the fewest unanswered requests. */
function freest<Request, Response>(
  streams: ReadonlySet<Stream<Request, Response>>,
): Stream<Request, Response> | undefined {
  let found: Stream<Request, Response> | undefined;
  for (const stream of streams) {
    if (stream.credit > 0 && (found === undefined || stream.owed.size < found.owed.size)) found = stream;
  }
  return found;
}

function badCredit(count: number): CatenaError {
  return new CatenaError('dispatch.bad_credit', `the server granted ${count} dispatches`, {
    remedy: 'check that both ends are of compatible versions',
  });
}

function unknownId(id: number): CatenaError {
  return new CatenaError('dispatch.unknown_id', `the server answered dispatch ${id}, which it was not sent`, {
    remedy: 'check that both ends are of compatible versions',
  });
}
