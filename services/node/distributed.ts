/**
 * A process of distributed mode: its stages over Redis, PostgreSQL and NATS, the calls that it serves, and the background work of
 * every such process: sweep, publish events, close runs, delete expired ones.
 */
import type { SubscribeEventsOptions } from '../../libs/bus/nats/nats-events.ts';
import type { ModuleRegistry } from '../../libs/calls/registry.ts';
import type { Clock } from '../../libs/clock/clock.ts';
import { within } from '../../libs/concurrency/within.ts';
import type { Config } from '../../libs/config/config-tree.ts';
import { EVENTS } from '../../libs/contracts/events.ts';
import type { Coordinator } from '../../libs/coordination/protocol/port.ts';
import { configuredRedis } from '../../libs/coordination/redis/connection/address.ts';
import { createRunIds } from '../../libs/keys/run-id.ts';
import { openRedisLimits } from '../../libs/limits/redis/index.ts';
import { EventRelay } from '../../libs/stage/maintenance/event-relay.ts';
import { startHousekeeping } from '../../libs/stage/maintenance/housekeeping.ts';
import { LossWatch } from '../../libs/stage/maintenance/loss-watch.ts';
import { admitModules } from '../../libs/stage/run/admit-modules.ts';
import { submitter, type TaskSubmission } from '../../libs/stage/run/submit.ts';
import type { NewRun, Store } from '../../libs/store/port.ts';
import type { Log } from '../../libs/telemetry/log.ts';
import type { Metrics } from '../../libs/telemetry/metrics.ts';
import { type GrpcServer, startGrpcServer } from '../../libs/transport/grpc/server.ts';
import { readTlsFiles } from '../../libs/transport/grpc/tls-files.ts';
import { parseTokens } from '../../libs/transport/grpc/tokens.ts';
import type { HttpServer } from '../../libs/transport/http/http-server.ts';
import { type Backends, composeStages, type StageName } from '../stages.ts';
import { openNodeAlerts, subscribeToBreakers } from './alerts.ts';
import { createApis } from './apis.ts';
import { openDistributedBackends } from './backends.ts';
import type { ConfiguredExtension } from './extensions.ts';
import { startHttpApi } from './http-api.ts';
import { connectRemoteStages } from './remote-stages.ts';

export interface DistributedNodeOptions {
  readonly config: Config;
  readonly hosted: ReadonlySet<StageName>;
  readonly modules: ModuleRegistry;
  /** Default none. */
  readonly extensions?: readonly ConfiguredExtension[];
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends a start that waits for servers. Default: it waits as long as it takes. */
  readonly signal?: AbortSignal;
}

export interface DistributedNode {
  readonly coordinator: Coordinator;
  readonly store: Store;
  /** The port of the gRPC server. */
  readonly port: number;
  /** The URL of the HTTP API, if this process serves it. */
  readonly apiUrl: string | undefined;
  /** Accepts a task and starts it; resolves when the run is in the store. */
  submit(task: TaskSubmission): Promise<NewRun>;
  /** Takes no more work, waits a limited time for running executions, and leaves the rest to other processes. Idempotent. */
  stop(): Promise<void>;
}

/** How long a stop waits for running executions. The leases of the rest run out, and other processes execute them again. */
const STOP_GRACE_MS = 10_000;
const RELAY_INTERVAL_MS = 200;

