/** Errors as plain data, to be sent to another thread. */
import { CatenaError, type FailureClass, toCatenaError } from '../errors/catena-error.ts';
import { cutText, fieldOf, isError, textOf } from '../errors/thrown.ts';

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly class: FailureClass;
  /** JSON text: an author's error may hold what cannot be cloned. */
  readonly data: string;
  readonly remedy: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly stack: string | undefined;
  readonly cause: { readonly name: string; readonly message: string } | undefined;
}

const MAX_CHARS = 20_000;

/** Never throws. */
export function toWireError(thrown: unknown): WireError {
  const error = toCatenaError(thrown, 'execution.failed', 'fatal');
  const thrownCause = fieldOf(error, 'cause');
  const cause = isError(thrownCause) ? causeOf(thrownCause) : undefined;
  return {
    code: error.code,
    message: cutText(error.message, MAX_CHARS),
    class: error.class,
    data: dataText(error),
    remedy: error.remedy,
    retryAfterMs: error.retryAfterMs,
    stack: textOf(error, 'stack', MAX_CHARS),
    cause,
  };
}

export function fromWireError(wire: WireError): CatenaError {
  const { code, message, remedy, retryAfterMs, stack, cause } = wire;
  const error = new CatenaError(code, message, {
    class: wire.class,
    data: JSON.parse(wire.data) as Record<string, unknown>,
    ...(remedy === undefined ? {} : { remedy }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(cause === undefined ? {} : { cause: Object.assign(new Error(cause.message), { name: cause.name }) }),
  });
  if (stack !== undefined) error.stack = stack;
  return error;
}

function causeOf(cause: Error): WireError['cause'] {
  return { name: textOf(cause, 'name') ?? 'Error', message: textOf(cause, 'message', MAX_CHARS) ?? '' };
}

function dataText({ data }: CatenaError): string {
  try {
    return JSON.stringify(data);
  } catch {
    return '{}';
  }
}
