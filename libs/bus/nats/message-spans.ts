/** The spans of messages, by OpenTelemetry's conventions for messaging. Called only for spans that are recorded. */

import type { NatsConnection } from '@nats-io/transport-node';
import { ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '@opentelemetry/semantic-conventions';
import { subjectTemplate } from '../../contracts/subjects.ts';
import type { CallSpan, SpanFields } from '../../telemetry/spans.ts';

interface MessageOnWire {
  readonly subject: string;
  /** The subject without the namespace of the deployment. */
  readonly plain: string;
  readonly bytes: number;
}

/** The span of a message that is sent. */
export function sendSpan(connection: NatsConnection, message: MessageOnWire, id: string): CallSpan {
  const peer = { 'service.peer.name': 'nats', 'peer.service': 'nats' };
  const sent = { ...messageFields(message, 'send'), 'messaging.message.id': id };
  const fields = { ...sent, ...peer, ...addressOf(connection.getServer()) };
  return { name: `send ${subjectTemplate(message.plain)}`, kind: 'producer', fields };
}

/** What the span of a stage says of the message that it handles. Its server is left out: a download has one of its own. */
export function receivedFields(
  message: MessageOnWire & { readonly consumer: string; readonly isRedelivered: boolean },
): SpanFields {
  return {
    ...messageFields(message, 'process'),
    'messaging.consumer.group.name': message.consumer,
    ...(message.isRedelivered ? { 'messaging.nats.redelivered': true } : {}),
  };
}

function messageFields({ subject, plain, bytes }: MessageOnWire, operation: 'send' | 'process'): SpanFields {
  return {
    'messaging.system': 'nats',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': subject,
    'messaging.destination.template': subjectTemplate(plain),
    'messaging.message.body.size': bytes,
  };
}

/** Of `host:port`, as the client names the server that it is connected to. */
function addressOf(server: string): SpanFields {
  const at = server.lastIndexOf(':');
  const port = Number(server.slice(at + 1));
  if (at <= 0 || !Number.isInteger(port)) return server === '' ? {} : { [ATTR_SERVER_ADDRESS]: server };
  return { [ATTR_SERVER_ADDRESS]: server.slice(0, at).replace(/^\[|\]$/g, ''), [ATTR_SERVER_PORT]: port };
}
