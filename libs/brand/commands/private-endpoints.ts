/**
 * Models on private addresses, such as one on this machine. Who writes an endpoint into the provider registry trusts it; no answer can name
 * one. So `catena diagnose` reaches them by default, although it refuses private addresses otherwise
 * (docs/adr/0069-endpoints-of-models-are-trusted.md).
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { CatenaError } from '../../errors/catena-error.ts';
import type { ProviderRegistry } from '../module/provider-registry.ts';

export const DENY_PRIVATE = 'http.deny_private_targets';
export const ALLOW_PRIVATE = 'http.allowed_private_targets';

export type Resolve = (name: string) => Promise<readonly string[]>;

/** Endings that no public name has. */
const LOCAL_NAME = /^[^.]+$|\.(?:localhost|local|internal|intranet|lan|home\.arpa)$/i;

const systemResolve: Resolve = async (name) => (await lookup(name, { all: true })).map(({ address }) => address);

/** An endpoint whose host is an address or a name of a private network; what a public name leads to is not asked. */
export interface PrivateEndpoint {
  readonly model: string;
  readonly baseUrl: string;
  /** Empty for a name that is not known here. */
  readonly addresses: readonly string[];
}

/** The chosen models at addresses, or at names of private networks. */
export async function privateEndpoints(
  registry: ProviderRegistry,
  models: readonly string[],
  resolve: Resolve = systemResolve,
): Promise<PrivateEndpoint[]> {
  const asked = [...new Set(models)].map((model) => ({ model, baseUrl: registry.find(model).baseUrl }));
  const found = await Promise.all(
    asked.map(async ({ model, baseUrl }) => {
      const host = new URL(baseUrl).hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0) return [{ model, baseUrl, addresses: [host] }];
      // A name that is not known fails at its call, with the reason.
      return LOCAL_NAME.test(host) ? [{ model, baseUrl, addresses: await resolve(host).catch(() => []) }] : [];
    }),
  );
  return found.flat();
}

/** The addresses of the endpoints, beside those that are allowed already. */
export function withEndpoints(allowed: readonly string[], endpoints: readonly PrivateEndpoint[]): string[] {
  return [...new Set([...allowed, ...endpoints.flatMap(({ addresses }) => addresses)])];
}

/** Throws `brand.private_model` where a setting refuses private addresses, and an endpoint is one that no setting allows. */
export function requireAllowed(allowed: readonly string[], endpoints: readonly PrivateEndpoint[]): void {
  const networks = new BlockList();
  for (const text of allowed) {
    const [address = '', bits] = text.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    networks.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  const isAllowed = (address: string): boolean => networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  for (const { model, baseUrl, addresses } of endpoints) {
    const denied = addresses.find((address) => isPrivate(address) && !isAllowed(address));
    if (denied === undefined) continue;
    throw new CatenaError('brand.private_model', `${model} is at ${baseUrl}, and ${DENY_PRIVATE} refuses ${denied}`, {
      data: { model, address: denied },
      remedy: `add --set ${ALLOW_PRIVATE}=${[...allowed, denied].join(',')}, or leave ${DENY_PRIVATE} out: then the endpoints of the chosen models are reached`,
    });
  }
}

/** The blocks in which models of one's own stand; the downloader's guard knows all special ones. */
const PRIVATE = new BlockList();
for (const [address, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(address, bits, 'ipv4');
}
for (const [address, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  PRIVATE.addSubnet(address, bits, 'ipv6');
}

function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
