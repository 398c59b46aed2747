/**
 * Tells programs of this machine from web pages, for HTTP servers without tokens. Every page that a browser of this machine shows can
 * send requests to loopback: by its address, or by a name of its own that it lets resolve to 127.0.0.1 (DNS rebinding). A browser
 * says where a request comes from in `host`, `origin` and `sec-fetch-site`, which pages cannot set.
 */
import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { CatenaError } from '../errors/catena-error.ts';

export interface LocalCallers {
  /** Names and addresses, with or without a port, by which the server may be called besides those of loopback. */
  readonly allowedHosts: readonly string[];
  /** Origins whose pages may call it besides its own. */
  readonly allowedOrigins: readonly string[];
}

export type CallerRequest = Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>;

/** The error for a request that may come from a foreign page: `api.foreign_host`, `api.foreign_origin`. */
export function foreignCaller(request: CallerRequest, callers: LocalCallers): CatenaError | undefined {
  const hosts = headerValues(request, 'host');
  const origins = headerValues(request, 'origin');
  const [host = ''] = hosts;
  if (hosts.length !== 1 || !isOwnHost(host, callers)) return foreignHost(host);
  // With an absolute target (`GET http://name/path`) the target's host counts, not the header's.
  const target = authorityOf(request.url ?? '');
  if (target !== undefined && !isOwnHost(target, callers)) return foreignHost(target);
  if (origins.length > 1) return foreignOrigin(origins.join(', '));
  const [origin] = origins;
  if (origin !== undefined) {
    if (callers.allowedOrigins.includes(origin)) return undefined;
    if (!isSameHost(origin, host)) return foreignOrigin(origin);
  }
  return isOfOtherSite(request) ? foreignOrigin(origin ?? 'another site') : undefined;
}

/** All values of a header, in their order: Node keeps only the first of some, which a proxy may not. */
function headerValues({ rawHeaders }: CallerRequest, name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === name);
}

/** Whether a value of `host` names loopback, or an allowed host. */
function isOwnHost(value: string, { allowedHosts }: LocalCallers): boolean {
  const parts = hostParts(value);
  if (parts === undefined) return false;
  const { name, port } = parts;
  if (isLoopbackName(name)) return true;
  return allowedHosts.map(hostParts).some((allowed) => {
    return allowed !== undefined && allowed.name === name && (allowed.port === '' || allowed.port === port);
  });
}

interface HostParts {
  /** In lower case, without brackets and the final dot. */
  readonly name: string;
  /** Empty if there is none. */
  readonly port: string;
}

/** Undefined for anything but a host and a port: with a login, a path or a blank, for example. */
function hostParts(value: string): HostParts | undefined {
  const [, bracketed, plain, port = ''] =
    /^(?:\[([\da-f:.]+)\]|([a-z\d_](?:[a-z\d_.-]*[a-z\d_])?\.?))(?::(\d{0,5}))?$/i.exec(value) ?? [];
  if (bracketed !== undefined) {
    if (!isIPv6(bracketed)) return undefined;
    // The canonical form: `::1` has many others.
    return { name: new URL(`http://[${bracketed}]`).hostname.slice(1, -1), port };
  }
  return plain === undefined ? undefined : { name: plain.toLowerCase().replace(/\.$/, ''), port };
}

const LOOPBACK_V6 = /^(?:::1|::ffff:7f[\da-f]{2}:[\da-f]{1,4})$/;

/** Only addresses as browsers write them: they write 127.1 and 2130706433 as 127.0.0.1. */
function isLoopbackName(name: string): boolean {
  return name === 'localhost' || (isIPv4(name) && name.startsWith('127.')) || LOOPBACK_V6.test(name);
}

function authorityOf(url: string): string | undefined {
  return /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
}

/** Whether an origin is of the host that is called, at the same port. An opaque one (`null`) is of no host. */
function isSameHost(origin: string, host: string): boolean {
  const [, scheme = '', authority] = /^(https?):\/\/([^/?#@]+)$/i.exec(origin) ?? [];
  const own = hostParts(host);
  const parts = authority === undefined ? undefined : hostParts(authority);
  if (own === undefined || parts === undefined || own.name !== parts.name) return false;
  // A proxy on this machine may have taken the encryption off, so the scheme may be another one.
  const usual = scheme.toLowerCase() === 'https' ? '443' : '80';
  return own.port === parts.port || (parts.port === '' && own.port === usual);
}

/** Whether the browser says that another site's page sent the request; a link that a person followed is none. */
function isOfOtherSite(request: CallerRequest): boolean {
  const one = (name: string): string => headerValues(request, name)[0] ?? '';
  const { method } = request;
  const site = one('sec-fetch-site');
  if (site === '' || site === 'same-origin' || site === 'none') return false;
  const isLink = one('sec-fetch-mode') === 'navigate' && one('sec-fetch-dest') === 'document';
  return !(isLink && (method === 'GET' || method === 'HEAD'));
}

const MAX_SHOWN_CHARS = 200;

function foreignHost(host: string): CatenaError {
  const called = host === '' ? 'without a host' : `as ${JSON.stringify(host.slice(0, MAX_SHOWN_CHARS))}`;
  return new CatenaError('api.foreign_host', `the server was called ${called}, which is not a name of loopback`, {
    remedy: 'call it as 127.0.0.1 or localhost, add the name to api.allowed_hosts, or set grpc.tokens',
  });
}

function foreignOrigin(origin: string): CatenaError {
  const from = origin.slice(0, MAX_SHOWN_CHARS);
  return new CatenaError('api.foreign_origin', `the request comes from a page of ${from}, not of this server`, {
    remedy: 'add the origin of the page to api.allowed_origins',
  });
}
