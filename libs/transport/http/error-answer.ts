/** An error as an HTTP answer: one body for all of them, for people and programs, without stacks and secrets. */

import type { Socket } from 'node:net';
import type { FastifyError } from 'fastify';
import { Status } from 'nice-grpc';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Log } from '../../telemetry/log.ts';
import { statusOfError } from '../grpc/status-table.ts';
import type { ErrorBody } from './error-body.ts';

export interface ErrorAnswer {
  readonly statusCode: number;
  readonly body: ErrorBody;
  /** When asking again makes sense, in seconds. */
  readonly retryAfterSeconds: number | undefined;
}

const MAX_MESSAGE_CHARS = 2_000;

/** Codes that say more than their gRPC status; every other goes by that. */
const OWN_STATUS: Readonly<Record<string, number>> = {
  'api.unauthenticated': 401,
  'api.permission_denied': 403,
  'api.body_too_large': 413,
  'api.unsupported_media_type': 415,
  'api.internal': 500,
  'api.misconfigured': 500,
  'submit.key_reused': 409,
};

const HTTP_STATUS: ReadonlyMap<Status, number> = new Map([
  [Status.INVALID_ARGUMENT, 400],
  [Status.FAILED_PRECONDITION, 400],
  [Status.OUT_OF_RANGE, 400],
  [Status.UNAUTHENTICATED, 401],
  [Status.PERMISSION_DENIED, 403],
  [Status.NOT_FOUND, 404],
  [Status.ALREADY_EXISTS, 409],
  [Status.ABORTED, 409],
  [Status.RESOURCE_EXHAUSTED, 429],
  [Status.UNAVAILABLE, 503],
  [Status.DEADLINE_EXCEEDED, 504],
]);

/** The status of an error: by its code, else by its class. */
export function httpStatusOf(error: Pick<CatenaError, 'code' | 'class'>): number {
  return OWN_STATUS[error.code] ?? HTTP_STATUS.get(statusOfError(error)) ?? 500;
}

export function errorAnswer(error: CatenaError): ErrorAnswer {
  const { code, remedy, retryAfterMs } = error;
  const text = remedy === undefined ? error.message : `${error.message}; ${remedy}`;
  return {
    statusCode: httpStatusOf(error),
    body: { error: code, message: cut(text), status: 'error' },
    retryAfterSeconds: retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1_000),
  };
}

/** What a handler, a check or the server itself threw. What nobody planned for is logged, and not told. */
export function toApiError(thrown: unknown, requestId: string, log: Log): CatenaError {
  if (thrown instanceof CatenaError) return thrown;
  const told = ofServer(thrown as Partial<FastifyError> | undefined);
  if (told !== undefined) return told;
  log.error('a request failed unexpectedly', { correlation_id: requestId, error: thrown });
  return new CatenaError('api.internal', `the request failed; the server's log has the reason under ${requestId}`, {
    data: { correlation_id: requestId },
    remedy: 'give the id to whoever runs the server',
  });
}

/** What fastify itself refuses. */
function ofServer(error: Partial<FastifyError> | undefined): CatenaError | undefined {
  switch (error?.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new CatenaError('api.body_too_large', 'the body of the request is too large', {
        remedy: 'send less, or raise api.max_body_bytes',
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new CatenaError('api.unsupported_media_type', 'the body of the request is not said to be JSON', {
        remedy: 'send it with content-type: application/json',
      });
    default: {
      const { statusCode = 500, message = '' } = error ?? {};
      if (statusCode < 400 || statusCode >= 500) return undefined;
      // Of a body that is no JSON it quotes nothing but what was expected.
      return new CatenaError('api.invalid_request', `the request is wrong: ${message}`, {
        remedy: 'correct it; asking again in the same way answers the same',
      });
    }
  }
}

function cut(text: string): string {
  return (text.length <= MAX_MESSAGE_CHARS ? text : `${text.slice(0, MAX_MESSAGE_CHARS - 1)}…`).toWellFormed();
}

const STATUS_LINES: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** Answers bytes that are no request, or one that does not come to its end, in the words of every other refusal. */
export function answerNoRequest({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) {
    const error = new CatenaError('api.no_request', `what was sent is no HTTP request (${code})`, {
      remedy: 'send HTTP/1.1, with headers of at most 16 KiB, and without pauses',
    });
    const body = JSON.stringify(errorAnswer(error).body);
    const headers = [
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.write(`HTTP/1.1 ${STATUS_LINES[code] ?? '400 Bad Request'}\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
  }
  socket.destroySoon();
}
