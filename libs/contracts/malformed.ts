import { CatenaError } from '../errors/catena-error.ts';
import type { ChainMessage } from './chain.ts';
import { messageFault } from './validate.ts';

/** A message that breaks the contract, as an error under the caller's code that names the field; undefined for a sound one. */
export function malformed(message: ChainMessage, code: string): CatenaError | undefined {
  const fault = messageFault(message);
  if (fault === undefined) return undefined;
  return new CatenaError(code, `a ${message.kind} message: ${fault.field} ${fault.reason}`, {
    data: { kind: message.kind, field: fault.field },
    remedy: 'only messages of this system belong on its subjects',
  });
}
