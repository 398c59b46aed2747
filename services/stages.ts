/**
 * The map: the five stages of Catena, in the order in which work passes through them. A process hosts all stages or some. It
 * reaches the others over the bus, and the module-processor by a call. The backends (coordinator, store, bus, blobs, limits)
 * are passed in: SQLite and in-memory queues in one process; Redis, PostgreSQL and NATS for several.
 *
 *     submit → ingress → module-processor → downloader → parser → items
 *                 ↑───────── next hops ──────────────────┤
 *                 └── retries ── error-threshold ←───────┘ (any stage fails)
 */

import { randomUUID } from 'node:crypto';
import type { Bus } from '../libs/bus/port.ts';
import type { Clock } from '../libs/clock/clock.ts';
import type { Config } from '../libs/config/config-tree.ts';
import { readEnvironment } from '../libs/config/environment.ts';
import type { ChainEvent } from '../libs/contracts/events.ts';
import type { Threshold } from '../libs/coordination/protocol/errors.ts';
import type { Coordinator } from '../libs/coordination/protocol/port.ts';
import type { Fillable } from '../libs/coordination/protocol/sweep.ts';
import { shardOf } from '../libs/keys/keys.ts';
import { BodyMemory } from '../libs/limits/body-memory.ts';
import type { Breakers } from '../libs/limits/breakers.ts';
import type { Budgets } from '../libs/limits/budgets.ts';
import type { CookieStore } from '../libs/limits/cookies.ts';
import type { Limiter } from '../libs/limits/limiter.ts';
import { meterBreakers } from '../libs/limits/metered-breakers.ts';
import { meterBudgets } from '../libs/limits/metered-budgets.ts';
import type { ExecutionDeps } from '../libs/stage/execution/execute-node.ts';
import { GrowthWatch } from '../libs/stage/execution/growth-watch.ts';
import { type HandBackDeps, handBack } from '../libs/stage/execution/hand-back.ts';
import type { LocalStage } from '../libs/stage/execution/hand-over.ts';
import { LeaseKeeper } from '../libs/stage/execution/lease.ts';
import { Solitude } from '../libs/stage/execution/solitude.ts';
import type { CommitPort } from '../libs/stage/items/commit-port.ts';
import { ChildrenPump } from '../libs/stage/maintenance/children-pump.ts';
import { ShardPace } from '../libs/stage/maintenance/shard-pace.ts';
import { Sweeper } from '../libs/stage/maintenance/sweeper.ts';
import { WindowFiller } from '../libs/stage/maintenance/window-filler.ts';
import type { Dispatch } from '../libs/stage/messages/dispatch.ts';
import { Publisher } from '../libs/stage/messages/publisher.ts';
import {
  backpressureCounter,
  Meters,
  meterDownloads,
  sampleBodyMemory,
  sampleLimits,
  sampleStages,
} from '../libs/stage/observe/meters.ts';
import { tracedDispatch } from '../libs/stage/observe/stage-span.ts';
import type { DecidedFailure } from '../libs/stage/run/decided-failure.ts';
import { createRunEnds, type RunEnds } from '../libs/stage/run/run-ends.ts';
import { type LoadedRun, type ModuleResolver, Runs } from '../libs/stage/run/runs.ts';
import { secretSource } from '../libs/stage/run/secret-source.ts';
import { type Refusal, Tasks } from '../libs/stage/run/tasks.ts';
import type { BlobStore } from '../libs/store/blob-store.ts';
import type { Store } from '../libs/store/port.ts';
import type { ResponseCache } from '../libs/store/response-cache.ts';
import type { Log } from '../libs/telemetry/log.ts';
import type { Metrics } from '../libs/telemetry/metrics.ts';
import { readAuthority } from '../libs/transport/grpc/tls-files.ts';
import type { BreakerGuard } from './downloader/deps.ts';
import { createHttpClient, type HttpClient } from './downloader/http/http-client.ts';
import { performRequest } from './downloader/http/request.ts';
import { tracedSend } from './downloader/http/traced-send.ts';
import { CookieJars } from './downloader/policies/cookie-jar.ts';
import { RobotsRules } from './downloader/policies/robots-rules.ts';
import { createDownloader } from './downloader/service.ts';
import type { ErrorThresholdConfig, ErrorThresholdDeps } from './error-threshold/deps.ts';
import { createErrorThreshold, decisionCounter, preCheck } from './error-threshold/service.ts';
import { createIngress, ingressCounters } from './ingress/service.ts';
import { ModuleProcessor } from './module-processor/service.ts';
import type { PageRecorder } from './parser/deps.ts';
import { createParser } from './parser/service.ts';
import { type Drain, type Running, stopStages } from './stop.ts';

