/** Converts the servers in settings to the targets of channels. */
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { type HostAndPort, hostAndPort } from '../../config/listen-address.ts';
import { CatenaError } from '../../errors/catena-error.ts';

/** A server by one of its addresses. */
export interface ServerAddress extends HostAndPort {
  /** The name by which it was found, which its certificate must have. */
  readonly name: string;
}

/**
 * The target that a channel resolves to all addresses: a name is looked up, a list of addresses is used directly. Throws
 * `grpc.bad_target` (fatal), also for a list that contains names.
 */
export function channelTarget(target: string): string {
  const servers = parse(target);
  const [first] = servers;
  if (servers.length === 1 && first !== undefined && isIP(first.host) === 0)
    return `dns:///${first.host}:${first.port}`;
  const version = servers.every(({ host }) => isIP(host) === 4) ? 4 : 6;
  if (servers.some(({ host }) => isIP(host) !== version)) {
    throw badTarget(target, 'a list of servers must contain only addresses, all IPv4 or all IPv6');
  }
  return `ipv${version}:${servers.map(written).join(',')}`;
}

/** All addresses of all servers, sorted, without duplicates. Rejects with `grpc.unresolved` (retryable). */
export async function resolveTarget(target: string): Promise<readonly ServerAddress[]> {
  const found = await Promise.all(parse(target).map(addressesOf));
  const byAddress = new Map(found.flat().map((server) => [written(server), server]));
  return [...byAddress.keys()].sort().map((key) => byAddress.get(key)!);
}

/** `host:port`, with brackets where they are needed. */
export function written({ host, port }: HostAndPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

async function addressesOf({ host, port }: HostAndPort): Promise<readonly ServerAddress[]> {
  if (isIP(host) !== 0) return [{ name: host, host, port }];
  try {
    const addresses = await lookup(host, { all: true });
    return addresses.map(({ address }) => ({ name: host, host: address, port }));
  } catch (cause) {
    throw new CatenaError('grpc.unresolved', `the name ${host} has no address`, {
      class: 'retryable',
      cause,
      remedy: 'check the name, and the DNS server of this machine',
    });
  }
}

function parse(target: string): readonly HostAndPort[] {
  return target.split(',').map((entry) => hostAndPort(entry.trim()) ?? refuse(target));
}

function refuse(target: string): never {
  throw badTarget(target, 'it is not of the form host:port');
}

function badTarget(target: string, problem: string): CatenaError {
  return new CatenaError('grpc.bad_target', `"${target}" is not a valid list of servers: ${problem}`, {
    remedy: 'write host:port, or several addresses with their ports, separated by commas',
  });
}
