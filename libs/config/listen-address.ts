/** Addresses with a port, as `host:port` or `[IPv6 address]:port`. */
import { isIP, isIPv6 } from 'node:net';

export interface HostAndPort {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

const MAX_PORT = 65_535;

/** The parts of an address; undefined if the text is not an address. */
export function hostAndPort(text: string): HostAndPort | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^\s:/,[\]@]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > MAX_PORT || (bracketed !== undefined && !isIPv6(bracketed))) return undefined;
  return { host, port };
}

export function isListenAddress(text: string): boolean {
  return hostAndPort(text) !== undefined;
}

/** Whether only this machine can reach the address. */
export function isLoopback(address: string): boolean {
  return isLoopbackHost(hostAndPort(address)?.host ?? '');
}

/** As {@link isLoopback}, for a host without a port and brackets. */
export function isLoopbackHost(host: string): boolean {
  if (isIP(host) === 0) return host === 'localhost';
  return host.startsWith('127.') || host === '::1';
}

/** As {@link isLoopback}, for a URL to listen on. */
export function isLoopbackUrl(url: string): boolean {
  const { hostname } = new URL(url);
  return isLoopback(`${hostname}:0`);
}
