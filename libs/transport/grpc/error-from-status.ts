/** Turns a failed call into the error that the server threw. Received data is checked, not trusted. */
import type { Status } from 'nice-grpc';
import { type Any, BadRequest, ErrorInfo, RetryInfo } from 'nice-grpc-error-details';
import { CatenaError, type CatenaErrorOptions, type FailureClass } from '../../errors/catena-error.ts';
import { ERROR_DOMAIN } from './error-to-status.ts';
import { decodeStatusMessage, type StatusMessage } from './status-message.ts';
import { classOfStatus, codeOfStatus } from './status-table.ts';

export interface FailedCall {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly code: Status;
  readonly details: string;
  /** The trailer with the google.rpc.Status, if there was one. */
  readonly statusBytes: Uint8Array | undefined;
  readonly cause?: unknown;
}

/** The error with its code, class, message, data and remedy; for a server that is not Catena's, `grpc.<status>`. */
export function errorFromStatus(call: FailedCall): CatenaError {
  const status = readStatus(call.statusBytes);
  const info = detail(status, ErrorInfo);
  if (info === undefined || info.domain !== ERROR_DOMAIN || !/^[a-z][a-z\d_]*(?:\.[a-z\d_]+)+$/.test(info.reason)) {
    return new CatenaError(
      codeOfStatus(call.code),
      `${call.path} failed: ${call.details || 'the server gave no reason'}`,
      {
        class: classOfStatus(call.code),
        ...(call.cause === undefined ? {} : { cause: call.cause }),
      },
    );
  }
  return new CatenaError(info.reason, status?.message ?? call.details, options(call, status, info.metadata));
}

function options(
  call: FailedCall,
  status: StatusMessage | undefined,
  metadata: Readonly<Record<string, string | undefined>>,
): CatenaErrorOptions {
  const { remedy } = metadata;
  const retryAfterMs = retryDelayOf(status);
  return {
    class: isFailureClass(metadata.class) ? metadata.class : classOfStatus(call.code),
    data: dataOf(status, metadata.data),
    ...(call.cause === undefined ? {} : { cause: call.cause }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function readStatus(bytes: Uint8Array | undefined): StatusMessage | undefined {
  if (bytes === undefined) return undefined;
  try {
    return decodeStatusMessage(bytes);
  } catch {
    return undefined;
  }
}

interface Codec<Message> {
  readonly $type: string;
  decode(bytes: Uint8Array): Message;
}

function detail<Message>(status: StatusMessage | undefined, codec: Codec<Message>): Message | undefined {
  const any = status?.details.find(({ typeUrl }: Any) => typeUrl.endsWith(`/${codec.$type}`));
  if (any === undefined) return undefined;
  try {
    return codec.decode(any.value);
  } catch {
    return undefined;
  }
}

/** The data of the error; if it was too large to be sent, at least the wrong fields. */
function dataOf(status: StatusMessage | undefined, json: string | undefined): Readonly<Record<string, unknown>> {
  const data = parseRecord(json);
  if (data !== undefined) return data;
  const violations = detail(status, BadRequest)?.fieldViolations ?? [];
  if (violations.length === 0) return {};
  return { issues: violations.map(({ field, description }) => ({ path: field, message: description })) };
}

function parseRecord(json: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function retryDelayOf(status: StatusMessage | undefined): number | undefined {
  const delay = detail(status, RetryInfo)?.retryDelay;
  if (delay === undefined) return undefined;
  const delayMs = Number(delay.seconds) * 1_000 + delay.nanos / 1e6;
  return Number.isFinite(delayMs) && delayMs >= 0 ? delayMs : undefined;
}

function isFailureClass(text: string | undefined): text is FailureClass {
  return text === 'retryable' || text === 'fatal' || text === 'skip';
}
