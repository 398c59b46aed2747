/**
 * Limits and manners of the HTTP client. Times are milliseconds, sizes bytes. The whole request's time is kept to exactly;
 * the other timeouts are looked at about twice a second, which costs next to nothing.
 */
export interface HttpClientOptions {
  /** Until a connection stands, name look-up and TLS included. */
  readonly connectTimeoutMs: number;
  /** From sending the request to the end of the response's headers, per redirect. */
  readonly headersTimeoutMs: number;
  /** Between two pieces of the body. */
  readonly bodyTimeoutMs: number;
  /** The whole request, redirects and body included. */
  readonly totalTimeoutMs: number;
  readonly maxRedirects: number;
  /** Of a body, both as it is sent and after decompression. */
  readonly maxBodyBytes: number;
  /** A body may grow by this factor when it is decompressed … */
  readonly maxDecompressionRatio: number;
  /** … and to this size whatever the factor: small pages compress very well. */
  readonly decompressionFloorBytes: number;
  /** Sent unless a request brings its own. */
  readonly userAgent: string;
  /** Connections to one origin; 0 is as many as there are requests. */
  readonly maxConnectionsPerHost: number;
  /** Refuse loopback, private, link-local and reserved addresses, at every redirect and for every name look-up. */
  readonly denyPrivateTargets: boolean;
  /** Addresses that stay reachable all the same. */
  readonly allowedPrivateAddresses: readonly string[];
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
  maxRedirects: 10,
  maxBodyBytes: 16 * 1024 * 1024,
  maxDecompressionRatio: 100,
  decompressionFloorBytes: 1024 * 1024,
  userAgent: 'Catena',
  maxConnectionsPerHost: 0,
  denyPrivateTargets: false,
  allowedPrivateAddresses: [],
  lookup: undefined,
};
