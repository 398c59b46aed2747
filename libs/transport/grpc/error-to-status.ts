/** Turns an error into the end of a call: status, message, and details that a client in any language can read. */
import type { Status } from 'nice-grpc';
import { Any, BadRequest, ErrorInfo, RetryInfo } from 'nice-grpc-error-details';
import type { CatenaError } from '../../errors/catena-error.ts';
import { encodeStatusMessage } from './status-message.ts';
import { statusOfError } from './status-table.ts';

/** The domain of our codes in google.rpc.ErrorInfo. */
export const ERROR_DOMAIN = 'catena';
export const DETAILS_KEY = 'grpc-status-details-bin';

/** How a call ends. */
export interface CallEnd {
  readonly code: Status;
  /** One line for people. */
  readonly details: string;
  /** A google.rpc.Status: goes into the trailer {@link DETAILS_KEY}. */
  readonly statusBytes: Uint8Array;
}

/** Trailers are headers: many clients refuse more than 16 KiB of them, and base64 adds a third. */
const MAX_MESSAGE_CHARS = 1_000;
const MAX_REMEDY_CHARS = 500;
const MAX_DATA_BYTES = 2_048;
const MAX_VIOLATIONS = 10;
const MAX_VIOLATION_CHARS = 200;

export function errorToStatus(error: CatenaError): CallEnd {
  const code = statusOfError(error);
  const details = cut(error.message, MAX_MESSAGE_CHARS);
  return { code, details, statusBytes: encodeStatusMessage({ code, message: details, details: detailsOf(error) }) };
}

function detailsOf(error: CatenaError): Any[] {
  const info = ErrorInfo.fromPartial({ reason: error.code, domain: ERROR_DOMAIN, metadata: infoOf(error) });
  const violations = violationsOf(error);
  return [
    packed(info.$type, ErrorInfo.encode(info).finish()),
    ...(violations.length === 0
      ? []
      : [
          packed(BadRequest.$type, BadRequest.encode(BadRequest.fromPartial({ fieldViolations: violations })).finish()),
        ]),
    ...(error.retryAfterMs === undefined ? [] : [retryInfo(error.retryAfterMs)]),
  ];
}

function infoOf({ class: failureClass, remedy, data }: CatenaError): Record<string, string> {
  const json = JSON.stringify(data);
  return {
    class: failureClass,
    ...(remedy === undefined ? {} : { remedy: cut(remedy, MAX_REMEDY_CHARS) }),
    ...(json === '{}' || Buffer.byteLength(json) > MAX_DATA_BYTES ? {} : { data: json }),
  };
}

/** `data.issues` of an error about input: each with the path of a field and its problem. */
function violationsOf({ data: { issues } }: CatenaError): { field: string; description: string }[] {
  if (!Array.isArray(issues)) return [];
  return issues.slice(0, MAX_VIOLATIONS).flatMap((issue: unknown) => {
    const { path, message } = (issue ?? {}) as { path?: unknown; message?: unknown };
    if (typeof path !== 'string' || typeof message !== 'string') return [];
    return [{ field: cut(path, MAX_VIOLATION_CHARS), description: cut(message, MAX_VIOLATION_CHARS) }];
  });
}

function retryInfo(retryAfterMs: number): Any {
  const retryDelay = { seconds: Math.trunc(retryAfterMs / 1_000), nanos: Math.round((retryAfterMs % 1_000) * 1e6) };
  return packed(RetryInfo.$type, RetryInfo.encode(RetryInfo.fromPartial({ retryDelay })).finish());
}

function packed(type: string, value: Uint8Array): Any {
  return Any.fromPartial({ typeUrl: `type.googleapis.com/${type}`, value });
}

/** Half of a surrogate pair cannot be encoded, and would break the answer. */
function cut(text: string, maxChars: number): string {
  return (text.length <= maxChars ? text : `${text.slice(0, maxChars - 1)}…`).toWellFormed();
}
