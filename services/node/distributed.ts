/**
 * A process of distributed mode: its stages over Redis, PostgreSQL and NATS, the calls that it serves, and the background work of
 * every such process: sweep, publish events, close runs, delete expired ones.
 */
import { hostname } from 'node:os';
import type { SubscribeEventsOptions } from '../../libs/bus/nats/nats-events.ts';
import type { Receiver } from '../../libs/bus/port.ts';
import type { ProcessInfo } from '../../libs/bus/process-info.ts';
import type { ModuleRegistry } from '../../libs/calls/registry.ts';
import type { Clock } from '../../libs/clock/clock.ts';
import type { Config } from '../../libs/config/config-tree.ts';
import { RECEIVER } from '../../libs/contracts/chain.ts';
import { EVENTS } from '../../libs/contracts/events.ts';
import type { Coordinator } from '../../libs/coordination/protocol/port.ts';
import { configuredRedis } from '../../libs/coordination/redis/connection/address.ts';
import { createRunIds } from '../../libs/keys/run-id.ts';
import { openRedisLimits } from '../../libs/limits/redis/index.ts';
import { EventRelay } from '../../libs/stage/maintenance/event-relay.ts';
import { startHousekeeping } from '../../libs/stage/maintenance/housekeeping.ts';
import { LossWatch } from '../../libs/stage/maintenance/loss-watch.ts';
import { takeOver } from '../../libs/stage/maintenance/take-over.ts';
import { watchBacklog } from '../../libs/stage/observe/backlog-gauges.ts';
import { logEvent } from '../../libs/stage/observe/chain-log.ts';
import { meterProcesses } from '../../libs/stage/observe/process-gauges.ts';
import { Admission } from '../../libs/stage/run/admission.ts';
import { admitModules } from '../../libs/stage/run/admit-modules.ts';
import { submitter, type TaskSubmission } from '../../libs/stage/run/submit.ts';
import type { NewRun, Store } from '../../libs/store/port.ts';
import type { CallsInFlight } from '../../libs/telemetry/calls-in-flight.ts';
import { Health } from '../../libs/telemetry/health.ts';
import type { Log } from '../../libs/telemetry/log.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import type { Metrics } from '../../libs/telemetry/metrics.ts';
import type { Tracing } from '../../libs/telemetry/tracing.ts';
import { type GrpcServer, startGrpcServer } from '../../libs/transport/grpc/server.ts';
import { readTlsFiles } from '../../libs/transport/grpc/tls-files.ts';
import { parseTokens } from '../../libs/transport/grpc/tokens.ts';
import type { HttpServer } from '../../libs/transport/http/http-server.ts';
import { type Backends, composeStages, newProcessId, type StageName, shardPace } from '../stages.ts';
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
  /** The calls in its workers; default: none is known. */
  readonly calls?: () => CallsInFlight;
  /** Default none. */
  readonly extensions?: readonly ConfiguredExtension[];
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: one that nobody reads. */
  readonly health?: Health;
  /** Tracing, if it is on. */
  readonly tracing?: Pick<Tracing, 'tell' | 'keep'> | undefined;
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
  /** Takes no more work, waits `grpc.drain_ms` for running executions, and hands the rest back. Idempotent. */
  stop(): Promise<void>;
}

const RELAY_INTERVAL_MS = 200;
const RECEIVERS: readonly Receiver[] = [...new Set<Receiver>(Object.values(RECEIVER))];

