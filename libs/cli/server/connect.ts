/** The connection of a command to a server. */
import { IngressDefinition } from '../../contracts/services.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { createGrpcClient, type GrpcClient } from '../../transport/grpc/client.ts';
import { readTlsFiles } from '../../transport/grpc/tls-files.ts';
import type { ServerLocation } from '../run-location.ts';

export type IngressCalls = GrpcClient<typeof IngressDefinition>['calls'];

export interface Server {
  readonly address: string;
  readonly calls: IngressCalls;
}

/**
 * Connects, calls `work` and closes the connection. Throws the errors of the server, `cli.no_server` if none answers, and
 * `cli.bad_server` for an invalid address.
 */
export async function withServer<Result>(
  { address, loaded }: ServerLocation,
  work: (server: Server) => Promise<Result>,
): Promise<Result> {
  const { grpc, server } = loaded.config;
  const tls = readTlsFiles({ cert: grpc.tlsCert, key: grpc.tlsKey, ca: grpc.tlsCa });
  const { deadlineMs, maxMessageBytes } = grpc;
  try {
    const client = createGrpcClient(IngressDefinition, {
      ...{ target: address, token: server.token, tls, deadlineMs, maxMessageBytes },
    });
    try {
      return await work({ address, calls: client.calls });
    } finally {
      client.close();
    }
  } catch (thrown) {
    throw inWords(thrown, address);
  }
}

const NOBODY = new Set(['grpc.unavailable', 'grpc.unresolved']);

function inWords(thrown: unknown, address: string): unknown {
  if (!(thrown instanceof CatenaError)) return thrown;
  if (NOBODY.has(thrown.code)) {
    return new CatenaError('cli.no_server', `no server answers at ${address}`, {
      cause: thrown,
      data: { address },
      remedy: 'check the address; `catena dev` starts a server on this machine',
    });
  }
  if (thrown.code === 'grpc.unauthenticated') {
    return new CatenaError('cli.no_token', `the server at ${address} refused the call: it needs a valid token`, {
      cause: thrown,
      remedy: 'give a token of its setting grpc.tokens, with --token or the setting server.token',
    });
  }
  return thrown;
}