export const STAGE_NAMES = ['ingress', 'module-processor', 'downloader', 'parser', 'error-threshold'] as const;

/** How the downloader meets servers that most clients would not. */
const UNUSUAL = { http2: 'HTTP/2', lenient: 'the lenient reader' } as const;

export type StageName = (typeof STAGE_NAMES)[number];

/** What the stages run on. */
export interface Backends {
  readonly config: Config;
  readonly coordinator: Coordinator;
  readonly store: Store;
  readonly commits: CommitPort;
  readonly bus: Bus;
  readonly blobs: BlobStore;
  /** Responses kept for later runs. */
  readonly responseCache: ResponseCache;
  readonly modules: ModuleResolver;
  readonly limiter: Limiter;
  /** Circuit breakers by key. */
  readonly breakers: Breakers;
  readonly budgets: Budgets;
  /** The cookies of each run, shared by all processes. */
  readonly cookieStore: CookieStore;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether other processes work on the same runs. */
  readonly isShared: boolean;
  /** Number of shards that the sweeper scans for due nodes. */
  readonly shards: number;
}

export interface StageOptions {
  readonly hosted: ReadonlySet<StageName>;
  /** Calls that ingress makes to stages in other processes. Required when this process hosts ingress without them. */
  readonly remote?: {
    readonly dispatch: (dispatch: Dispatch) => Promise<void>;
    readonly preCheck: (run: LoadedRun) => Promise<Refusal | undefined>;
  };
  /** Called when this process has ended a run: it was closed, or rejected before it opened. */
  readonly onRunEnded: (runId: string) => void;
  readonly recorder?: PageRecorder | undefined;
  /** Called after each request with its host, its duration, and its status or `failed`. */
  readonly onDownload?: ((host: string, durationMs: number, outcome: string) => void) | undefined;
  /** Called for every failure that this process decides about. */
  readonly onFailure?: ((failure: DecidedFailure) => void) | undefined;
  /** Called with the shard of each run that something here works on. */
  readonly onRunUsed?: ((shard: number) => void) | undefined;
  /** When a shard has something due next, in milliseconds, if that can be told. */
  readonly nextDueInMs?: ((shard: number) => Promise<number | undefined>) | undefined;
  /** Begins the owner names of this process; default a random one. */
  readonly processId?: string | undefined;
  /** Publishes events that no node causes: a circuit breaker that opened or closed. */
  readonly publishEvent?: ((event: ChainEvent) => Promise<void>) | undefined;
}

/** A stage that can be started and stopped; both are idempotent. */
export interface Stoppable extends Running {
  start(): void;
}

export interface Stages {
  /** The hosted stages that take messages, in the order of the chain. */
  readonly running: readonly Stoppable[];
  /** Takes no more work and waits for running executions; what is left after the drain time is handed back. Idempotent. */
  readonly stop: (drain: Drain) => Promise<void>;
  readonly moduleProcessor: ModuleProcessor;
  /** The dependencies of error-threshold, for its calls. */
  readonly thresholdDeps: ErrorThresholdDeps;
  readonly sweeper: Sweeper;
  readonly publisher: Publisher;
  readonly leases: LeaseKeeper;
  readonly solitude: Solitude;
  readonly runs: Runs;
  readonly tasks: Tasks;
  /** Ends runs: closes, rejects or cancels them. */
  readonly runEnds: RunEnds;
  /** Drops what this process keeps in memory for a run; called also when another process ended the run. */
  readonly forget: (runId: string) => void;
  readonly http: HttpClient;
  readonly bodyMemory: BodyMemory;
  readonly robots: RobotsRules;
  readonly breakerGuard: BreakerGuard;
}

/** How many requests may wait for their host's limit at the same time. */
const WAITING_REQUESTS = 2_000;
/** A response that waits for room in a queue is kept so many times before it would be taken for lost. */
const KEEPS_PER_GRACE = 6;

