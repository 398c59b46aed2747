/** What travels in a message's headers: the version of the contract, and the trace. */
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { CatenaError } from '../../errors/catena-error.ts';
import { injectTrace } from '../../telemetry/trace-carrier.ts';

/** Raised when a release could misread the messages of the one before. */
export const CONTRACT_VERSION = '1';
const VERSION_HEADER = 'Catena-Contract';
/** The bytes of one kind can often be read as another; a message says what it was written as. */
const KIND_HEADER = 'Catena-Kind';
/** The first line, the blank line and the message id, which the client adds. */
const FRAME_BYTES = 320;

/** The headers of a message that is sent now. */
export function outgoingHeaders(kind: string): MsgHdrs {
  const sent = headers();
  sent.set(VERSION_HEADER, CONTRACT_VERSION);
  sent.set(KIND_HEADER, kind);
  for (const [name, value] of Object.entries(injectTrace())) sent.set(name, value);
  return sent;
}

/** A message's headers as plain data, names as they came; of a repeated one the last. */
export function headersAsRecord(received: MsgHdrs | undefined): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [name, values] of received ?? []) record[name] = values.at(-1) ?? '';
  return record;
}

/** Throws `bus.unknown_version` unless the headers say that this release can read the message. */
export function checkVersion(record: Readonly<Record<string, string>>): void {
  const version = record[VERSION_HEADER];
  if (version === CONTRACT_VERSION) return;
  const said = version === undefined ? 'says no contract version' : `is of contract version ${JSON.stringify(version)}`;
  throw new CatenaError('bus.unknown_version', `a message ${said}; this release reads ${CONTRACT_VERSION}`, {
    data: { version: version ?? null },
    remedy: `send it with the header ${VERSION_HEADER}: ${CONTRACT_VERSION}, or run releases that fit together`,
  });
}

/** The kind that a message says it is of; undefined when it says none. */
export function statedKind(record: Readonly<Record<string, string>>): string | undefined {
  return record[KIND_HEADER];
}

/** An upper estimate of what a body and its headers take of a server's `max_payload`, in bytes. */
export function sizeOf(sent: MsgHdrs, body: Uint8Array): number {
  let bytes = FRAME_BYTES + body.byteLength;
  for (const [name, values] of sent) for (const value of values) bytes += name.length + Buffer.byteLength(value) + 4;
  return bytes;
}
