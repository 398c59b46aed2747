/** The server's side of a dispatch stream. */

import { untilAborted } from '../../../concurrency/abort.ts';
import type { Slots } from '../../../concurrency/slots.ts';
import { CatenaError, toCatenaError } from '../../../errors/catena-error.ts';
import type { ClientFrame, DispatchCodec, DispatchResult } from './frames.ts';
import { pushStream } from './push-stream.ts';

export interface ServeDispatchOptions<Request, Response, ToServer, ToClient> {
  readonly codec: Pick<DispatchCodec<Request, Response, ToServer, ToClient>, 'decodeRequest' | 'encodeEvent'>;
  /** An error that it throws is the request's answer. */
  readonly execute: (request: Request, signal: AbortSignal) => Promise<Response>;
  /** The slots of all streams: how many requests are executed at once. Each stream may have as many unanswered requests. */
  readonly slots: Slots;
  /** Aborts when the call is over; it is passed on to the executions. */
  readonly signal: AbortSignal;
  /** Aborts when the server must stop: running requests are finished and answered, waiting ones stay unanswered. */
  readonly drain: AbortSignal;
}

/**
 * Executes a client's requests and answers them, granting credit as slots become free. It ends when the client has sent all and
 * got all answers, or on drain. Throws `dispatch.credit_exceeded` and `dispatch.duplicate_id` (fatal) for clients that
 * break the contract, and the errors of the decoder.
 */
export async function* serveDispatch<Request, Response, ToServer, ToClient>(
  requests: AsyncIterable<ToServer>,
  options: ServeDispatchOptions<Request, Response, ToServer, ToClient>,
): AsyncGenerator<ToClient, void, undefined> {
  const { codec, execute, slots, signal, drain } = options;
  const out = pushStream<ToClient>();
  const failed = new AbortController();
  const over = AbortSignal.any([signal, failed.signal]);
  const open = new Set<number>();
  const executions = new Set<Promise<void>>();
  let freed = 0;
  out.push(codec.encodeEvent({ kind: 'credit', count: slots.size }));

  void read()
    .then(() => Promise.all(executions))
    .catch((thrown: unknown) => failed.abort(thrown))
    .then(() => out.end());
  yield* untilAborted(out, over);
  if (failed.signal.aborted) throw failed.signal.reason;

  async function read(): Promise<void> {
    for await (const message of untilAborted(requests, AbortSignal.any([over, drain]))) {
      const frame = codec.decodeRequest(message);
      if (open.has(frame.id)) throw duplicateId(frame.id);
      if (open.size >= slots.size) throw creditExceeded(slots.size);
      open.add(frame.id);
      const execution = run(frame)
        .catch((thrown: unknown) => failed.abort(thrown))
        .finally(() => executions.delete(execution));
      executions.add(execution);
    }
  }

  /** Slots that become free in one turn of the event loop are granted in one message. */
  function grant(): void {
    freed += 1;
    if (freed > 1) return;
    setImmediate(() => {
      if (!drain.aborted) out.push(codec.encodeEvent({ kind: 'credit', count: freed }));
      freed = 0;
    });
  }

  async function run({ id, request }: ClientFrame<Request>): Promise<void> {
    await slots.take();
    try {
      if (over.aborted || drain.aborted) return;
      const result = await settled(() => execute(request, over));
      open.delete(id);
      out.push(codec.encodeEvent({ kind: 'answer', id, result }));
      grant();
    } finally {
      slots.give();
    }
  }
}

async function settled<Response>(execution: () => Promise<Response>): Promise<DispatchResult<Response>> {
  try {
    return { isDone: true, response: await execution() };
  } catch (thrown) {
    return { isDone: false, error: toCatenaError(thrown, 'dispatch.failed', 'retryable') };
  }
}

function creditExceeded(size: number): CatenaError {
  return new CatenaError('dispatch.credit_exceeded', `more than ${size} dispatches were sent without an answer`, {
    remedy: 'send one dispatch per credit',
  });
}

function duplicateId(id: number): CatenaError {
  return new CatenaError('dispatch.duplicate_id', `dispatch ${id} was sent again before its answer`, {
    remedy: 'give every unanswered dispatch an id of its own',
  });
}
