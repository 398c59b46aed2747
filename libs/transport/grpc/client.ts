/** Calls of another service. */

import { type Client, createClientFactory, type TsProtoServiceDefinition } from 'nice-grpc';
import { type ClientCallsOptions, clientCalls, type TimedCall } from './client-calls.ts';
import { channelCredentials } from './credentials.ts';
import { connected, DeadlineChannel } from './deadlines.ts';
import { silenceLibrary } from './library-log.ts';
import { channelTarget } from './target.ts';
import type { TlsFiles } from './tls-files.ts';

export interface GrpcClientOptions extends Omit<ClientCallsOptions, 'token' | 'ready' | 'target'> {
  /** One `host:port`, all of whose addresses are used in turn, or several addresses separated by commas. */
  readonly target: string;
  readonly token?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  /** The name in the server's certificate; default: that of the target. */
  readonly serverName?: string;
  readonly maxMessageBytes: number;
  /** Whether calls wait for a server until their deadline; otherwise they fail if there is none. */
  readonly waitForReady?: boolean;
}

export interface GrpcClient<Definition extends TsProtoServiceDefinition> {
  readonly calls: Client<Definition, TimedCall>;
  /** Closes its connections and aborts open calls. */
  close(): void;
}

/** The interval of keep-alive pings on a connection with calls. */
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
/** The first and the longest wait before a reconnect; it grows in between, with jitter. */
const RECONNECT_MS = 200;
const MAX_RECONNECT_MS = 5_000;
/** The least time between two lookups of a name after a lost connection. */
const RESOLVE_AGAIN_MS = 2_000;

/** Throws `grpc.bad_target` (fatal). It connects with the first call. */
export function createGrpcClient<Definition extends TsProtoServiceDefinition>(
  definition: Definition,
  options: GrpcClientOptions,
): GrpcClient<Definition> {
  const { target, token, tls, serverName, deadlineMs, maxMessageBytes, waitForReady = false } = options;
  silenceLibrary();
  const channel = new DeadlineChannel(channelTarget(target), channelCredentials(tls), {
    'grpc.service_config': serviceConfig(definition),
    // The service config is ours; none is read from DNS.
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.initial_reconnect_backoff_ms': RECONNECT_MS,
    'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_MS,
    'grpc.dns_min_time_between_resolutions_ms': RESOLVE_AGAIN_MS,
    ...(serverName === undefined ? {} : nameOptions(serverName)),
  });
  const ready = waitForReady
    ? (untilMs: number, signal: AbortSignal | undefined) => connected(channel, untilMs, signal)
    : undefined;
  const calls = createClientFactory()
    .use(clientCalls({ token, target, deadlineMs, ready }))
    .create(definition, channel);
  return { calls, close: () => channel.close() };
}

function nameOptions(serverName: string) {
  return { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName };
}

/** Attempts of a call, the first one included. */
const MAX_ATTEMPTS = 4;

/**
 * How a channel spreads and repeats calls, as a gRPC service config: round robin over every address. Methods that their proto declares idempotent or without side effects are retried when
 * a server is unavailable, with growing waits; all others fail at once, because they may have been executed.
 */
export function serviceConfig({ fullName, methods }: TsProtoServiceDefinition): string {
  const repeatable = Object.values(methods).filter(({ options }) => options.idempotencyLevel !== undefined);
  return JSON.stringify({
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig:
      repeatable.length === 0
        ? []
        : [
            {
              name: repeatable.map(({ name }) => ({ service: fullName, method: name })),
              retryPolicy: {
                maxAttempts: MAX_ATTEMPTS,
                initialBackoff: '0.1s',
                maxBackoff: '2s',
                backoffMultiplier: 2,
                retryableStatusCodes: ['UNAVAILABLE'],
              },
            },
          ],
    // When most calls fail, retries only add load.
    retryThrottling: { maxTokens: 100, tokenRatio: 0.1 },
  });
}
