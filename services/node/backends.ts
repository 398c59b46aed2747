/**
 * The backends of a process of distributed mode: Redis for open runs, PostgreSQL for what outlives them, NATS for wake-ups,
 * events and large bodies. A server that could lose data that Catena promises to keep is refused.
 */
import { LocalFirstBus } from '../../libs/bus/local-first-bus.ts';
import { connectNats } from '../../libs/bus/nats/connect.ts';
import type { NatsBus } from '../../libs/bus/nats/nats-bus.ts';
import type { NatsEvents } from '../../libs/bus/nats/nats-events.ts';
import type { BusNotice } from '../../libs/bus/nats/notice.ts';
import { openNatsBus } from '../../libs/bus/nats/open-nats-bus.ts';
import type { Bus, Receiver } from '../../libs/bus/port.ts';
import type { Clock } from '../../libs/clock/clock.ts';
import type { Config } from '../../libs/config/config-tree.ts';
import { configuredRedis } from '../../libs/coordination/redis/connection/address.ts';
import type { RedisNotice } from '../../libs/coordination/redis/connection/connect.ts';
import { openRedisCoordinator, type RedisCoordinator } from '../../libs/coordination/redis/index.ts';
import { DISTRIBUTED_SHARDS } from '../../libs/keys/keys.ts';
import type { CommitPort } from '../../libs/stage/items/commit-port.ts';
import { InsertThenConfirm, resolvingStore } from '../../libs/stage/items/insert-then-confirm.ts';
import { type AuditResult, auditRuns } from '../../libs/stage/maintenance/audit-runs.ts';
import type { KnownIncarnation } from '../../libs/stage/maintenance/loss-watch.ts';
import { scriptMeter } from '../../libs/stage/observe/metered-coordinator.ts';
import type { BlobStore } from '../../libs/store/blob-store.ts';
import { BlobBuckets } from '../../libs/store/nats/blob-bucket.ts';
import type { Store } from '../../libs/store/port.ts';
import type { Incarnation } from '../../libs/store/postgres/incarnation.ts';
import { openPostgresStore, type PostgresStore } from '../../libs/store/postgres/index.ts';
import type { ResponseCache } from '../../libs/store/response-cache.ts';
import type { HealthCheck } from '../../libs/telemetry/health.ts';
import type { Log } from '../../libs/telemetry/log.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import type { Metrics } from '../../libs/telemetry/metrics.ts';
import { awaitServer } from './await-server.ts';
import { requireSafeServers } from './server-checks.ts';

export interface DistributedBackendsOptions {
  readonly config: Config;
  /** The client name that the servers see. */
  readonly name: string;
  /** Whether a message stays in this process when its stage is hosted here and has a free slot. */
  readonly localFirst: boolean;
  /** The stages of this process that take messages. */
  readonly receivers: readonly Receiver[];
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the wait for servers that do not answer yet. */
  readonly signal: AbortSignal;
  /** Called with the name of a server that does not answer yet. */
  readonly onWaiting?: (server: string) => void;
}

export interface DistributedBackends {
  readonly coordinator: RedisCoordinator;
  readonly store: Store;
  readonly commits: CommitPort;
  readonly bus: Bus;
  readonly events: NatsEvents;
  readonly blobs: BlobStore;
  readonly responseCache: ResponseCache;
  readonly shards: number;
  readonly incarnation: KnownIncarnation;
  /** What the store knows of the coordinator's losses. */
  readonly ledger: Incarnation;
  /** Audits all open runs; a thorough one reads every visible row. */
  readonly audit: (signal: AbortSignal, isThorough?: boolean) => Promise<AuditResult>;
  /** What readiness asks of each backend. */
  readonly checks: Readonly<Record<'redis' | 'nats' | 'postgres', HealthCheck>>;
  /** The processes of the deployment; see {@link NatsBus.processes}. */
  readonly processes: NatsBus['processes'];
  /** Tells the other processes of nodes that failed; see {@link NatsBus.failedNodes}. */
  readonly failedNodes: NatsBus['failedNodes'];
  /** Writes what is pending, then closes the connections. Idempotent. */
  close(): Promise<void>;
}

/**
 * How long a transition waits for Redis, as a share of a lease. Without an answer nobody knows whether the transition took
 * place, so its node waits until the lease has run out. A shorter outage of Redis costs only its own duration.
 */
const WAIT_PER_LEASE = 2 / 3;
const MIN_WAIT_MS = 5_000;

/**
 * A message that waits in a process is delivered to another one when its holder has been silent for so long. Much shorter than a
 * lease: nothing is executed yet, and a message that comes twice costs a refused claim.
 */
const ACK_WAIT_MS = 4_000;

/** The largest message: a request with its headers and body. Large responses are sent by reference. */
export const MAX_MESSAGE_BYTES = 768 * 1_024;

