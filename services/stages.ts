/**
 * The map: the five stages of Catena, in the order in which work passes them. A process hosts all of them or some; what it
 * does not host it reaches over the bus, and the module-processor by a call. What they stand on (coordinator, store, bus,
 * blobs) is given to them: SQLite and queues in memory in one process, Redis, PostgreSQL and NATS on several.
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
import type { Threshold } from '../libs/coordination/protocol/commands.ts';
import type { Coordinator } from '../libs/coordination/protocol/port.ts';
import type { Breakers } from '../libs/limits/breakers.ts';
import type { Budgets } from '../libs/limits/budgets.ts';
import type { CookieShelf } from '../libs/limits/cookies.ts';
import type { Limiter } from '../libs/limits/limiter.ts';
import { meterBreakers } from '../libs/limits/metered-breakers.ts';
import type { CommitWithItems, ExecutionDeps } from '../libs/stage/execution/execution.ts';
import { LeaseKeeper } from '../libs/stage/execution/lease.ts';
import type { LocalStage } from '../libs/stage/execution/outcome.ts';
import { Sweeper } from '../libs/stage/maintenance/sweeper.ts';
import type { Dispatch } from '../libs/stage/messages/dispatch.ts';
import { Publisher } from '../libs/stage/messages/publisher.ts';
import { backpressureCounter } from '../libs/stage/observe/backpressure.ts';
import { meterDownloads } from '../libs/stage/observe/download-meter.ts';
import { Meters } from '../libs/stage/observe/meters.ts';
import { sampleStages } from '../libs/stage/observe/stage-gauges.ts';
import { tracedDispatch } from '../libs/stage/observe/stage-span.ts';
import { type LoadedRun, type ModuleResolver, Runs } from '../libs/stage/run/runs.ts';
import { secretSource } from '../libs/stage/run/secret-source.ts';
import type { AnswerStore } from '../libs/store/answer-store.ts';
import type { BlobStore } from '../libs/store/blob-store.ts';
import type { Store } from '../libs/store/port.ts';
import type { Log } from '../libs/telemetry/log.ts';
import type { Metrics } from '../libs/telemetry/metrics.ts';
import type { BreakerGuard } from './downloader/deps.ts';
import { createHttpClient, type HttpClient } from './downloader/http/http-client.ts';
import { performRequest } from './downloader/http/request.ts';
import { CookieJars } from './downloader/policies/cookie-jar.ts';
import { RobotsRules } from './downloader/policies/robots-rules.ts';
import { createDownloader } from './downloader/service.ts';
import { createErrorThreshold, decisionCounter, type ErrorThresholdDeps, preCheck } from './error-threshold/service.ts';
import { createIngress, ingressCounters } from './ingress/service.ts';
import { ModuleProcessor } from './module-processor/service.ts';
import type { PageRecorder } from './parser/record.ts';
import { createParser } from './parser/service.ts';

export const STAGE_NAMES = ['ingress', 'module-processor', 'downloader', 'parser', 'error-threshold'] as const;

export type StageName = (typeof STAGE_NAMES)[number];

/** What the stages stand on. */
export interface StageGround {
  readonly config: Config;
  readonly coordinator: Coordinator;
  readonly store: Store;
  readonly commitWithItems: CommitWithItems;
  readonly bus: Bus;
  readonly blobs: BlobStore;
  /** What requests were answered, for later runs. */
  readonly answers: AnswerStore;
  readonly modules: ModuleResolver;
  readonly limiter: Limiter;
  /** Undefined: requests that name a circuit breaker go without one. */
  readonly breakers: Breakers;
  readonly budgets: Budgets;
  /** The cookies of runs, for all processes. */
  readonly shelf: CookieShelf;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether other processes work at the same runs. */
  readonly isShared: boolean;
  /** Shards whose due nodes the sweeper looks after. */
  readonly shards: number;
}

export interface StageOptions {
  readonly hosted: ReadonlySet<StageName>;
  /** What ingress calls where the stage is not hosted beside it; needed only then. */
  readonly remote?: {
    readonly dispatch: (dispatch: Dispatch) => Promise<void>;
    readonly preCheck: (run: LoadedRun) => Promise<string | undefined>;
  };
  /** Writes the end of a closing run and closes it. */
  readonly settle: (runId: string) => Promise<void>;
  /** Ends a run that cannot be executed. */
  readonly reject: (runId: string, detail: string) => Promise<void>;
  readonly recorder?: PageRecorder | undefined;
  /** Told of every request that was sent: its host, how long it took, and its status or `failed`. */
  readonly onDownload?: ((host: string, durationMs: number, outcome: string) => void) | undefined;
  /** Tells others what happened beside the chain: a circuit breaker that opened or closed. */
  readonly publishEvent?: ((event: ChainEvent) => Promise<void>) | undefined;
}

/** A stage that can be started and stopped; both are idempotent. */
export interface Stoppable {
  start(): void;
  /** Resolves when what was in execution has ended. */
  stop(): Promise<void>;
  readonly inFlight: number;
}

