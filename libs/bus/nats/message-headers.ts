/** The headers of a message: the version of the contract, and the trace. */
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { CatenaError } from '../../errors/catena-error.ts';
import { injectTrace } from '../../telemetry/trace-carrier.ts';

/** Raised when a release could misread messages of the previous one. */
export const CONTRACT_VERSION = '1';
const VERSION_HEADER = 'Catena-Contract';
/** Names the kind of the message, because its bytes can often be decoded as another kind. */
const KIND_HEADER = 'Catena-Kind';
/** Size of the first line, the blank line and the message id, which the client adds. */
const FRAME_BYTES = 320;

/** The headers of an outgoing message. */
export function outgoingHeaders(kind: string): MsgHdrs {
  const sent = headers();
  sent.set(VERSION_HEADER, CONTRACT_VERSION);
  sent.set(KIND_HEADER, kind);
  for (const [name, value] of Object.entries(injectTrace())) sent.set(name, value);
  return sent;
}

/** A message's headers as plain data, with unchanged names; the last value of a repeated one. */
export function headersAsRecord(received: MsgHdrs | undefined): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [name, values] of received ?? []) record[name] = values.at(-1) ?? '';
  return record;
}

/** Throws `bus.unknown_version` unless this release can read the message, by its headers. */
export function checkVersion(record: Readonly<Record<string, string>>): void {
  const version = record[VERSION_HEADER];
  if (version === CONTRACT_VERSION) return;
  const found = version === undefined ? 'has no contract version' : `has contract version ${JSON.stringify(version)}`;
  throw new CatenaError('bus.unknown_version', `a message ${found}; this release reads ${CONTRACT_VERSION}`, {
    data: { version: version ?? null },
    remedy: `send it with the header ${VERSION_HEADER}: ${CONTRACT_VERSION}, or run compatible releases`,
  });
}

/** The kind in a message's headers; undefined when there is none. */
export function statedKind(record: Readonly<Record<string, string>>): string | undefined {
  return record[KIND_HEADER];
}

/** An upper bound of the bytes that a body and its headers take of a server's `max_payload`. */
export function sizeOf(sent: MsgHdrs, body: Uint8Array): number {
  let bytes = FRAME_BYTES + body.byteLength;
  for (const [name, values] of sent) for (const value of values) bytes += name.length + Buffer.byteLength(value) + 4;
  return bytes;
}
