/** Turns an error into an HTTP response: one form of body for all errors, for people and programs, without stacks and secrets. */

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
  /** When to try again, in seconds. */
  readonly retryAfterSeconds: number | undefined;
}

const MAX_MESSAGE_CHARS = 2_000;

/** Codes whose HTTP status is more specific than their gRPC status; all others are mapped by that. */
const OWN_STATUS: Readonly<Record<string, number>> = {
  'api.unauthenticated': 401,
  'api.permission_denied': 403,
  'api.foreign_host': 403,
  'api.foreign_origin': 403,
  'api.body_too_large': 413,
  'api.unsupported_media_type': 415,
  'api.internal': 500,
  'api.misconfigured': 500,
  'submit.key_reused': 409,
  'submit.task_terminated': 409,
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

/** The response for an error of a handler, a check or the server. An error without a code is logged, and its text is not sent. */
export function toApiError(thrown: unknown, requestId: string, log: Log): CatenaError {
  if (thrown instanceof CatenaError) return thrown;
  const told = ofServer(thrown as Partial<FastifyError> | undefined);
  if (told !== undefined) return told;
  log.error('http request failed with an unexpected error', { correlation_id: requestId, error: thrown });
  return new CatenaError('api.internal', `the request failed; the server's log has the reason under ${requestId}`, {
    data: { correlation_id: requestId },
    remedy: 'report the id to the operator of the server',
  });
}

/** Errors that fastify itself creates. */
function ofServer(error: Partial<FastifyError> | undefined): CatenaError | undefined {
  switch (error?.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new CatenaError('api.body_too_large', 'the body of the request is too large', {
        remedy: 'send less, or raise api.max_body_bytes',
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new CatenaError('api.unsupported_media_type', 'the content type of the request is not JSON', {
        remedy: 'send it with content-type: application/json',
      });
    default: {
      const { statusCode = 500, message = '' } = error ?? {};
      if (statusCode < 400 || statusCode >= 500) return undefined;
      // For a body that is not JSON the message quotes only what was expected.
      return new CatenaError('api.invalid_request', `the request is wrong: ${message}`, {
        remedy: 'correct it; the same request fails again',
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

/** Answers bytes that are not an HTTP request, or an incomplete one, with the same form of body. */
export function answerNoRequest({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) {
    const error = new CatenaError('api.no_request', `the received bytes are not an HTTP request (${code})`, {
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
