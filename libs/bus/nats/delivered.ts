import type { Msg, MsgHdrs } from '@nats-io/transport-node';

/** A message of a stream as the server meant to deliver it. */
export interface Delivered {
  readonly subject: string;
  /** Where its acknowledgement goes; it also holds the message's place in the stream. */
  readonly reply: string;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

const SEPARATOR = '@';

/**
 * Reads a delivered message. Up to 2.11.1, a server that is not the consumer's leader cuts a subject at its last `@`: it
 * delivers the rest as the subject and appends the beginning to the reply, and an acknowledgement there is lost. Both are put
 * together again, so that messages of earlier releases, whose subjects hold an `@`, are handled.
 */
export function delivered({ subject, reply = '', data, headers }: Msg): Delivered {
  const at = reply.indexOf(SEPARATOR);
  if (at === -1) return { subject, reply, data, headers };
  return { subject: `${reply.slice(at + 1)}${SEPARATOR}${subject}`, reply: reply.slice(0, at), data, headers };
}
