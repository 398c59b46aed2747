import { ACCEPT_ENCODING } from './decode-body.ts';
import { downloadError } from './download-error.ts';

/** One request on the wire, without redirects. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array | undefined;
  /** Names of headers, lower-case, that must not be sent to another origin, though others of their names are. */
  readonly originOnly?: readonly string[];
  /** Whether a redirect to another origin may send the body there. */
  readonly resendsBody?: boolean;
  /** Whether the URL comes from content, so that it may lead to public addresses only. */
  readonly isUntrusted?: boolean;
  /** Whether a partial body is kept when the time is up or the server cuts it off. */
  readonly keepsPartial?: boolean;
  /** Called when a body begins to arrive. */
  readonly onReceiving?: OnReceiving | undefined;
}

/** Receives a function that copies what has arrived so far: undefined for what cannot be read yet, such as a compressed body. */
export type OnReceiving = (soFar: () => Buffer | undefined) => void;

/** Set by the client itself, because they describe the connection or follow from the body. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export interface AskedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly originOnly?: readonly string[];
  readonly resendsBody?: boolean;
  readonly isUntrusted?: boolean;
  readonly keepsPartial?: boolean;
  readonly onReceiving?: OnReceiving | undefined;
}

/**
 * The first hop of a request. Credentials in the URL become a Basic authorization, unless one is given. Throws
 * `download.invalid_url`, `download.unsupported_protocol`.
 */
export function firstHop(request: AskedRequest, userAgent: string): Hop {
  const url = targetOf(request.url);
  const headers = new Map([
    ['user-agent', userAgent],
    ['accept', '*/*'],
    ['accept-encoding', ACCEPT_ENCODING],
  ]);
  if (url.username !== '' || url.password !== '') headers.set('authorization', basicAuthorization(url));
  for (const name of Object.keys(request.headers)) {
    const lowerCase = name.toLowerCase();
    if (!OF_THE_CONNECTION.has(lowerCase)) headers.set(lowerCase, request.headers[name] ?? '');
  }
  const {
    body,
    originOnly = [],
    resendsBody = false,
    isUntrusted = false,
    keepsPartial = false,
    onReceiving,
  } = request;
  // A partial compressed body cannot be decoded.
  if (keepsPartial) headers.set('accept-encoding', 'identity');
  const names = originOnly.map((name) => name.toLowerCase());
  const method = request.method.toUpperCase();
  return { url, method, headers, body, originOnly: names, resendsBody, isUntrusted, keepsPartial, onReceiving };
}

/** Parses a URL. Throws `download.invalid_url`, `download.unsupported_protocol`. */
export function targetOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw downloadError('download.invalid_url', { url: text });
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw downloadError('download.unsupported_protocol', { url });
}

function basicAuthorization(url: URL): string {
  const credentials = `${percentDecoded(url.username)}:${percentDecoded(url.password)}`;
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
