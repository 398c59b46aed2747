/** Converts failures to and from their wire form. */
import { type ChainError, ErrorClass } from '../../contracts/messages.ts';
import { CatenaError, type FailureClass } from '../../errors/catena-error.ts';
import type { Failure } from '../../errors/failure.ts';

const ON_WIRE = {
  retryable: ErrorClass.RETRYABLE,
  fatal: ErrorClass.FATAL,
  skip: ErrorClass.SKIP,
} as const satisfies Record<FailureClass, ErrorClass>;

export function toChainError(failure: Failure): ChainError {
  const { code, message, stage, causes, retryAfterMs = 0 } = failure;
  const data = Buffer.from(JSON.stringify(failure.data));
  return { code, class: ON_WIRE[failure.class], message, data, stage, causes: [...causes], retryAfterMs };
}

/** An unknown error class counts as retryable, which decides nothing for good. */
export function fromChainError(error: ChainError): CatenaError {
  const { code, message, retryAfterMs } = error;
  const known = Object.entries(ON_WIRE).find(([, onWire]) => onWire === error.class)?.[0] as FailureClass | undefined;
  return new CatenaError(code === '' ? 'contracts.no_code' : code, message, {
    class: known ?? 'retryable',
    data: dataOf(error),
    ...(retryAfterMs > 0 ? { retryAfterMs } : {}),
  });
}

/** Details are for people and logs, so unreadable ones are dropped and the error is kept. */
function dataOf({ data }: ChainError): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(data).toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
