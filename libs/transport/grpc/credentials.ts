/** The TLS credentials of both ends of a connection. */
import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import type { TlsFiles } from './tls-files.ts';

/** Unencrypted without files. */
export function serverCredentials(tls: TlsFiles | undefined): ServerCredentials {
  if (tls?.identity === undefined) return ServerCredentials.createInsecure();
  const { cert, key } = tls.identity;
  return ServerCredentials.createSsl(tls.ca ?? null, [{ cert_chain: cert, private_key: key }], tls.clientAuth);
}

/** Unencrypted without files. */
export function channelCredentials(tls: TlsFiles | undefined): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  return ChannelCredentials.createSsl(tls.ca ?? null, tls.identity?.key ?? null, tls.identity?.cert ?? null);
}
