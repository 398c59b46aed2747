import { type JetStreamAccountStats, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { isJetStreamAbsent, toBusError } from './nats-error.ts';
import { isAtLeast, isOpenToOtherAccounts, MENDED_VERSIONS } from './server-version.ts';

/** What a deployment requires of its server. */
export interface NatsNeeds {
  readonly replicas: number;
  /** The largest message, without headers. */
  readonly maxMessageBytes: number;
  /** Storage of all streams together. */
  readonly storageBytes: number;
  /** `power`: acknowledged messages must survive a power failure. */
  readonly durability: 'process' | 'power';
}

/** A requirement that is not met, or could not be checked. */
export interface NatsProblem {
  readonly code: string;
  /** `warning`: the server works, but does not meet the requirement or cannot be checked from here. */
  readonly severity: 'error' | 'warning';
  /** The value that was found. */
  readonly message: string;
  readonly remedy: string;
}

const MIN_VERSION = [2, 9, 0] as const;
/** The first version that can sync each write before it acknowledges. */
const SYNC_VERSION = [2, 10, 0] as const;
const HEADER_BYTES = 4_096;

/**
 * Lists the requirements that this server does not meet. Throws `bus.unavailable` when the server does not answer.
 */
export async function checkNats(connection: NatsConnection, needs: NatsNeeds): Promise<readonly NatsProblem[]> {
  const account = await accountOf(connection);
  return [
    versionProblem(connection),
    accountsProblem(connection),
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
    // The server has JetStream, but this account may not use it.
    if (isJetStreamAbsent(thrown) || /not enabled/.test(String(thrown))) return undefined;
    throw toBusError(thrown, 'reading the account’s limits');
  }
}

function versionProblem({ info }: NatsConnection): NatsProblem | undefined {
  const version = info?.version ?? 'unknown';
  if (isAtLeast(version, MIN_VERSION)) return undefined;
  return {
    code: 'nats.too_old',
    severity: 'error',
    message: `nats-server has version ${version}`,
    remedy: `use ${MIN_VERSION.join('.')} or later`,
  };
}

function accountsProblem({ info }: NatsConnection): NatsProblem | undefined {
  const version = info?.version ?? 'unknown';
  if (!isOpenToOtherAccounts(version)) return undefined;
  return {
    code: 'nats.known_vulnerability',
    severity: 'warning',
    message: `nats-server ${version} lets users of other accounts administer JetStream (CVE-2025-30215)`,
    remedy: `upgrade to ${MENDED_VERSIONS}, or share the server with nobody whom you do not trust`,
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
      remedy: 'allow thirteen streams with as many consumers, and one more for each run that keeps large bodies',
    },
  ];
}

function replicasProblem({ info }: NatsConnection, { replicas }: NatsNeeds): NatsProblem | undefined {
  if (replicas <= 1 || info?.cluster !== undefined) return undefined;
  return {
    code: 'nats.no_cluster',
    severity: 'error',
    message: `${replicas} replicas are required, but the server is not in a cluster`,
    remedy: 'set nats.replicas to 1, or run a cluster of at least as many servers',
  };
}

/** Clients cannot read `sync_interval`. By default a server syncs up to two minutes after it acknowledges. */
function syncProblem({ info }: NatsConnection, { durability }: NatsNeeds): NatsProblem | undefined {
  if (durability === 'process') return undefined;
  const version = info?.version ?? 'unknown';
  const canSync = isAtLeast(version, SYNC_VERSION);
  return {
    code: 'nats.sync_unknown',
    severity: 'warning',
    message: canSync
      ? 'a client cannot read whether writes are synced before they are acknowledged'
      : `version ${version} acknowledges before it syncs, and has no setting for it`,
    remedy: canSync
      ? 'set jetstream { sync_interval: always }; the sweeper sends lost wake-ups again'
      : `the sweeper sends wake-ups again that a power failure loses; ${SYNC_VERSION.join('.')} or later can sync each write`,
  };
}
