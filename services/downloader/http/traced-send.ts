/** The spans of requests, by OpenTelemetry's conventions for HTTP clients. */
import { ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '@opentelemetry/semantic-conventions';
import { redactQuery } from '../../../libs/telemetry/redact-query.ts';
import { ERROR_CODE } from '../../../libs/telemetry/span-names.ts';
import { inCallSpan, type SpanFields } from '../../../libs/telemetry/spans.ts';
import { withoutCredentials } from './download-error.ts';
import type { Answer } from './exchange.ts';
import type { Hop } from './hop.ts';

/** What a span says of a request beside its address. */
export interface SentFor {
  /** What is asked for, in few words: the step, not the address, so that a crawl has few names. */
  readonly destination: string;
  /** How many redirects led here. */
  readonly redirects: number;
  /** Which execution of its node it belongs to, from 1. */
  readonly attempt?: number | undefined;
}

/** Sends one hop in a span of its own. It is held when its run is not sampled, because a failure is often told by it. */
export function tracedSend(sentFor: SentFor, hop: Hop, send: () => Promise<Answer>): Promise<Answer> {
  const describe = () => ({
    name: `${hop.method} ${sentFor.destination}`,
    kind: 'client' as const,
    fields: { ...requestFields(hop), ...sentFields(sentFor) },
  });
  return inCallSpan(describe, send, { answered: answerFields, isHeld: true });
}

function sentFields({ redirects, attempt }: SentFor): SpanFields {
  return {
    ...(redirects === 0 ? {} : { 'http.request.resend_count': redirects }),
    ...(attempt === undefined ? {} : { attempt }),
  };
}

function requestFields({ method, url, body }: Hop): SpanFields {
  return {
    'http.request.method': method,
    // Without user, password, and values that look like secrets.
    'url.full': redactQuery(withoutCredentials(url)),
    ...hostFields(url),
    ...(body === undefined ? {} : { 'http.request.body.size': body.byteLength }),
  };
}

/** Which server a URL names. */
export function hostFields({ hostname, port, protocol }: URL): SpanFields {
  const name = hostname.replace(/^\[|\]$/g, '');
  return { [ATTR_SERVER_ADDRESS]: name, [ATTR_SERVER_PORT]: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

/** As the conventions say, a status of an error makes a client's span one. */
function answerFields({ status, receivedBytes, body, partial }: Answer): SpanFields {
  return {
    'http.response.status_code': status,
    'http.response.body.size': receivedBytes,
    'http.response.decoded_body.size': body.byteLength,
    ...(partial ? { 'http.response.cut_off': true } : {}),
    ...(status < 400 ? {} : { [ERROR_CODE]: String(status) }),
  };
}