/** Opens the backends, starts the stages and the servers. Throws when a server or the configuration is refused. */
export async function startDistributedNode(options: DistributedNodeOptions): Promise<DistributedNode> {
  const { config, hosted, modules, extensions = [], metrics, clock, log, tracing } = options;
  const health = options.health ?? new Health({ log, metrics });
  const stopping = new AbortController();
  const signal = options.signal ?? stopping.signal;
  const tls = readTlsFiles(tlsPaths(config));
  const name = hosted.size === 1 ? `catena-${[...hosted].join()}` : 'catena';
  const processId = newProcessId();
  const receivers = RECEIVERS.filter((stage) => hosted.has(stage));
  const opened = await openDistributedBackends({
    ...{ config, name, receivers, metrics, clock, log, signal },
    localFirst: hosted.size > 1,
    onWaiting: (server) => health.startsWith(`waits for ${server}`),
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
  const relayPace = shardPace(backends, RELAY_INTERVAL_MS);
  const stages = composeStages(backends, {
    hosted,
    remote: remote.calls,
    processId,
    onRunUsed: (shard) => relayPace.touch(shard),
    nextDueInMs: (shard) => coordinator.nextDueInMs(shard),
    onRunEnded: (runId) => alerts.runEnded(runId),
    publishEvent: async (event) => {
      alerts.happened(event);
      logEvent(log, event);
      await events.publish(event);
    },
  });
  const relay = new EventRelay({
    outbox: coordinator,
    publish: async (event) => {
      await events.publish(event);
      logEvent(log, event);
    },
    pace: relayPace,
    log,
    intervalMs: RELAY_INTERVAL_MS,
  });
  const lossWatch = new LossWatch({
    ...{ log, metrics, incarnation: opened.incarnation, ledger: opened.ledger, audit: opened.audit },
    markers: coordinator.markers,
  });

  const processes = opened.processes({
    calls: options.calls,
    self: {
      id: processId,
      name: `${name}@${hostname()}:${process.pid}`,
      stages: [...hosted],
      modules: modules.ids(),
      queuesLocally: hosted.size > 1,
      startedAtMs: clock.now(),
    },
    onGone: (gone) => void takeOverFrom(gone),
  });
  meterProcesses(metrics, processes, modules.ids());
  const failedNodes = tracing && opened.failedNodes((failed) => tracing.keep(failed));
  tracing?.tell((failed) => failedNodes?.tell(failed));

  let server: GrpcServer | undefined;
  let api: HttpServer | undefined;
  let stopped: Promise<void> | undefined;
  const codeOf = (moduleId: string) => modules.find(moduleId)?.code ?? '';
  const admission = new Admission({
    ...{ store, clock, mostWaiting: config.maxWaitingRuns },
    backends: () => health.report().backends,
  });
  const submit = submitter({ store, bus, clock, log, nextRunId: createRunIds(clock), codeOf, admission });
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
    processes.start();
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
        tasks: stages.tasks,
        clock,
        metrics,
        log,
        retention: {
          nodesMs: config.retention.finishedRunMs,
          nodes: config.retention.finishedNodes,
          runsMs: config.retention.endedRunMs,
        },
        expireRun: (runId) => stages.runEnds.expire(runId),
        reconciles: hosted.has('ingress'),
      },
      stopping.signal,
    );
    watchBacklog({ backlog: coordinator, store, metrics, log, countsRuns: hosted.has('ingress') }, stopping.signal);
    server = await startGrpcServer({
      listen: config.grpc.listen,
      services: createApis(
        { config, backends, stages, modules, submit, health, processes: () => processes.ask() },
        hosted,
      ),
      tokens: config.grpc.tokens === undefined ? [] : parseTokens(config.grpc.tokens),
      allowUnprotected: config.access.allowUnprotected,
      tls,
      log,
      drainMs: config.grpc.drainMs,
      deadlineMs: config.grpc.deadlineMs,
      maxMessageBytes: config.grpc.maxMessageBytes,
      maxStreamsPerCaller: config.grpc.maxStreamsPerCaller,
      healthNames: [...hosted, ...Object.keys(opened.checks)],
    });
    serveHealth(health, server);
    await health.begin(opened.checks);
    const { listen } = config.api;
    if (listen !== undefined && hosted.has('ingress')) {
      const ports = { store, coordinator, modules, submit, alerts, clock, log, metrics, health };
      api = await startHttpApi({ config, listen, extensions, ...ports });
    }
  } catch (thrown) {
    await stopOnce();
    throw thrown;
  }
  return { coordinator, store, port: server.port, apiUrl: api?.url, submit, stop: stopOnce };

  /** Its leases would run out, and its wake-ups be sent again, only after their times. */
  async function takeOverFrom(gone: ProcessInfo): Promise<void> {
    metrics.counter(METRICS.processesGone).with({}).add();
    const { crashBudget } = config.retry;
    const { runs, publisher, sweeper } = stages;
    const deps = { coordinator, store, runs, publisher, sweeper, crashBudget };
    const times = { leaseMs: config.leaseMs, dispatchGraceMs: config.dispatchGraceMs };
    try {
      const taken = await takeOver({ ...deps, ...times }, gone, stopping.signal);
      metrics.counter(METRICS.leasesTakenOver).with({}).add(taken.leases);
      log.warn('a process is gone; its work goes on elsewhere', {
        process: gone.name,
        leases: taken.leases,
        messages: taken.messages,
      });
    } catch (error) {
      log.warn('a process is gone, but its work could not be taken over; its leases run out', {
        process: gone.name,
        error,
      });
    }
  }

  async function stop(): Promise<void> {
    health.drain();
    stopping.abort();
    await processes.stop();
    const others = [server?.stop(), api?.stop(), relay.stop(), lossWatch.stop()];
    await stages.stop({ drainMs: config.grpc.drainMs, others });
    await alerts.stop();
    await limits.close();
    await remote.close();
    failedNodes?.stop();
    await opened.close();
    await stages.http.close();
  }
}

/** The health of each stage and service is that of the process; that of each backend is its own. */
function serveHealth(health: Health, server: GrpcServer): void {
  health.listen(({ isReady, backends }) => {
    server.setAllServing(isReady, new Map(backends.map((each) => [each.backend, each.isReady])));
  });
}

function tlsPaths({ grpc }: Config) {
  return { cert: grpc.tlsCert, key: grpc.tlsKey, ca: grpc.tlsCa, clientAuth: grpc.tlsClientAuth };
}
