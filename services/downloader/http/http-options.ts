/**
 * Limits and defaults of the HTTP client. Times are milliseconds, sizes bytes. The timeout of the whole request is exact; the
 * other timeouts are checked about twice a second, which costs next to nothing.
 */
export interface HttpClientOptions {
  /** To connect, with name look-up and TLS. */
  readonly connectTimeoutMs: number;
  /** From sending the request to the end of the response's headers, per redirect. */
  readonly headersTimeoutMs: number;
  /** Between two pieces of the body. */
  readonly bodyTimeoutMs: number;
  /** The whole request, redirects and body included. */
  readonly totalTimeoutMs: number;
  readonly maxRedirects: number;
  /** The headers of one response, all together. */
  readonly maxHeaderBytes: number;
  /** The largest body, both as sent and after decompression. */
  readonly maxBodyBytes: number;
  /** Decompression may enlarge a body by this factor … */
  readonly maxDecompressionRatio: number;
  /** … and always up to this size, because small pages compress very well. */
  readonly decompressionFloorBytes: number;
  /** Sent unless a request brings its own. */
  readonly userAgent: string;
  /** Connections to one origin; 0 is as many as there are requests. */
  readonly maxConnectionsPerHost: number;
  /** Whether HTTP/2 is spoken with servers that refuse HTTP/1.1. */
  readonly http2: boolean;
  /** Which servers the lenient reader of HTTP/1.1 is for: all, none, or those whose responses are no strict HTTP. */
  readonly lenient: 'never' | 'when_needed' | 'always';
  /** Certificate authorities to trust besides those of Node, as PEM. */
  readonly ca: string | undefined;
  /** Refuses loopback, private, link-local and reserved addresses, at every redirect and for every name look-up. */
  readonly denyPrivateTargets: boolean;
  /** Exceptions that stay reachable: addresses and networks. */
  readonly allowedPrivateTargets: readonly string[];
  /** Private addresses and networks that requests from content may reach, on any port; without these they reach none. */
  readonly allowedUntrustedTargets: readonly string[];
  /** Resolves host names; default: the operating system's way. */
  readonly lookup: Lookup | undefined;
}

/** A resolver in the form that `node:net` calls. */
export type Lookup = import('node:net').LookupFunction;

export const DEFAULT_HTTP_OPTIONS: HttpClientOptions = {
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 30_000,
  bodyTimeoutMs: 30_000,
  totalTimeoutMs: 60_000,
  maxRedirects: 20,
  maxHeaderBytes: 256 * 1024,
  maxBodyBytes: 16 * 1024 * 1024,
  maxDecompressionRatio: 100,
  decompressionFloorBytes: 1024 * 1024,
  userAgent: 'Catena',
  maxConnectionsPerHost: 0,
  http2: true,
  lenient: 'when_needed',
  ca: undefined,
  denyPrivateTargets: false,
  allowedPrivateTargets: [],
  allowedUntrustedTargets: [],
  lookup: undefined,
};
