/**
 * The five stages of Catena in one process. SQLite holds the open runs and the store, in-memory queues carry the wake-ups, and a
 * folder holds large bodies. `../stages.ts` composes the stages; `distributed.ts` runs the same stages on other backends.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBus } from '../../libs/bus/memory-bus.ts';
import type { Bus } from '../../libs/bus/port.ts';
import { systemClock } from '../../libs/clock/clock.ts';
import type { Config } from '../../libs/config/config-tree.ts';
import { EVENTS, type EventType } from '../../libs/contracts/events.ts';
import type { CatenaError } from '../../libs/errors/catena-error.ts';
import type { Extension } from '../../libs/extension/extension.ts';
import { RateLimiter } from '../../libs/limits/rate-limiter.ts';
import { openSqliteBreakers } from '../../libs/limits/sqlite/breakers.ts';
import { openSqliteBudgets } from '../../libs/limits/sqlite/budgets.ts';
import { openSqliteCookies } from '../../libs/limits/sqlite/cookies.ts';
import { OneTransaction } from '../../libs/stage/items/one-transaction.ts';
import { logEvent } from '../../libs/stage/observe/chain-log.ts';
import { meterTransitions } from '../../libs/stage/observe/metered-coordinator.ts';
import { admitModules } from '../../libs/stage/run/admit-modules.ts';
import type { DecidedFailure } from '../../libs/stage/run/decided-failure.ts';
import type { ModuleCatalogue } from '../../libs/stage/run/runs.ts';
import { BlobDirectory } from '../../libs/store/blob-directory.ts';
import type { RunRecord } from '../../libs/store/port.ts';
import { openSqliteCallNotes } from '../../libs/store/sqlite/long-calls.ts';
import { openSqliteResponseCache } from '../../libs/store/sqlite/response-cache.ts';
import { openSingleFile } from '../../libs/store/sqlite/single-file.ts';
import type { CallsInFlight } from '../../libs/telemetry/calls-in-flight.ts';
import type { Log } from '../../libs/telemetry/log.ts';
import { Metrics } from '../../libs/telemetry/metrics.ts';
import type { PageRecorder } from '../parser/deps.ts';
import { type Backends, composeStages, STAGE_NAMES } from '../stages.ts';
import { openNodeAlerts } from './alerts.ts';
import { noteLongCalls } from './long-calls.ts';
import { EndedRuns, RunningNode } from './running.ts';

export interface SingleNodeOptions {
  readonly config: Config;
  readonly modules: ModuleCatalogue;
  /** The calls of author code; those that take long are noted in the file, for `catena explain`. Default: none is known. */
  readonly calls?: () => CallsInFlight;
  /** Extensions that say how a run ended; default none. */
  readonly extensions?: readonly Extension[];
  readonly log: Log;
  /** Default: new metrics. */
  readonly metrics?: Metrics;
  readonly recorder?: PageRecorder;
  /** Called when the database file fails: no work is possible until it is repaired. */
  readonly onStoreFailure?: (error: CatenaError) => void;
  /** Selects the unfinished runs of the database that this process works on; the others are paused. Default: all. */
  readonly serves?: (run: RunRecord) => boolean;
  /** Called after each request with its host, its duration, and its status or `failed`. */
  readonly onDownload?: (host: string, durationMs: number, outcome: string) => void;
  /** Called for every failure, when it is decided. */
  readonly onFailure?: (failure: DecidedFailure) => void;
  /** Wraps the bus in tests: to inject faults or to count. */
  readonly wrapBus?: (bus: Bus) => Bus;
}

/** The node of an event, if it is one of a node. */
function nodeOf(type: EventType, subject: string): string {
  return EVENTS[type].subject === 'node' ? subject : '';
}

/** Wake-ups that each stage's queue holds. The sweeper sends the others later, from the due index. */
const QUEUE_CAPACITY = 10_000;

/** Opens the database, composes the stages and starts them. Throws `store.…` when the file cannot be opened. */
export function startSingleNode(options: SingleNodeOptions): RunningNode {
  const { config, modules, extensions = [], log, recorder, onStoreFailure, wrapBus, serves, onDownload } = options;
  const clock = systemClock;
  const metrics = options.metrics ?? new Metrics();
  const file = openSingleFile({
    path: config.store.path,
    policy: config,
    clock,
    onEvent: ({ subject, ...event }) => logEvent(log, { ...event, moduleId: '', nodeId: nodeOf(event.type, subject) }),
    ...(onStoreFailure === undefined ? {} : { onFailure: onStoreFailure }),
  });
  const inMemory = config.store.path === ':memory:';
  // Large bodies are stored beside the database; those of an in-memory database in a folder that is deleted at the end.
  const blobPath = inMemory ? join(tmpdir(), `catena-${randomUUID()}`) : `${config.store.path}.blobs`;
  const queues = new MemoryBus({ capacity: QUEUE_CAPACITY });
  const { coordinator, commits } = meterTransitions(
    { coordinator: file.coordinator, commits: new OneTransaction(file.coordinator, file.store) },
    metrics,
    () => clock.monotonic(),
  );
  const backends: Backends = {
    config,
    modules,
    metrics,
    clock,
    log,
    coordinator,
    commits,
    store: file.store,
    bus: wrapBus?.(queues) ?? queues,
    blobs: new BlobDirectory({ path: blobPath }),
    responseCache: openSqliteResponseCache({ db: file.db, clock, bounds: config.answers }),
    limiter: new RateLimiter({
      defaults: { requestsPerSecond: config.limits.requestsPerSecond, concurrency: config.limits.concurrencyPerHost },
    }),
    breakers: openSqliteBreakers({ db: file.db, clock }),
    budgets: openSqliteBudgets(file.db),
    cookieStore: openSqliteCookies(file.db),
    isShared: false,
    shards: 1,
  };
  const alerts = openNodeAlerts({ config, store: file.store, clock, log, metrics, extensions });
  const ended = new EndedRuns();
  const stages = composeStages(backends, {
    hosted: new Set(STAGE_NAMES),
    recorder,
    onDownload,
    onFailure: options.onFailure,
    publishEvent: async (event) => {
      alerts.happened(event);
      logEvent(log, event);
    },
    onRunEnded: (runId) => {
      alerts.runEnded(runId);
      ended.ended(runId);
    },
  });
  const notes = noteLongCalls({ note: openSqliteCallNotes(file.db), calls: options.calls, clock, log });
  const node = new RunningNode({
    backends,
    backlog: file.coordinator,
    stages,
    alerts,
    ended,
    serves,
    admit: () =>
      admitModules({
        ...{ store: file.store, log, mayChange: true },
        modules: modules.ids().map((id) => modules.resolve(id)),
      }),
    codeOf: (moduleId) => (modules.ids().includes(moduleId) ? modules.resolve(moduleId).code : ''),
    close: async () => {
      await notes.stop();
      await file.close();
      if (inMemory) await rm(blobPath, { recursive: true, force: true });
    },
  });
  node.start();
  return node;
}
