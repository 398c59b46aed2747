import { CatenaError } from '../errors/catena-error.ts';
import type { ChainMessage } from './chain.ts';
import { messageFault } from './validate.ts';

/** The code of each that refuses messages. */
const MALFORMED = { bus: 'bus.malformed_message', ingress: 'ingress.malformed_input' } as const;

/** A message that breaks the contract, as an error that names the field; undefined for a sound one. */
export function malformed(message: ChainMessage, reader: keyof typeof MALFORMED): CatenaError | undefined {
  const fault = messageFault(message);
  if (fault === undefined) return undefined;
  return new CatenaError(MALFORMED[reader], `a ${message.kind} message: ${fault.field} ${fault.reason}`, {
    data: { kind: message.kind, field: fault.field },
    remedy: 'only messages of this system belong on its subjects',
  });
}
