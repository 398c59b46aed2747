import { type ChainMessage, decodeMessage, RECEIVER } from '../../contracts/chain.ts';
import { malformed } from '../../contracts/malformed.ts';
import { belongsOn, kindOfSubject, type Namespace, subjectOfMessage } from '../../contracts/subjects.ts';
import { CatenaError, toCatenaError } from '../../errors/catena-error.ts';
import type { Receiver } from '../port.ts';
import type { Delivered } from './delivered.ts';
import { checkVersion, headersAsRecord, statedKind } from './message-headers.ts';

/** A foreign message on a subject of the chain. */
export interface RefusedMessage {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** `contracts.undecodable`, `bus.malformed_message`, `bus.unknown_version`, `bus.subject_mismatch`. */
  readonly error: CatenaError;
}

/** A decoded delivery: a message, or the reason why it is foreign. */
export type ReadDelivery =
  | { readonly message: ChainMessage; readonly headers: Readonly<Record<string, string>> }
  | { readonly refused: RefusedMessage };

/** Returns the faults of a message; the contract's own check in production. */
export type MessageCheck = (message: ChainMessage) => CatenaError | undefined;

export const contractCheck: MessageCheck = (message) => malformed(message, 'bus');

/** Decodes a delivery. Never throws, whatever the bytes. */
export function readDelivery(msg: Delivered, stage: Receiver, namespace: Namespace, check: MessageCheck): ReadDelivery {
  const { subject, data: bytes } = msg;
  const headers = headersAsRecord(msg.headers);
  try {
    checkVersion(headers);
    const plain = namespace.strip(subject) ?? subject;
    const kind = kindFor(stage, plain);
    const stated = statedKind(headers) ?? kind;
    if (stated !== kind) throw mismatch(plain, `its header names the kind ${JSON.stringify(stated)}`);
    const message = decodeMessage(kind, bytes);
    const error = check(message);
    if (error !== undefined) throw error;
    if (!belongsOn(message, plain)) throw mismatch(plain, `its content belongs on ${subjectOfMessage(message)}`);
    return { message, headers };
  } catch (thrown) {
    return { refused: { subject, headers, bytes, error: toCatenaError(thrown, 'bus.malformed_message', 'fatal') } };
  }
}

function kindFor(stage: Receiver, subject: string) {
  const kind = kindOfSubject(subject);
  if (kind !== undefined && RECEIVER[kind] === stage) return kind;
  throw mismatch(subject, `${stage} takes no message of that kind`);
}

function mismatch(subject: string, why: string): CatenaError {
  return new CatenaError('bus.subject_mismatch', `a message on ${subject}: ${why}`, {
    data: { subject },
    remedy: 'only messages of this system belong on its subjects',
  });
}
