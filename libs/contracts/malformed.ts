import { CatenaError } from '../errors/catena-error.ts';
import type { ChainMessage } from './chain.ts';
import { messageFault } from './validate.ts';

/** The error codes of a refused message. */
const MALFORMED = { bus: 'bus.malformed_message', ingress: 'ingress.malformed_input' } as const;

/** The error of a malformed message, which names the field; undefined for a valid message. */
export function malformed(message: ChainMessage, reader: keyof typeof MALFORMED): CatenaError | undefined {
  const fault = messageFault(message);
  if (fault === undefined) return undefined;
  return new CatenaError(MALFORMED[reader], `a ${message.kind} message: ${fault.field} ${fault.reason}`, {
    data: { kind: message.kind, field: fault.field },
    remedy: 'only messages of this system belong on its subjects',
  });
}
