/** The servers of a target, each with its own client: a dispatch stream belongs to one server. */
import type { TsProtoServiceDefinition } from 'nice-grpc';
import { createGrpcClient, type GrpcClient, type GrpcClientOptions } from '../client.ts';
import { resolveTarget, type ServerAddress, written } from '../target.ts';

export interface DispatchServers<Definition extends TsProtoServiceDefinition> {
  /** The current addresses, for {@link DispatchServers.calls}. Rejects with `grpc.unresolved` (retryable). */
  resolve(): Promise<readonly string[]>;
  /** Calls to the server at an address that {@link DispatchServers.resolve} returned. */
  calls(address: string): GrpcClient<Definition>['calls'];
  close(): void;
}

export function dispatchServers<Definition extends TsProtoServiceDefinition>(
  definition: Definition,
  options: GrpcClientOptions,
): DispatchServers<Definition> {
  const clients = new Map<string, GrpcClient<Definition>>();
  let names: ReadonlyMap<string, ServerAddress> = new Map();
  return {
    async resolve() {
      const servers = await resolveTarget(options.target);
      names = new Map(servers.map((server) => [written(server), server]));
      for (const [address, client] of clients) {
        if (names.has(address)) continue;
        client.close();
        clients.delete(address);
      }
      return [...names.keys()];
    },
    calls(address) {
      const client = clients.get(address) ?? connect(address, names.get(address));
      clients.set(address, client);
      return client.calls;
    },
    close() {
      for (const client of clients.values()) client.close();
      clients.clear();
    },
  };

  /** A server that was found by a name must have that name in its certificate. */
  function connect(address: string, server: ServerAddress | undefined): GrpcClient<Definition> {
    const isNamed = server !== undefined && server.name !== server.host;
    const name = isNamed ? { serverName: server.name } : {};
    return createGrpcClient(definition, { ...name, ...options, target: address });
  }
}
