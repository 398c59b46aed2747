import { connect, createInbox, type NatsConnection } from '@nats-io/transport-node';
import { CatenaError } from '../../errors/catena-error.ts';
import { toBusError } from './nats-error.ts';

export type { NatsConnection };

export interface NatsConnectOptions {
  /**
   * `nats://` or `tls://`, may carry `user:password@` or `token@`; of a cluster several, separated by commas, with the same
   * credentials. A server names the others of its cluster, so one that answers is enough to know all.
   */
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
 * Connects; the connection then reconnects for ever, to any server of the cluster. Throws `bus.unavailable` (retryable) when no
 * server answers in time, `bus.unauthorized` when one refuses the credentials, `bus.contradicting_urls` (fatal).
 */
export async function connectNats({ url, name, timeoutMs }: NatsConnectOptions): Promise<NatsConnection> {
  const { hosts, login, tls } = readUrls(url);
  const prefix = login.user === undefined ? undefined : inboxPrefix(login.user);
  try {
    const connection = await connect({
      servers: hosts,
      name,
      timeout: timeoutMs ?? CONNECT_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT_MS,
      reconnectJitter: RECONNECT_WAIT_MS,
      pingInterval: PING_INTERVAL_MS,
      // Refused credentials may be corrected on the server, so the connection keeps trying.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
      ...(prefix === undefined ? {} : { inboxPrefix: prefix }),
      ...login,
      ...(tls ? { tls: {} } : {}),
    });
    if (prefix !== undefined) prefixes.set(connection, prefix);
    return connection;
  } catch (thrown) {
    throw toBusError(thrown, `connecting to ${hosts.join(', ')}`);
  }
}

const prefixes = new WeakMap<NatsConnection, string>();

/** A subject for answers that nobody else has, and that this connection's user may subscribe to. */
export function newInbox(connection: NatsConnection): string {
  return createInbox(prefixes.get(connection));
}

/**
 * Where the answers to a user's requests go: `_INBOX_<user>.…`. So that permissions can keep a service from the answers of
 * another; see `deploy/nats/`. Characters that subjects reserve become `_`.
 */
function inboxPrefix(user: string): string {
  return `_INBOX_${user.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`;
}

interface Login {
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

function readUrls(text: string): { readonly hosts: string[]; readonly login: Login; readonly tls: boolean } {
  const urls = text.split(',').map((each) => new URL(each.trim()));
  const [first] = urls as [URL, ...URL[]];
  const keyOf = ({ protocol, username, password }: URL) => JSON.stringify([protocol, username, password]);
  const differs = urls.some((each) => keyOf(each) !== keyOf(first));
  if (differs) {
    throw new CatenaError('bus.contradicting_urls', 'the servers in nats.url differ in their protocol or credentials', {
      remedy: 'name servers of one cluster: all with tls:// or all with nats://, and with the same user and password',
    });
  }
  return { hosts: urls.map(({ host }) => host), login: loginOf(first), tls: first.protocol === 'tls:' };
}

function loginOf({ username, password }: URL): Login {
  if (username === '') return {};
  const user = decodeURIComponent(username);
  return password === '' ? { token: user } : { user, pass: decodeURIComponent(password) };
}
