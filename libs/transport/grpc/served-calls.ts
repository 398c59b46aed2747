/** Wraps every handler: with its trace and deadline, signals that end it, and errors that its caller understands. */
import { randomUUID } from 'node:crypto';
import { type CallContext, ServerError, type ServerMiddleware, type ServerMiddlewareCall } from 'nice-grpc';
import { onBehalfOf } from '../../callers/current-caller.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Log } from '../../telemetry/log.ts';
import { withExtractedTrace } from '../../telemetry/trace-carrier.ts';
import { CALLER_KEY, DEADLINE_KEY } from './admission.ts';
import { openServedCall, statusFields } from './call-spans.ts';
import { withDeadline } from './deadlines.ts';
import { drivenWithin } from './driven-within.ts';
import { DETAILS_KEY, errorToStatus } from './error-to-status.ts';

/**
 * Additions to nice-grpc's context, whose `signal` aborts when the call is over: its caller disconnected or its
 * deadline passed. For a method that streams answers to one request it also aborts when the server must stop.
 */
export interface ServedCall {
  /** Aborts when the server must stop: bidirectional streams finish their running requests, and end. */
  readonly drain: AbortSignal;
}

export interface ServedCallsOptions {
  readonly log: Log;
  /** Its reason is the error that ends streams. */
  readonly drain: AbortSignal;
}

export function servedCalls({ log, drain }: ServedCallsOptions): ServerMiddleware<ServedCall> {
  return async function* serve<Request, Response>(
    call: ServerMiddlewareCall<Request, Response, ServedCall>,
    context: CallContext,
  ) {
    const { path, requestStream, responseStream } = call.method;
    const endsOnDrain = responseStream && !requestStream;
    const signal = endsOnDrain ? AbortSignal.any([context.signal, drain]) : context.signal;
    const called = contextOf(context);
    const span = called(() => openServedCall(call.method));
    const within = <Value>(work: () => Value): Value => called(span === undefined ? work : () => span.within(work));
    try {
      // biome-ignore lint/suspicious/noConfusingVoidType: a middleware returns a message or nothing.
      return yield* drivenWithin<Response, Response | void>(
        within,
        call.next(call.request, { ...context, signal, drain }),
      );
    } catch (thrown) {
      if (context.signal.aborted) throw thrown instanceof ServerError ? thrown : context.signal.reason;
      const isEnd = responseStream && drain.aborted && isAbort(thrown);
      const error = reported(isEnd ? drain.reason : thrown, path, context, log);
      span?.note(statusFields(error.code, true));
      throw error;
    } finally {
      span?.end();
    }
  };
}

/** Calls `work` with the caller's name, trace and deadline. */
function contextOf({ metadata }: CallContext): <Value>(work: () => Value) => Value {
  const carrier = { traceparent: metadata.get('traceparent'), tracestate: metadata.get('tracestate') };
  const deadlineMs = Number(metadata.get(DEADLINE_KEY) ?? Number.POSITIVE_INFINITY);
  const caller = metadata.get(CALLER_KEY) ?? '';
  metadata.delete(DEADLINE_KEY);
  metadata.delete(CALLER_KEY);
  return (work) => withDeadline(deadlineMs, () => withExtractedTrace(carrier, () => onBehalfOf(caller, work)));
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}

/** The error as nice-grpc sends it, with its details in the trailer. An error without a code is logged, and its text is not sent. */
function reported(thrown: unknown, path: string, context: CallContext, log: Log): ServerError {
  if (thrown instanceof ServerError) return thrown;
  const error = thrown instanceof CatenaError ? thrown : unexpected(thrown, path, log);
  const { code, details, statusBytes } = errorToStatus(error);
  context.trailer.set(DETAILS_KEY, statusBytes);
  return new ServerError(code, details);
}

function unexpected(thrown: unknown, path: string, log: Log): CatenaError {
  const correlationId = randomUUID();
  log.error('grpc call failed with an unexpected error', {
    method: path,
    correlation_id: correlationId,
    error: thrown,
  });
  return new CatenaError('grpc.internal', `${path} failed; the server's log has the reason under ${correlationId}`, {
    data: { correlation_id: correlationId },
    remedy: 'report the id to the operator of the server',
  });
}
