/** Adds token, trace and deadline to every call of a client, and turns its failures into CatenaErrors. */
import { type CallOptions, ClientError, type ClientMiddleware, type ClientMiddlewareCall, Metadata } from 'nice-grpc';
import { injectTrace } from '../../telemetry/trace-carrier.ts';
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
  /** For unary calls. */
  readonly deadlineMs: number;
  /** Waits until a server is connected, the deadline has come, or the signal aborts. */
  readonly ready?: ((deadlineMs: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
}

/**
 * The deadline of a call that is being served also limits the calls that it makes. Failures are CatenaErrors as the server
 * threw them; a call that its signal aborted rejects with the signal's reason.
 */
export function clientCalls({ token, deadlineMs, ready }: ClientCallsOptions): ClientMiddleware<TimedCall> {
  return async function* call<Request, Response>(
    { method, request, next }: ClientMiddlewareCall<Request, Response>,
    options: CallOptions & Partial<TimedCall>,
  ) {
    const { path, requestStream, responseStream } = method;
    const limitMs = options.timeoutMs ?? (requestStream || responseStream ? Number.POSITIVE_INFINITY : deadlineMs);
    const untilMs = Math.min(Date.now() + limitMs, currentDeadlineMs());
    let statusBytes: Uint8Array | undefined;
    const full: CallOptions = {
      ...options,
      metadata: metadataOf(options.metadata, token),
      onTrailer(trailer) {
        statusBytes = trailer.get(DETAILS_KEY);
        options.onTrailer?.(trailer);
      },
    };
    try {
      await ready?.(untilMs, options.signal);
      // biome-ignore lint/suspicious/noConfusingVoidType: a middleware returns a message or nothing.
      return yield* drivenWithin<Response, Response | void>((work) => callingUntil(untilMs, work), next(request, full));
    } catch (thrown) {
      if (options.signal?.aborted === true) throw options.signal.reason;
      if (!(thrown instanceof ClientError)) throw thrown;
      throw errorFromStatus({ path, code: thrown.code, details: thrown.details, statusBytes, cause: thrown });
    }
  };
}

function metadataOf(given: Metadata | undefined, token: string | undefined): Metadata {
  const metadata = Metadata(given);
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  for (const [name, value] of Object.entries(injectTrace())) metadata.set(name, value);
  return metadata;
}