/** Opens the backends, starts the stages and the servers. Throws when a server or the configuration is refused. */
export async function startDistributedNode(options: DistributedNodeOptions): Promise<DistributedNode> {
  const { config, hosted, modules, extensions = [], metrics, clock, log } = options;
  const stopping = new AbortController();
  const signal = options.signal ?? stopping.signal;
  const tls = readTlsFiles(tlsPaths(config));
  const name = hosted.size === 1 ? `catena-${[...hosted].join()}` : 'catena';
  const opened = await openDistributedBackends({
    ...{ config, name, metrics, clock, log, signal },
    localFirst: hosted.size > 1,
  });
  const { coordinator, store, bus, events, shards } = opened;
  const limits = openRedisLimits({
    redis: configuredRedis(config),
    leaseMs: config.leaseMs,
    metrics,
    onUnanswered: (error) => log.warn('the limiter could not reach a shared limit', { error }),
    defaults: { requestsPerSecond: config.limits.requestsPerSecond, concurrency: config.limits.concurrencyPerHost },
  });
  const backends: Backends = {
    config,
    modules,
    metrics,
    clock,
    log,
    coordinator,
    commits: opened.commits,
    store,
    bus,
    blobs: opened.blobs,
    responseCache: opened.responseCache,
    limiter: limits.limiter,
    breakers: limits.breakers,
    budgets: limits.budgets,
    cookieStore: limits.cookies,
    isShared: true,
    shards,
  };
  const judges = extensions.map(({ extension }) => extension);
  const alerts = openNodeAlerts({ config, store, clock, log, metrics, extensions: judges });
  const remote = connectRemoteStages({ config, tls, hosted, log });
  const stages = composeStages(backends, {
    hosted,
    remote: remote.calls,
    onRunEnded: (runId) => alerts.runEnded(runId),
    publishEvent: async (event) => {
      alerts.happened(event);
      await events.publish(event);
    },
  });
  const relay = new EventRelay({
    outbox: coordinator,
    publish: (event) => events.publish(event),
    shards,
    log,
    intervalMs: RELAY_INTERVAL_MS,
  });
  const lossWatch = new LossWatch({
    ...{ log, metrics, incarnation: opened.incarnation, ledger: opened.ledger, audit: opened.audit },
    markers: coordinator.markers,
  });

  let server: GrpcServer | undefined;
  let api: HttpServer | undefined;
  let stopped: Promise<void> | undefined;
  const codeOf = (moduleId: string) => modules.find(moduleId)?.code ?? '';
  const submit = submitter({ store, bus, clock, log, nextRunId: createRunIds(clock), codeOf });
  const stopOnce = (): Promise<void> => (stopped ??= stop());
  try {
    await admitModules({
      ...{ store, log, mayChange: config.modules.allowChanges },
      modules: modules.ids().map((id) => modules.resolve(id)),
    });
    const onRefused: SubscribeEventsOptions['onRefused'] = ({ subject, error }) =>
      log.warn('the event subscriber skipped a malformed event', { subject, error });
    const onError: SubscribeEventsOptions['onError'] = (error) =>
      log.error('the event subscriber could not handle an event', { error });
    const ended = await events.subscribe({
      types: [EVENTS.RunCompleted.type],
      // Another process may have ended a run that this process still has in memory.
      onEvent: ({ runId }) => stages.forget(runId),
      onRefused,
      onError,
    });
    stopping.signal.addEventListener('abort', () => void ended.stop());
    await subscribeToBreakers(alerts, events, { onRefused, onError, signal: stopping.signal });
    for (const stage of stages.running) stage.start();
    stages.sweeper.start();
    relay.start();
    lossWatch.start();
    startHousekeeping(
      {
        coordinator,
        store,
        bus,
        budgets: limits.budgets,
        cookieStore: limits.cookies,
        responseCache: opened.responseCache,
        clock,
        metrics,
        log,
        retentionMs: config.retention.finishedRunMs,
        reconciles: hosted.has('ingress'),
      },
      stopping.signal,
    );
    server = await startGrpcServer({
      listen: config.grpc.listen,
      services: createApis({ config, backends, stages, modules, submit }, hosted),
      tokens: config.grpc.tokens === undefined ? [] : parseTokens(config.grpc.tokens),
      allowUnprotected: config.access.allowUnprotected,
      tls,
      log,
      drainMs: config.grpc.drainMs,
      deadlineMs: config.grpc.deadlineMs,
      maxMessageBytes: config.grpc.maxMessageBytes,
    });
    const { listen } = config.api;
    if (listen !== undefined && hosted.has('ingress')) {
      api = await startHttpApi({ config, listen, extensions, store, coordinator, modules, submit, alerts, clock, log });
    }
  } catch (thrown) {
    await stopOnce();
    throw thrown;
  }
  return { coordinator, store, port: server.port, apiUrl: api?.url, submit, stop: stopOnce };

  async function stop(): Promise<void> {
    stopping.abort();
    const calls = Promise.all([server?.stop(), api?.stop()]);
    const working = [
      stages.sweeper.stop(),
      relay.stop(),
      lossWatch.stop(),
      ...stages.running.map((stage) => stage.stop()),
    ];
    await within(Promise.all([calls, ...working]), STOP_GRACE_MS);
    stages.leases.stop();
    await alerts.stop();
    await limits.close();
    await remote.close();
    await opened.close();
    await stages.http.close();
  }
}

function tlsPaths({ grpc }: Config) {
  return { cert: grpc.tlsCert, key: grpc.tlsKey, ca: grpc.tlsCa, clientAuth: grpc.tlsClientAuth };
}
