import { type JetStreamAccountStats, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { isJetStreamAbsent, toBusError } from './nats-error.ts';

/** What a deployment asks of its server. */
export interface NatsNeeds {
  readonly replicas: number;
  /** The largest message, its headers apart. */
  readonly maxMessageBytes: number;
  /** What all streams together may take. */
  readonly storageBytes: number;
  /** `power`: what was acknowledged must survive a power failure. */
  readonly durability: 'process' | 'power';
}

/** One thing that is not as it must be, or that could not be seen. */
export interface NatsProblem {
  readonly code: string;
  /** `warning`: it works, but less well than was asked for, or that cannot be told from here. */
  readonly severity: 'error' | 'warning';
  /** What was read. */
  readonly message: string;
  readonly remedy: string;
}

const MIN_VERSION = [2, 9] as const;
/** From here on a server can sync each write before it acknowledges. */
const SYNC_VERSION = [2, 10] as const;
const HEADER_BYTES = 4_096;

/**
 * What keeps the chain from running well on this server; empty when nothing does. Throws `bus.unavailable` when the server
 * does not answer.
 */
export async function checkNats(connection: NatsConnection, needs: NatsNeeds): Promise<readonly NatsProblem[]> {
  const account = await accountOf(connection);
  return [
    versionProblem(connection),
    payloadProblem(connection, needs),
    ...(account === undefined ? [noJetStream(connection)] : [storageProblem(account, needs), ...limits(account)]),
    replicasProblem(connection, needs),
    syncProblem(connection, needs),
  ].filter((problem) => problem !== undefined);
}

async function accountOf(connection: NatsConnection): Promise<JetStreamAccountStats | undefined> {
  if (connection.info?.jetstream !== true) return undefined;
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    return await manager.getAccountInfo();
  } catch (thrown) {
    // The server has it, this account may not.
    if (isJetStreamAbsent(thrown) || /not enabled/.test(String(thrown))) return undefined;
    throw toBusError(thrown, 'asking for the account’s limits');
  }
}

function versionProblem({ info }: NatsConnection): NatsProblem | undefined {
  const version = info?.version ?? 'unknown';
  if (isAtLeast(version, MIN_VERSION)) return undefined;
  return {
    code: 'nats.too_old',
    severity: 'error',
    message: `nats-server is of version ${version}`,
    remedy: `use ${MIN_VERSION.join('.')} or later`,
  };
}

function payloadProblem({ info }: NatsConnection, { maxMessageBytes }: NatsNeeds): NatsProblem | undefined {
  const allowed = info?.max_payload ?? 0;
  const needed = maxMessageBytes + HEADER_BYTES;
  if (allowed >= needed) return undefined;
  return {
    code: 'nats.payload_too_small',
    severity: 'error',
    message: `max_payload is ${allowed} bytes, messages may take ${needed}`,
    remedy: `set max_payload to ${needed} or more, or lower blob_threshold_bytes`,
  };
}

function noJetStream(connection: NatsConnection): NatsProblem {
  return {
    code: 'nats.no_jetstream',
    severity: 'error',
    message: `${connection.getServer()} offers this account no JetStream`,
    remedy: 'start nats-server with -js and a storage folder, or enable JetStream for the account',
  };
}

function storageProblem({ storage, limits }: JetStreamAccountStats, needs: NatsNeeds): NatsProblem | undefined {
  const { max_storage: allowed } = limits;
  if (allowed < 0 || allowed - storage >= needs.storageBytes) return undefined;
  return {
    code: 'nats.storage_too_small',
    severity: 'error',
    message: `the account may store ${allowed} bytes, has stored ${storage}, and needs ${needs.storageBytes} more`,
    remedy: 'raise the account’s max_storage, or lower nats.stream_max_bytes and nats.event_max_bytes',
  };
}

function limits({ limits: { max_streams: streams, max_consumers: consumers } }: JetStreamAccountStats): NatsProblem[] {
  if (streams < 0 && consumers < 0) return [];
  return [
    {
      code: 'nats.counts_limited',
      severity: 'warning',
      message: `the account may have ${streams} streams and ${consumers} consumers (-1 is any number)`,
      remedy: 'allow five streams, and one more for each run that keeps large bodies',
    },
  ];
}

function replicasProblem({ info }: NatsConnection, { replicas }: NatsNeeds): NatsProblem | undefined {
  if (replicas <= 1 || info?.cluster !== undefined) return undefined;
  return {
    code: 'nats.no_cluster',
    severity: 'error',
    message: `${replicas} replicas are wanted, and the server stands alone`,
    remedy: 'set nats.replicas to 1, or run a cluster of at least as many servers',
  };
}

/** Clients cannot read `sync_interval`; by default a server acknowledges up to two minutes before it syncs. */
function syncProblem({ info }: NatsConnection, { durability }: NatsNeeds): NatsProblem | undefined {
  if (durability === 'process') return undefined;
  const version = info?.version ?? 'unknown';
  const canSync = isAtLeast(version, SYNC_VERSION);
  return {
    code: 'nats.sync_unknown',
    severity: 'warning',
    message: canSync
      ? 'whether writes are synced before they are acknowledged cannot be read by a client'
      : `version ${version} acknowledges before it syncs, and cannot be told otherwise`,
    remedy: canSync
      ? 'set jetstream { sync_interval: always }; what is lost all the same is notified again by the sweeper'
      : `what a power failure takes is notified again by the sweeper; ${SYNC_VERSION.join('.')} or later can sync each write`,
  };
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const match = /^v?(\d+)\.(\d+)\./.exec(version);
  if (match === null) return false;
  const [actualMajor, actualMinor] = [Number(match[1]), Number(match[2])];
  return actualMajor > major || (actualMajor === major && actualMinor >= minor);
}
