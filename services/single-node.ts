/**
 * The map: the five stages of Catena in one process, in the order in which work passes them. SQLite holds the chain and the
 * store, queues in memory carry the bells. The distributed services run the same stages over other adapters.
 *
 *     submit → ingress → module-processor → downloader → parser → items
 *                 ↑───────── next hops ──────────────────┤
 *                 └── retries ── error-threshold ←───────┘ (any stage fails)
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBus } from '../libs/bus/memory-bus.ts';
import type { Bus } from '../libs/bus/port.ts';
import { systemClock } from '../libs/clock/clock.ts';
import type { Config } from '../libs/config/config-tree.ts';
import type { Threshold } from '../libs/coordination/commands.ts';
import type { CatenaError } from '../libs/errors/catena-error.ts';
import { createRunIds } from '../libs/keys/run-id.ts';
import { RateLimiter } from '../libs/limits/rate-limiter.ts';
import { backpressureCounter } from '../libs/stage/backpressure.ts';
import { meterDownloads } from '../libs/stage/download-meter.ts';
import type { ExecutionDeps } from '../libs/stage/execution.ts';
import { LeaseKeeper } from '../libs/stage/lease.ts';
import { meterTransitions } from '../libs/stage/metered-coordinator.ts';
import { Meters } from '../libs/stage/meters.ts';
import { Publisher } from '../libs/stage/publisher.ts';
import { type ModuleResolver, Runs } from '../libs/stage/runs.ts';
import { settleRun } from '../libs/stage/settle.ts';
import { sampleStages } from '../libs/stage/stage-gauges.ts';
import { tracedDispatch } from '../libs/stage/stage-span.ts';
import { Sweeper } from '../libs/stage/sweeper.ts';
import { BlobDirectory } from '../libs/store/blob-directory.ts';
import type { RunRecord } from '../libs/store/port.ts';
import { openSingleFile } from '../libs/store/sqlite/single-file.ts';
import type { Log } from '../libs/telemetry/log.ts';
import { Metrics } from '../libs/telemetry/metrics.ts';
import { CookieJars } from './downloader/cookies.ts';
import { createHttpClient } from './downloader/http-client.ts';
import { RobotsRules } from './downloader/robots.ts';
import { createDownloader } from './downloader/service.ts';
import { createErrorThreshold, decisionCounter, preCheck } from './error-threshold/service.ts';
import { createIngress, ingressCounters } from './ingress/service.ts';
import { ModuleProcessor } from './module-processor/service.ts';
import type { PageRecorder } from './parser/record.ts';
import { createParser } from './parser/service.ts';
import { RunningNode } from './running-node.ts';

export interface SingleNodeOptions {
  readonly config: Config;
  readonly modules: ModuleResolver;
  readonly log: Log;
  readonly recorder?: PageRecorder;
  /** Told when the database file itself fails: nothing more can be done until that is mended. */
  readonly onStoreFailure?: (error: CatenaError) => void;
  /** Which of the unfinished runs in the database this process works at; the others wait. Default: all of them. */
  readonly serves?: (run: RunRecord) => boolean;
  /** Told of every request that was sent: its host, how long it took, and its status or `failed`. */
  readonly onDownload?: (host: string, durationMs: number, outcome: string) => void;
  /** Puts something in front of the bus, for tests: faults, counts. */
  readonly wrapBus?: (bus: Bus) => Bus;
}

/** Bells that each stage's queue holds; what does not fit stands in the due index. */
const QUEUE_CAPACITY = 10_000;
/** Requests that may wait for their host's limit at once. */
const WAITING_REQUESTS = 2_000;

