/** The URL of a Redis: as usual, but with several hosts for Sentinels and Clusters, which `URL` cannot parse. */
import { type HostAndPort, hostAndPort } from './listen-address.ts';

export interface RedisUrl {
  /** Whether the protocol is `rediss:`. */
  readonly isEncrypted: boolean;
  /** Empty: the default user. */
  readonly username: string;
  /** Empty: no password. */
  readonly password: string;
  /** At least one. */
  readonly hosts: readonly HostAndPort[];
  readonly database: number;
}

const DEFAULT_PORT = 6_379;
const PARTS = /^(rediss?):\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^@/?#]+)(?:\/(\d*))?$/;

/** The parts of `redis[s]://[user][:password]@host[:port],…[/database]`; undefined if the text is not such a URL. */
export function parseRedisUrl(text: string): RedisUrl | undefined {
  const [, protocol, user = '', password = '', hostList = '', database = ''] = PARTS.exec(text) ?? [];
  if (protocol === undefined) return undefined;
  const hosts = hostList.split(',').map((entry) => hostAndPort(entry) ?? hostAndPort(`${entry}:${DEFAULT_PORT}`));
  const login = [user, password].map(decoded);
  if (hosts.includes(undefined) || login.includes(undefined)) return undefined;
  return {
    isEncrypted: protocol === 'rediss',
    username: login[0]!,
    password: login[1]!,
    hosts: hosts as HostAndPort[],
    database: Number(database),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The URL with its login hidden; of other text nothing, if it may contain a login. */
export function redactRedisUrl(text: string): string {
  const url = parseRedisUrl(text);
  if (url === undefined) return /[@?]/.test(text) ? '***' : text;
  if (url.username === '' && url.password === '') return text;
  const login = url.password === '' ? '***' : `${encodeURIComponent(url.username)}:***`;
  return text.replace(/\/\/[^@]*@/, `//${login}@`);
}
