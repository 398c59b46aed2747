/** Ports that are open to other machines with less protection than they could have; said at each start. */
import type { Config } from './config-tree.ts';
import { isLoopback, isLoopbackUrl } from './listen-address.ts';

export interface AccessWarning {
  /** The setting of the port. */
  readonly setting: string;
  readonly address: string;
  readonly problem: 'no_token' | 'no_tls';
  readonly message: string;
  readonly remedy: string;
}

/** The warnings of the ports that a process opens. A port without a token is refused before, unless that is allowed. */
export function accessWarnings({ grpc, api, metrics }: Pick<Config, 'grpc' | 'api' | 'metrics'>): AccessWarning[] {
  const isEncrypted = grpc.tlsCert !== undefined;
  const ports = [
    { setting: 'grpc.listen', address: grpc.listen, token: grpc.tokens, tokenSetting: 'grpc.tokens', isEncrypted },
    { setting: 'api.listen', address: api.listen, token: grpc.tokens, tokenSetting: 'grpc.tokens', isEncrypted },
    {
      ...{ setting: 'metrics.listen', address: metrics.listen, token: metrics.token, tokenSetting: 'metrics.token' },
      // Metrics are never encrypted; without a token that is no news.
      isEncrypted: false,
    },
  ];
  return ports.flatMap(({ setting, address, token, tokenSetting, isEncrypted }): AccessWarning[] => {
    if (address === undefined || isOwn(address)) return [];
    if (token === undefined) {
      const message = 'other machines may reach a port, and need no token';
      return [{ setting, address, problem: 'no_token', message, remedy: `set ${tokenSetting}` }];
    }
    if (isEncrypted) return [];
    const message = 'other machines may reach a port, and their tokens are not encrypted';
    const remedy =
      setting === 'metrics.listen'
        ? 'let only the reader of metrics reach it, or put a proxy with TLS before it'
        : 'set grpc.tls_cert and grpc.tls_key';
    return [{ setting, address, problem: 'no_tls', message, remedy }];
  });
}

function isOwn(address: string): boolean {
  return address.includes('://') ? isLoopbackUrl(address) : isLoopback(address);
}
