import { connect, type NatsConnection } from '@nats-io/transport-node';
import { toBusError } from './nats-error.ts';

export type { NatsConnection };

export interface NatsConnectOptions {
  /** `nats://` or `tls://`; may carry `user:password@` or `token@`. The other servers of a cluster are learnt from this one. */
  readonly url: string;
  /** How the connection names itself in the server's lists. */
  readonly name: string;
  /** The longest that connecting may take, in milliseconds; default 5,000. */
  readonly timeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_WAIT_MS = 250;
const PING_INTERVAL_MS = 20_000;

/**
 * A connection that mends itself for ever once it stands. Throws `bus.unavailable` (retryable) when no server answers in
 * time, `bus.unauthorized` when one refuses the credentials.
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
      // Credentials may be mended on the server; a connection that gave up would not notice.
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