/** Opens all backends, or none. Throws `…unavailable` (retryable), or why a server is not fit. */
export async function openDistributedBackends(options: DistributedBackendsOptions): Promise<DistributedBackends> {
  const { config, name, localFirst, metrics, clock, log, signal } = options;
  const redis = configuredRedis(config);
  const { url: natsUrl } = config.nats;
  const { url: storeUrl, connections, timeoutMs } = config.store;
  const opened: (() => Promise<unknown> | unknown)[] = [];
  const redisErrors = metrics.counter(METRICS.redisError).with({});
  const errors = metrics.counter(METRICS.backendErrors);
  const failed = (backend: 'redis' | 'nats' | 'postgres') => {
    if (backend === 'redis') redisErrors.add();
    errors.with({ backend }).add();
  };
  const close = once(async () => {
    for (const closeOne of opened.reverse()) {
      await Promise.resolve(closeOne()).catch((error: unknown) =>
        log.warn('a connection to a server could not be closed cleanly', { error }),
      );
    }
  });
  try {
    const waited = <T>(server: string, open: () => Promise<T>): Promise<T> =>
      awaitServer(server, open, { log, signal, onWaiting: () => options.onWaiting?.(server) });
    await waited('Redis and NATS', () =>
      requireSafeServers({
        redis,
        isStrict: config.cache.durability === 'strict',
        natsUrl: natsUrl!,
        replicas: config.nats.replicas,
        maxMessageBytes: MAX_MESSAGE_BYTES,
        allowLoss: config.cache.allowLoss,
        log,
      }),
    );
    const database: PostgresStore = await waited('PostgreSQL', () =>
      openPostgresStore({ url: storeUrl!, connections, timeoutMs, onError: () => failed('postgres') }),
    );
    opened.push(() => database.close());
    const incarnation = { value: await waited('PostgreSQL', () => database.incarnation()) } satisfies KnownIncarnation;
    const coordinator = await waited('Redis', () =>
      openRedisCoordinator({
        redis,
        shards: DISTRIBUTED_SHARDS,
        policy: config,
        incarnation: () => incarnation.value,
        replicas: config.cache.replicas,
        commandTimeoutMs: Math.max(MIN_WAIT_MS, config.leaseMs * WAIT_PER_LEASE),
        onScript: scriptMeter(metrics),
        onFailure: () => failed('redis'),
        onNotice: (notice) => logRedisNotice(log, notice),
      }),
    );
    opened.push(() => coordinator.close());
    await waited('Redis', () => coordinator.noteLayout());
    const nats = await waited('NATS', () =>
      openNatsBus({
        url: natsUrl!,
        name,
        capacity: config.nats.queueCapacity,
        streamMaxBytes: config.nats.streamMaxBytes,
        replicas: config.nats.replicas,
        eventMaxAgeMs: config.nats.eventMaxAgeMs,
        eventMaxBytes: config.nats.eventMaxBytes,
        ackWaitMs: Math.min(config.leaseMs, ACK_WAIT_MS),
        onRefused: ({ subject, bytes, error }) => {
          metrics.counter(METRICS.foreignMessages).with({}).add();
          log.error('the bus refused a foreign message; the store records it', { subject, error });
          return database.keepForeignMessage({ subject, reason: error.message, bytes, atMs: clock.now() });
        },
        onNotice: (notice) => {
          if (FAULTS.has(notice.kind)) failed('nats');
          logNotice(log, notice);
        },
      }),
    );
    opened.push(() => nats.close());
    const blobConnection = await waited('NATS', () => connectNats({ url: natsUrl!, name: `${name}-blobs` }));
    opened.push(() => blobConnection.close());
    const commits = new InsertThenConfirm({ store: database, coordinator, log });
    opened.push(() => commits.flush());
    return {
      coordinator,
      store: resolvingStore(database, commits),
      commits,
      bus: localFirst ? new LocalFirstBus(nats) : nats,
      events: nats.events,
      blobs: new BlobBuckets({ connection: blobConnection, replicas: config.nats.replicas }),
      responseCache: database.responseCache(config.answers),
      shards: DISTRIBUTED_SHARDS,
      incarnation,
      ledger: database,
      audit: (signal, isThorough = false) =>
        auditRuns(
          { coordinator, store: database, items: database, bus: nats, log, liveRuns: () => liveRunsOf(coordinator) },
          { signal, isThorough },
        ),
      checks: {
        redis: () => coordinator.check(),
        nats: () => nats.check(options.receivers),
        postgres: () => database.incarnation(),
      },
      processes: (options) => nats.processes(options),
      failedNodes: (onFailed) => nats.failedNodes(onFailed),
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** Notices of the bus that are errors of NATS. */
const FAULTS: ReadonlySet<BusNotice['kind']> = new Set(['disconnected', 'server_error', 'restore_failed']);

async function* liveRunsOf(coordinator: RedisCoordinator): AsyncGenerator<string> {
  for (let shard = 0; shard < DISTRIBUTED_SHARDS; shard += 1) yield* coordinator.liveRuns(shard);
}

function logRedisNotice(log: Log, notice: RedisNotice): void {
  if (notice.kind === 'reconnected') log.info('reconnected to Redis');
  else log.warn('lost the connection to Redis; calls wait for a new one', { reason: notice.reason });
}

function logNotice(log: Log, notice: BusNotice): void {
  switch (notice.kind) {
    case 'disconnected':
      log.warn('lost the connection to NATS', { server: notice.server });
      return;
    case 'reconnected':
      log.info('reconnected to NATS', { server: notice.server });
      return;
    case 'restored':
      log.warn('the bus found NATS streams missing and created them again', {
        streams: notice.streams,
        consumers: notice.consumers,
      });
      return;
    case 'server_error':
      log.error('NATS refused an operation', { error: notice.error });
      return;
    case 'restore_failed':
      log.warn('the bus could not create the missing NATS streams again; it retries', { error: notice.error });
      return;
    case 'delivery_failed':
      log.error('the bus could not deliver a message to a stage', { stage: notice.stage, error: notice.error });
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
