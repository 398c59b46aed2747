/** Adds token, trace and deadline to every call of a client, and turns its failures into CatenaErrors. */
import { type CallOptions, ClientError, type ClientMiddleware, type ClientMiddlewareCall, Metadata } from 'nice-grpc';
import { openCallSpan } from '../../telemetry/spans.ts';
import { injectTrace } from '../../telemetry/trace-carrier.ts';
import { clientCallSpan, hasSpan, statusFields } from './call-spans.ts';
import { callingUntil, currentDeadlineMs } from './deadlines.ts';
import { drivenWithin } from './driven-within.ts';
import { errorFromStatus } from './error-from-status.ts';
import { DETAILS_KEY } from './error-to-status.ts';

/** Options of one call beside nice-grpc's. */
export interface TimedCall {
  /** The timeout of the call; default: that of the client, none for streams. */
  readonly timeoutMs?: number;
}

export interface ClientCallsOptions {
  readonly token: string | undefined;
  /** The address that it calls, for traces. */
  readonly target?: string;
  /** For unary calls. */
  readonly deadlineMs: number;
  /** Waits until a server is connected, the deadline has come, or the signal aborts. */
  readonly ready?: ((deadlineMs: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
}

/**
 * The deadline of a call that is being served also limits the calls that it makes. Failures are CatenaErrors as the server
 * threw them; a call that its signal aborted rejects with the signal's reason.
 */
export function clientCalls({ token, target, deadlineMs, ready }: ClientCallsOptions): ClientMiddleware<TimedCall> {
  return async function* call<Request, Response>(
    { method, request, next }: ClientMiddlewareCall<Request, Response>,
    options: CallOptions & Partial<TimedCall>,
  ) {
    const { path, requestStream, responseStream } = method;
    const limitMs = options.timeoutMs ?? (requestStream || responseStream ? Number.POSITIVE_INFINITY : deadlineMs);
    const untilMs = Math.min(Date.now() + limitMs, currentDeadlineMs());
    let statusBytes: Uint8Array | undefined;
    const span = hasSpan(method) ? openCallSpan(() => clientCallSpan(path, target)) : undefined;
    const within = <Value>(work: () => Value): Value =>
      callingUntil(untilMs, span === undefined ? work : () => span.within(work));
    const full: CallOptions = {
      ...options,
      metadata: within(() => metadataOf(options.metadata, token)),
      onTrailer(trailer) {
        statusBytes = trailer.get(DETAILS_KEY);
        options.onTrailer?.(trailer);
      },
    };
    try {
      await ready?.(untilMs, options.signal);
      // biome-ignore lint/suspicious/noConfusingVoidType: a middleware returns a message or nothing.
      return yield* drivenWithin<Response, Response | void>(within, next(request, full));
    } catch (thrown) {
      span?.fail(thrown);
      if (thrown instanceof ClientError) span?.note(statusFields(thrown.code, false));
      if (options.signal?.aborted === true) throw options.signal.reason;
      if (!(thrown instanceof ClientError)) throw thrown;
      throw errorFromStatus({ path, code: thrown.code, details: thrown.details, statusBytes, cause: thrown });
    } finally {
      span?.end();
    }
  };
}

function metadataOf(given: Metadata | undefined, token: string | undefined): Metadata {
  const metadata = Metadata(given);
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  for (const [name, value] of Object.entries(injectTrace())) metadata.set(name, value);
  return metadata;
}
