import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import type { Lookup } from './http-options.ts';

/** The error of a name or an address that this client must not reach. */
export class PrivateAddressError extends Error {
  readonly address: string;

  constructor(address: string) {
    super(`${address} is not a public address`);
    this.address = address;
  }
}

/** IPv4 blocks that are not the public internet (IANA special-purpose registry, multicast and reserved space). */
const IPV4_BLOCKS: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

const IPV6_BLOCKS: readonly (readonly [string, number])[] = [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

/** Prefixes (of 96 bits) under which an IPv6 address carries an IPv4 one: compatible, mapped, translated, NAT64. */
const EMBEDDING_PREFIXES = ['::', '::ffff:', '::ffff:0:', '64:ff9b::'];

const blocked = new BlockList();
for (const [address, bits] of IPV6_BLOCKS) blocked.addSubnet(address, bits, 'ipv6');
for (const [address, bits] of IPV4_BLOCKS) {
  blocked.addSubnet(address, bits, 'ipv4');
  for (const prefix of EMBEDDING_PREFIXES) blocked.addSubnet(`${prefix}${address}`, 96 + bits, 'ipv6');
  blocked.addSubnet(sixToFour(address), 16 + bits, 'ipv6');
}

/** The 6to4 prefix of an IPv4 address: its 32 bits follow 2002. */
function sixToFour(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return `2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::`;
}

/** The addresses and networks of a list, such as `127.0.0.1` and `10.0.0.0/8`; what is neither matches nothing. */
function networksIn(texts: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const text of texts) {
    const [address = '', bits] = text.split('/');
    const family = isIP(address);
    if (family === 0) continue;
    const most = family === 6 ? 128 : 32;
    networks.addSubnet(
      address,
      Math.min(bits === undefined ? most : Number(bits), most),
      family === 6 ? 'ipv6' : 'ipv4',
    );
  }
  return networks;
}

/** Whether an IP address is not public. A text that is no IP address counts as private. */
export function isPrivateAddress(address: string): boolean {
  const zone = address.indexOf('%');
  const plain = zone === -1 ? address : address.slice(0, zone);
  const family = isIP(plain);
  return family === 0 || blocked.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}

/** Guards one client: checks the host of each URL and the addresses of each name. */
export class TargetGuard {
  readonly #allowed: BlockList;
  readonly #resolve: Lookup;

  /** `allowed`: addresses and networks that may be reached all the same. */
  constructor(allowed: readonly string[], resolve: Lookup = systemLookup as Lookup) {
    this.#allowed = networksIn(allowed);
    this.#resolve = resolve;
  }

  /** Whether the URL names an address that is an exception. */
  allows(url: URL): boolean {
    return this.#isAllowed(addressIn(url));
  }

  /** Returns the address if the URL names a forbidden one; names are checked when they are resolved. */
  deniedAddress(url: URL): string | undefined {
    const address = addressIn(url);
    return isIP(address) !== 0 && this.#isDenied(address) ? address : undefined;
  }

  /**
   * Resolves a name to its allowed addresses. The connection is made to exactly these, so a DNS answer that changes between the
   * check and the connection has no effect.
   */
  readonly lookup: Lookup = (hostname, options, callback) => {
    this.#resolve(hostname, options, (error, addresses, family) => {
      if (error !== null) return callback(error, addresses, family);
      if (typeof addresses === 'string') {
        const denied = this.#isDenied(addresses);
        return callback(denied ? new PrivateAddressError(addresses) : null, addresses, family);
      }
      const reachable = addresses.filter(({ address }) => !this.#isDenied(address));
      const denied = reachable.length === 0 ? addresses[0] : undefined;
      callback(denied === undefined ? null : new PrivateAddressError(denied.address), reachable);
    });
  };

  #isDenied(address: string): boolean {
    return isPrivateAddress(address) && !this.#isAllowed(address);
  }

  #isAllowed(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#allowed.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

function addressIn({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