/** Opens the database, wires the stages and starts them. Throws `store.…` when the file cannot be had. */
export function startSingleNode(options: SingleNodeOptions): RunningNode {
  const { config, modules, log, recorder, onStoreFailure, wrapBus, serves, onDownload } = options;
  const { moduleErrors, moduleRate, moduleMinExecutions, taskErrors, taskRate, taskMinExecutions } = config.thresholds;
  const clock = systemClock;
  const metrics = new Metrics();
  const meters = new Meters(metrics);

  const file = openSingleFile({
    path: config.store.path,
    policy: config,
    clock,
    ...(onStoreFailure === undefined ? {} : { onFailure: onStoreFailure }),
  });
  const inMemory = config.store.path === ':memory:';
  // Large bodies stand beside the database; those of a run that keeps nothing in a folder that goes with the process.
  const blobPath = inMemory ? join(tmpdir(), `catena-${randomUUID()}`) : `${config.store.path}.blobs`;
  const { store } = file;
  const { coordinator, commitWithItems } = meterTransitions(file, metrics, () => clock.monotonic());
  const blobs = new BlobDirectory({ path: blobPath });
  const queues = new MemoryBus({ capacity: QUEUE_CAPACITY });
  const bus = wrapBus?.(queues) ?? queues;
  const publisher = new Publisher({
    bus,
    retryDelayMs: config.backpressureRetryDelayMs,
    concurrency: config.publishConcurrency,
    onBackpressure: backpressureCounter(metrics),
  });
  const runs = new Runs(store, modules);
  const leases = new LeaseKeeper({ coordinator, clock, leaseMs: config.leaseMs });
  const limiter = new RateLimiter({
    defaults: { requestsPerSecond: config.limits.requestsPerSecond, concurrency: config.limits.concurrencyPerHost },
  });
  const http = createHttpClient({ ...config.http, denyPrivateTargets: config.http.denyPrivateTargets === true });
  const cookies = new CookieJars();
  const robots = new RobotsRules({
    productToken: config.http.userAgent.split(/[/\s]/)[0]!,
    fetch: (url, signal) => http.fetch({ method: 'GET', url, headers: {} }, signal),
  });

  const execution: ExecutionDeps = {
    coordinator,
    commitWithItems,
    leases,
    publisher,
    nextOwner: ownerNames(),
    startPump: (node) => void sweeper.pump(node).catch((error: unknown) => log.error('a pump failed', { error })),
    clock,
    log,
    meters,
  };

  // The stages, last one first, since each is handed the next.
  const errorThreshold = createErrorThreshold({
    config: {
      ...config,
      moduleThreshold: threshold(moduleErrors, moduleRate, moduleMinExecutions),
      taskThreshold: threshold(taskErrors, taskRate, taskMinExecutions),
    },
    bus,
    publisher,
    coordinator,
    runs,
    log,
    random: Math.random,
    count: decisionCounter(metrics),
  });
  const parser = createParser({ ...execution, config, bus, publisher, runs, blobs, recorder });
  const downloader = createDownloader({
    ...execution,
    config: { ...config, waiting: WAITING_REQUESTS, obeyRobots: config.robots.enabled },
    bus,
    publisher,
    runs,
    limiter,
    http,
    robots,
    cookies,
    blobs,
    parser,
    onDownload: meterDownloads(metrics, onDownload),
  });
  const moduleProcessor = new ModuleProcessor({ ...execution, config, store, publisher, limiter, downloader });
  const ingress = createIngress({
    ...execution,
    config,
    bus,
    publisher,
    runs,
    preCheck: (run) => preCheck(coordinator, run),
    dispatch: tracedDispatch((dispatch) => moduleProcessor.execute(dispatch)),
    rejectRun: (runId, detail) => node.reject(runId, detail),
    counters: ingressCounters(metrics),
  });
  const sweeper = new Sweeper({
    coordinator,
    publisher,
    runs,
    meters,
    metrics,
    log,
    intervalMs: config.sweepIntervalMs,
    crashBudget: config.retry.crashBudget,
    shards: 1,
    settle: (runId) => node.settle(runId),
  });

  sampleStages(metrics, {
    ...{ bus, leases, now: () => clock.monotonic() },
    stages: { ingress, downloader, parser, 'error-threshold': errorThreshold },
  });

  const node: RunningNode = new RunningNode({
    stages: [ingress, downloader, parser, errorThreshold],
    settleRun: (runId) => settleRun({ coordinator, store, clock }, runId),
    nextRunId: createRunIds(clock),
    cleanUp: () => (inMemory ? rm(blobPath, { recursive: true, force: true }) : Promise.resolve()),
    serves,
    retentionMs: config.retention.finishedRunMs,
    ...{ bus, sweeper, leases, http, cookies, blobs, runs, file, coordinator, store, clock, metrics, limiter, log },
  });
  node.start();
  return node;
}

function threshold(errors: number | undefined, rate: number, minExecutions: number): Threshold {
  return errors === undefined ? { rate, minExecutions } : { errors };
}

/** Unique per attempt: the process by its id and start, and a number. */
function ownerNames(): () => string {
  const prefix = `${process.pid}-${Date.now().toString(36)}`;
  let attempt = 0;
  return () => {
    attempt += 1;
    return `${prefix}-${attempt}`;
  };
}