export interface Stages {
  /** Those that take messages, in the order of the chain. */
  readonly running: readonly Stoppable[];
  readonly moduleProcessor: ModuleProcessor;
  /** What error-threshold decides with. */
  readonly deciding: ErrorThresholdDeps;
  readonly sweeper: Sweeper;
  readonly publisher: Publisher;
  readonly leases: LeaseKeeper;
  readonly runs: Runs;
  readonly http: HttpClient;
  readonly robots: RobotsRules;
  readonly cookies: CookieJars;
  readonly breakerGuard: BreakerGuard;
}

/** Requests that may wait for their host's limit at once. */
const WAITING_REQUESTS = 2_000;

export function composeStages(ground: StageGround, options: StageOptions): Stages {
  const { config, coordinator, store, commitWithItems, bus, blobs, limiter, breakers, budgets, metrics, clock, log } =
    ground;
  const { hosted, remote, settle, reject, recorder, onDownload } = options;
  const meters = new Meters(metrics);
  const runs = new Runs(store, ground.modules);
  const leases = new LeaseKeeper({ coordinator, clock, leaseMs: config.leaseMs });
  const publisher = new Publisher({
    bus,
    retryDelayMs: config.backpressureRetryDelayMs,
    concurrency: config.publishConcurrency,
    onBackpressure: backpressureCounter(metrics),
  });
  const http = createHttpClient({ ...config.http, denyPrivateTargets: config.http.denyPrivateTargets === true });
  const cookies = new CookieJars();
  const robots = new RobotsRules({
    productToken: config.http.userAgent.split(/[/\s]/)[0]!,
    fetch: (url, signal) => performRequest(http, { method: 'GET', url, headers: {} }, signal),
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
    isShared: ground.isShared,
  };
  const sweeper = new Sweeper({
    ...{ coordinator, publisher, runs, meters, metrics, log, settle },
    intervalMs: config.sweepIntervalMs,
    crashBudget: config.retry.crashBudget,
    shards: ground.shards,
  });

  // The stages, last one first, since each is handed the next.
  const deciding: ErrorThresholdDeps = {
    config: { ...config, ...thresholds(config) },
    ...{ bus, publisher, coordinator, runs, log },
    random: Math.random,
    count: decisionCounter(metrics),
  };
  const errorThreshold = createErrorThreshold(deciding);
  const parser = createParser({ ...execution, config, bus, publisher, runs, blobs, budgets, recorder });
  const breakerGuard: BreakerGuard = {
    breakers: meterBreakers(breakers, metrics),
    countTooManyRequests: config.breakers.countTooManyRequests,
    timeoutMs: config.http.totalTimeoutMs,
    publish: options.publishEvent,
  };
  const downloader = createDownloader({
    ...execution,
    config: { ...config, waiting: WAITING_REQUESTS, obeyRobots: config.robots.enabled },
    ...{
      bus,
      publisher,
      runs,
      limiter,
      http,
      robots,
      cookies,
      blobs,
      budgets,
      shelf: ground.shelf,
      answers: ground.answers,
    },
    secret: secretSource({ store, environment: readEnvironment(), allowed: config.downloader.secrets ?? [] }),
    onDownload: meterDownloads(metrics, onDownload),
    breakers: breakerGuard,
    parser: hosted.has('parser') ? parser : ELSEWHERE,
  });
  const moduleProcessor = new ModuleProcessor({
    ...{ ...execution, config, store, publisher, limiter },
    downloader: hosted.has('downloader') ? downloader : ELSEWHERE,
  });
  const ingress = createIngress({
    ...{ ...execution, config, bus, publisher, runs },
    preCheck: hosted.has('error-threshold') ? (run) => preCheck(coordinator, run) : remote!.preCheck,
    dispatch: hosted.has('module-processor')
      ? tracedDispatch((dispatch) => moduleProcessor.execute(dispatch))
      : remote!.dispatch,
    rejectRun: reject,
    counters: ingressCounters(metrics),
  });

  const takers = { ingress, downloader, parser, 'error-threshold': errorThreshold } as const;
  const names = STAGE_NAMES.filter((name) => name !== 'module-processor').filter((name) => hosted.has(name));
  const running = names.map((name): Stoppable => takers[name]);
  sampleStages(metrics, {
    ...{ bus, leases, now: () => clock.monotonic() },
    stages: Object.fromEntries(names.map((name) => [name, takers[name]])),
  });
  return { running, moduleProcessor, deciding, sweeper, publisher, leases, runs, http, robots, cookies, breakerGuard };
}

/** A stage of another process: it has no slot here. */
const ELSEWHERE: LocalStage<unknown> = { reserve: () => undefined };

function thresholds(config: Config): { readonly moduleThreshold: Threshold; readonly taskThreshold: Threshold } {
  const { moduleErrors, moduleRate, moduleMinExecutions, taskErrors, taskRate, taskMinExecutions } = config.thresholds;
  return {
    moduleThreshold: threshold(moduleErrors, moduleRate, moduleMinExecutions),
    taskThreshold: threshold(taskErrors, taskRate, taskMinExecutions),
  };
}

function threshold(errors: number | undefined, rate: number, minExecutions: number): Threshold {
  return errors === undefined ? { rate, minExecutions } : { errors };
}

/** Unique per attempt: this start of this process, and a number. */
function ownerNames(): () => string {
  const prefix = randomUUID().slice(0, 13);
  let attempt = 0;
  return () => {
    attempt += 1;
    return `${prefix}-${attempt}`;
  };
}
