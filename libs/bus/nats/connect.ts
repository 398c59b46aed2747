import { connect, type NatsConnection } from '@nats-io/transport-node';
import { toBusError } from './nats-error.ts';

export type { NatsConnection };

export interface NatsConnectOptions {
  /** `nats://` or `tls://`; may carry `user:password@` or `token@`. This server names the others of its cluster. */
  readonly url: string;
  /** Name of the connection in the server's lists. */
  readonly name: string;
  /** Timeout of connecting, in milliseconds; default 5,000. */
  readonly timeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_WAIT_MS = 250;
const PING_INTERVAL_MS = 20_000;

/**
 * Connects; the connection then reconnects for ever. Throws `bus.unavailable` (retryable) when no server answers in time,
 * `bus.unauthorized` when one refuses the credentials.
 */
export async function connectNats({ url, name, timeoutMs }: NatsConnectOptions): Promise<NatsConnection> {
  const server = new URL(url);
  try {
    return await connect({
      servers: server.host,
      name,
      timeout: timeoutMs ?? CONNECT_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT_MS,
      reconnectJitter: RECONNECT_WAIT_MS,
      pingInterval: PING_INTERVAL_MS,
      // Refused credentials may be corrected on the server, so the connection keeps trying.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
      ...credentialsOf(server),
      ...(server.protocol === 'tls:' ? { tls: {} } : {}),
    });
  } catch (thrown) {
    throw toBusError(thrown, `connecting to ${server.host}`);
  }
}

function credentialsOf({ username, password }: URL): { user?: string; pass?: string; token?: string } {
  if (username === '') return {};
  const user = decodeURIComponent(username);
  return password === '' ? { token: user } : { user, pass: decodeURIComponent(password) };
}