export function composeStages(backends: Backends, options: StageOptions): Stages {
  const { config, coordinator, store, bus, blobs, limiter, cookieStore, metrics, clock, log } = backends;
  const { hosted, remote, recorder, onDownload, onRunEnded } = options;

  // Shared by the stages of this process.
  const meters = new Meters(metrics);
  const budgets = meterBudgets(backends.budgets, metrics);
  sampleLimits(metrics, limiter);
  const pace = shardPace(backends, config.sweepIntervalMs);
  const runs = new Runs(store, backends.modules, (runId) => {
    const shard = shardOf(runId, backends.shards);
    pace.touch(shard);
    options.onRunUsed?.(shard);
  });
  const leases = new LeaseKeeper({ coordinator, clock, leaseMs: config.leaseMs });
  const solitude = new Solitude({ leases, clock });
  const publisher = new Publisher({
    bus,
    retryDelayMs: config.backpressureRetryDelayMs,
    keepEveryMs: config.responseGraceMs / KEEPS_PER_GRACE,
    concurrency: config.publishConcurrency,
    onBackpressure: backpressureCounter(metrics),
  });
  const filler = new WindowFiller({ coordinator, publisher, runs, log });
  const fillWindow = (scope: Fillable): void => filler.start(scope);
  const pump = new ChildrenPump({ coordinator, publisher, runs, meters, fillWindow, log });
  const handBackDeps: HandBackDeps = { coordinator, runs, publisher, log };
  const execution: ExecutionDeps = {
    coordinator,
    commits: backends.commits,
    runs,
    leases,
    solitude,
    publisher,
    nextOwner: ownerNames(options.processId ?? newProcessId()),
    handBack: (held) => handBack(handBackDeps, held),
    startPump: (node) => pump.start(node),
    fillWindow,
    growth: new GrowthWatch(log),
    clock,
    log,
    meters,
    isShared: backends.isShared,
  };
  // A body may be in memory twice: as it was sent, and decoded.
  const bodyMemory = new BodyMemory({
    capacityBytes: config.http.bodyMemoryMb * 1_024 * 1_024,
    largestHoldBytes: 2 * config.http.maxBodyBytes,
    clock,
  });
  sampleBodyMemory(metrics, bodyMemory);
  const { tlsCa } = config.http;
  const http = createHttpClient(
    {
      ...config.http,
      ca: tlsCa === undefined ? undefined : readAuthority('http.tls_ca', tlsCa).toString(),
      denyPrivateTargets: config.http.denyPrivateTargets === true,
      allowedPrivateTargets: config.http.allowedPrivateTargets ?? [],
      allowedUntrustedTargets: config.http.allowedUntrustedTargets ?? [],
    },
    (origin, way, error) => log.info(`a server is met by ${UNUSUAL[way]} from now on`, { origin, error }),
  );
  const cookies = new CookieJars();
  const robots = new RobotsRules({
    productToken: config.http.userAgent.split(/[/\s]/)[0]!,
    fetch: (url, signal, isUntrusted) =>
      performRequest(http, { method: 'GET', url, headers: {}, isUntrusted }, signal, {
        send: (hop, redirects, cancellation) =>
          tracedSend({ destination: '/robots.txt', redirects }, hop, () => http.send(hop, cancellation)),
      }),
  });
  const forget = (runId: string): void => {
    cookies.dropRun(runId);
    runs.forget(runId);
  };
  const tasks = new Tasks({ store, coordinator, clock, metrics, log });
  const { cooldownErrors, cooldownMs } = config;
  const runEnds = createRunEnds({
    cooldown: cooldownMs > 0 ? { errors: cooldownErrors, ms: cooldownMs } : undefined,
    coordinator,
    store,
    tasks,
    budgets,
    clock,
    log,
    runs,
    release: async (runId) => {
      forget(runId);
      await cookieStore.forget(runId);
      await blobs.deleteRun(runId);
      onRunEnded(runId);
    },
  });
  const sweeper = new Sweeper({
    coordinator,
    bus,
    publisher,
    runs,
    leases,
    pump,
    filler,
    metrics,
    log,
    closeRun: (runId) => runEnds.close(runId),
    intervalMs: config.sweepIntervalMs,
    crashBudget: config.retry.crashBudget,
    pace,
    nextDueInMs: options.nextDueInMs,
  });

  // The last stage is made first, because each stage receives the next one.
  const thresholdDeps: ErrorThresholdDeps = {
    config: thresholdConfig(config),
    bus,
    publisher,
    coordinator,
    runs,
    tasks,
    log,
    random: Math.random,
    onFailure: options.onFailure,
    count: decisionCounter(metrics),
  };
  const errorThreshold = createErrorThreshold(thresholdDeps);
  const parser = createParser({ config, execution, bus, blobs, bodyMemory, budgets, recorder });
  const breakerGuard: BreakerGuard = {
    breakers: meterBreakers(backends.breakers, metrics),
    countTooManyRequests: config.breakers.countTooManyRequests,
    timeoutMs: config.http.totalTimeoutMs,
    publish: options.publishEvent,
  };
  const downloader = createDownloader({
    execution,
    clock,
    log,
    config: {
      downloadConcurrency: config.downloadConcurrency,
      waiting: WAITING_REQUESTS,
      obeyRobots: config.robots.enabled,
      blobThresholdBytes: config.blobThresholdBytes,
      backpressureRetryDelayMs: config.backpressureRetryDelayMs,
    },
    bus,
    limiter,
    http,
    bodyMemory,
    robots,
    cookies,
    blobs,
    budgets,
    cookieStore,
    responseCache: backends.responseCache,
    partials: store,
    secret: secretSource({ store, environment: readEnvironment(), allowed: config.downloader.secrets ?? [] }),
    onDownload: meterDownloads(metrics, onDownload),
    breakers: breakerGuard,
    parser: hosted.has('parser') ? parser : REMOTE_STAGE,
  });
  const moduleProcessor = new ModuleProcessor(
    { execution, store, limiter, downloader: hosted.has('downloader') ? downloader : REMOTE_STAGE },
    { slots: config.taskConcurrency, othersWait: (runId) => bus.othersWait('ingress', runId) },
  );
  const ingress = createIngress({
    config,
    execution,
    bus,
    preCheck: hosted.has('error-threshold')
      ? ({ record }) => preCheck({ coordinator, tasks }, record)
      : remote!.preCheck,
    dispatch: hosted.has('module-processor')
      ? tracedDispatch((dispatch) => moduleProcessor.execute(dispatch))
      : remote!.dispatch,
    rejectRun: (runId, detail) => runEnds.reject(runId, detail),
    counters: ingressCounters(metrics),
  });

  const receivers = { ingress, downloader, parser, 'error-threshold': errorThreshold } as const;
  const names = STAGE_NAMES.filter((name) => name !== 'module-processor').filter((name) => hosted.has(name));
  const running = names.map((name): Stoppable => receivers[name]);
  sampleStages(metrics, {
    bus,
    leases,
    solitude,
    now: () => clock.monotonic(),
    stages: Object.fromEntries(names.map((name) => [name, receivers[name]])),
  });
  return {
    running,
    stop: (drain) => stopStages({ running, sweeper, publisher, leases, solitude, handBackDeps }, drain),
    moduleProcessor,
    thresholdDeps,
    sweeper,
    publisher,
    leases,
    solitude,
    runs,
    tasks,
    runEnds,
    forget,
    http,
    bodyMemory,
    robots,
    breakerGuard,
  };
}

