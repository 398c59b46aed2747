import { CatenaError, type FailureClass } from '../../../libs/errors/catena-error.ts';

interface Kind {
  readonly class: FailureClass;
  readonly says: string;
  readonly remedy?: string;
}

/** Every way in which a download fails, and its remedy. */
const KINDS = {
  'download.invalid_url': {
    class: 'fatal',
    says: 'is not a valid URL',
    remedy: 'request an absolute http or https URL',
  },
  'download.unsupported_protocol': { class: 'fatal', says: 'is neither http nor https' },
  'download.invalid_request': {
    class: 'fatal',
    says: 'cannot be sent in this form',
    remedy: "check the request's method, headers and body",
  },
  'download.dns': { class: 'retryable', says: 'has a host name that could not be resolved' },
  'download.refused': { class: 'retryable', says: 'could not be connected to' },
  'download.reset': { class: 'retryable', says: 'was closed by the server before it answered' },
  'download.connect_timeout': { class: 'retryable', says: 'could not be connected to in time' },
  'download.headers_timeout': { class: 'retryable', says: 'was not answered in time' },
  'download.body_timeout': { class: 'retryable', says: 'stopped sending its body' },
  'download.timeout': { class: 'retryable', says: 'took longer than the whole request may' },
  'download.deadline_exceeded': { class: 'fatal', says: 'was not sent: its deadline has passed' },
  'download.truncated': { class: 'retryable', says: 'ended before its body was complete' },
  'download.bad_encoding': { class: 'retryable', says: 'sent a body that cannot be decompressed' },
  'download.malformed': { class: 'retryable', says: 'sent a response that is not HTTP' },
  'download.failed': { class: 'retryable', says: 'failed for an unknown reason' },
  'download.too_many_redirects': { class: 'fatal', says: 'redirects too often' },
  'download.body_not_resent': {
    class: 'fatal',
    says: 'redirects a request with a body to another origin, which was not sent there',
    remedy: 'request the target itself, or set resendBody on the request if the body may go to other origins',
  },
  'download.too_large': {
    class: 'fatal',
    says: 'is larger than allowed',
    remedy: 'raise http.max_body_bytes if such a size is expected',
  },
  'download.headers_too_large': {
    class: 'fatal',
    says: 'sent more headers than allowed',
    remedy: 'raise http.max_header_bytes if such headers are expected',
  },
  'download.decompression_ratio': {
    class: 'fatal',
    says: 'decompresses to far more than it sent',
    remedy: 'raise http.max_decompression_ratio if the server is trusted',
  },
  'download.private_target': {
    class: 'fatal',
    says: 'leads to a private, loopback, link-local or reserved address',
    remedy:
      'if this is intended, name the address in http.allowed_private_targets, or set http.deny_private_targets to false; for a request with untrusted in http.allowed_untrusted_targets',
  },
  'download.forbidden_port': {
    class: 'fatal',
    says: 'comes from content, and names a port other than 80 and 443',
    remedy: 'leave such an address out, or request it without untrusted if you trust who wrote it',
  },
  'download.http2_only': {
    class: 'fatal',
    says: 'is on a server that speaks no HTTP/1.1',
    remedy: 'set http.http2 to true, so that HTTP/2 is spoken with it',
  },
  'download.tls': {
    class: 'fatal',
    says: 'could not be connected to securely',
    remedy: 'make the certificate of the server valid, or name its authority in http.tls_ca',
  },
  'download.aborted': { class: 'retryable', says: 'was aborted before it ended' },
} as const satisfies Record<string, Kind>;

export type DownloadCode = keyof typeof KINDS;

export interface DownloadFault {
  readonly url: URL | string;
  /** Details beyond the code. */
  readonly detail?: string | undefined;
  readonly cause?: unknown;
  /** Limits in force and other machine-readable details. */
  readonly data?: Readonly<Record<string, unknown>>;
}

const MAX_URL_CHARS = 2_000;

export function downloadError(code: DownloadCode, fault: DownloadFault): CatenaError {
  const kind: Kind = KINDS[code];
  const url = withoutCredentials(fault.url);
  const host = fault.url instanceof URL ? fault.url.host : undefined;
  const detail = fault.detail === undefined || fault.detail === '' ? '' : `: ${fault.detail}`;
  return new CatenaError(code, `${url} ${kind.says}${detail}`, {
    class: kind.class,
    data: { url, ...(host === undefined ? {} : { host }), ...fault.data },
    ...(kind.remedy === undefined ? {} : { remedy: kind.remedy }),
    ...(fault.cause === undefined ? {} : { cause: fault.cause }),
  });
}

/** A URL for logs and records: without user name and password, and of bounded length. */
export function withoutCredentials(url: URL | string): string {
  let text: string;
  if (typeof url === 'string') {
    // Not a URL, so its parts are unknown: everything before an @ is removed.
    text = url.replace(/^([a-z][a-z0-9+.-]*:)?[/\\]*.*@/is, '$1//');
  } else if (url.username === '' && url.password === '') {
    text = url.href;
  } else {
    const copy = new URL(url);
    copy.username = '';
    copy.password = '';
    text = copy.href;
  }
  return text.length <= MAX_URL_CHARS ? text : `${text.slice(0, MAX_URL_CHARS)}…`;
}
