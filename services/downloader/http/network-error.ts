import { errors } from 'undici';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { type DownloadCode, downloadError } from './download-error.ts';
import type { HttpClientOptions } from './http-options.ts';
import { PrivateAddressError } from './private-address.ts';

/** How far a request had come when it failed. */
export interface NetworkFault {
  readonly url: URL;
  /** Whether the response's headers had arrived, so that the body failed. */
  readonly answered: boolean;
  readonly limits: HttpClientOptions;
}

const CODES = new Map<string, DownloadCode>([
  ['ENOTFOUND', 'download.dns'],
  ['EAI_AGAIN', 'download.dns'],
  ['ECONNREFUSED', 'download.refused'],
  ['EHOSTUNREACH', 'download.refused'],
  ['ENETUNREACH', 'download.refused'],
  ['EADDRNOTAVAIL', 'download.refused'],
  ['EACCES', 'download.refused'],
  ['ETIMEDOUT', 'download.connect_timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'download.connect_timeout'],
  ['UND_ERR_HEADERS_TIMEOUT', 'download.headers_timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'download.body_timeout'],
  ['UND_ERR_HEADERS_OVERFLOW', 'download.headers_too_large'],
  ['UND_ERR_INVALID_ARG', 'download.invalid_request'],
  ['UND_ERR_NOT_SUPPORTED', 'download.invalid_request'],
  ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'download.invalid_request'],
  ['UND_ERR_DESTROYED', 'download.aborted'],
  ['UND_ERR_CLOSED', 'download.aborted'],
  ['UND_ERR_ABORTED', 'download.aborted'],
  ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'download.http2_only'],
  ['EPROTO', 'download.tls'],
  ['CERT_HAS_EXPIRED', 'download.tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'download.tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'download.tls'],
  ['HOSTNAME_MISMATCH', 'download.tls'],
]);

/** Codes of an ended connection; their meaning depends on how far the response had come. */
const CUT_OFF = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET']);

/** The limit that a code refers to, for the record. */
const LIMITS: Partial<Record<DownloadCode, keyof HttpClientOptions>> = {
  'download.connect_timeout': 'connectTimeoutMs',
  'download.headers_timeout': 'headersTimeoutMs',
  'download.body_timeout': 'bodyTimeoutMs',
  'download.headers_too_large': 'maxHeaderBytes',
};

/** Maps what the HTTP library or the network threw to a code of this client. */
export function toDownloadError(thrown: unknown, fault: NetworkFault): CatenaError {
  if (thrown instanceof CatenaError) return thrown;
  const { url } = fault;
  if (thrown instanceof PrivateAddressError) {
    return downloadError('download.private_target', { url, data: { address: thrown.address } });
  }
  const networkCode = codeOf(thrown);
  const code = nameOf(thrown, networkCode, fault.answered);
  const limit = LIMITS[code];
  return downloadError(code, {
    url,
    cause: thrown,
    detail: thrown instanceof Error ? thrown.message : String(thrown),
    data: { networkCode, ...(limit === undefined ? {} : { [limit]: fault.limits[limit] }) },
  });
}

function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}

function nameOf(thrown: unknown, networkCode: string, answered: boolean): DownloadCode {
  const name = CODES.get(networkCode);
  if (name !== undefined) return name;
  if (CUT_OFF.has(networkCode) || isEarlyEnd(thrown)) return answered ? 'download.truncated' : 'download.reset';
  // The body ended as its framing says, and another length was announced: several lengths, or chunks beside one.
  if (networkCode === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return 'download.malformed';
  if (networkCode.startsWith('ERR_HTTP2_')) return answered ? 'download.truncated' : 'download.reset';
  if (thrown instanceof errors.HTTPParserError) return 'download.malformed';
  if (networkCode.startsWith('EAI_')) return 'download.dns';
  if (/^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_)/.test(networkCode)) return 'download.tls';
  return 'download.failed';
}

/** The HTTP parser has no codes, only messages. */
function isEarlyEnd(thrown: unknown): boolean {
  return thrown instanceof errors.HTTPParserError && /\bEOF\b/.test(thrown.message);
}