/** Stands for a stage in another process: it never has a free slot here, so work goes over the bus. */
const REMOTE_STAGE: LocalStage<unknown> = { reserve: () => undefined };

function thresholdConfig(config: Config): ErrorThresholdConfig {
  const { moduleErrors, moduleRate, moduleMinExecutions, taskErrors, taskRate, taskMinExecutions } = config.thresholds;
  return {
    errorTaskConcurrency: config.errorTaskConcurrency,
    backpressureRetryDelayMs: config.backpressureRetryDelayMs,
    retry: config.retry,
    cooldownMs: config.cooldownMs,
    cooldownErrors: config.cooldownErrors,
    moduleThreshold: threshold(moduleErrors, moduleRate, moduleMinExecutions),
    taskThreshold: threshold(taskErrors, taskRate, taskMinExecutions),
  };
}

function threshold(errors: number | undefined, rate: number, minExecutions: number): Threshold {
  return errors === undefined ? { rate, minExecutions } : { errors };
}

/** The longest pause between two looks at a shard in which nothing happens. */
const IDLE_MS = 10_000;

/** Looking costs nothing in a process that has the state itself. */
export function shardPace(
  { shards, isShared, clock }: Pick<Backends, 'shards' | 'isShared' | 'clock'>,
  intervalMs: number,
) {
  const idleMs = isShared ? Math.max(IDLE_MS, intervalMs) : intervalMs;
  return new ShardPace({ shards, intervalMs, idleMs, monotonic: () => clock.monotonic() });
}

/** Random per process start. */
export function newProcessId(): string {
  return randomUUID().slice(0, 13);
}

/** Makes owner names that are unique per attempt: the id of the process, then a counter. */
function ownerNames(prefix: string): () => string {
  let attempt = 0;
  return () => {
    attempt += 1;
    return `${prefix}-${attempt}`;
  };
}
