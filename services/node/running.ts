import type { Backlog } from '../../libs/coordination/protocol/backlog.ts';
import type { Coordinator } from '../../libs/coordination/protocol/port.ts';
import type { RunSnapshot } from '../../libs/coordination/protocol/reads.ts';
import { createRunIds } from '../../libs/keys/run-id.ts';
import type { Limiter } from '../../libs/limits/limiter.ts';
import { startHousekeeping } from '../../libs/stage/maintenance/housekeeping.ts';
import { watchBacklog } from '../../libs/stage/observe/backlog-gauges.ts';
import { Admission } from '../../libs/stage/run/admission.ts';
import { fingerprintOf, submitter, type TaskSubmission } from '../../libs/stage/run/submit.ts';
import type { NewRun, RunRecord, Store } from '../../libs/store/port.ts';
import type { Metrics } from '../../libs/telemetry/metrics.ts';
import type { Backends, Stages } from '../stages.ts';
import type { NodeAlerts } from './alerts.ts';

export interface RunningNodeParts {
  readonly backends: Backends;
  /** What waits in its coordinator. */
  readonly backlog: Backlog;
  readonly stages: Stages;
  readonly alerts: NodeAlerts;
  /** Selects the unfinished runs that this process works on; the others are paused. Undefined: all of them. */
  readonly serves: ((run: RunRecord) => boolean) | undefined;
  readonly ended: EndedRuns;
  /** Checks that open runs were begun with the same contracts of their modules. */
  readonly admit: () => Promise<void>;
  /** The digest of a module's source files. */
  readonly codeOf: (moduleId: string) => string;
  /** Closes the backends. */
  readonly close: () => Promise<void>;
}

/** How long a stop waits for running executions; the next start executes the rest again. */
const STOP_GRACE_MS = 5_000;

/** All five stages running in this process. */
export class RunningNode {
  readonly coordinator: Coordinator;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly limiter: Limiter;
  readonly alerts: NodeAlerts;
  /** Accepts a task and starts it; resolves when the run is in the store. */
  readonly submit: (task: TaskSubmission) => Promise<NewRun>;
  readonly #parts: RunningNodeParts;
  readonly #stopping = new AbortController();
  #admitted: Promise<void> | undefined;
  #quiet: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(parts: RunningNodeParts) {
    const { coordinator, store, bus, metrics, limiter, clock, log } = parts.backends;
    this.#parts = parts;
    this.coordinator = coordinator;
    this.store = store;
    this.metrics = metrics;
    this.limiter = limiter;
    this.alerts = parts.alerts;
    const admission = new Admission({ store, clock, mostWaiting: parts.backends.config.maxWaitingRuns });
    const submit = submitter({
      store,
      bus,
      clock,
      log,
      nextRunId: createRunIds(clock),
      codeOf: parts.codeOf,
      admission,
    });
    this.submit = async (task) => {
      await this.admit();
      return submit(task);
    };
  }

  /** Starts the stages, then opens runs that were accepted but never opened. */
  start(): void {
    const { stages, backends } = this.#parts;
    for (const stage of stages.running) stage.start();
    this.#resumeRuns().catch((error: unknown) =>
      backends.log.error('the node could not resume its unfinished runs', { error }),
    );
  }

  /** Resolves when this process may serve its modules; rejects with `module.contract_changed`. Checked once. */
  admit(): Promise<void> {
    this.#admitted ??= this.#parts.admit();
    return this.#admitted;
  }

  /** Finds the newest run of the same task, open or closed. */
  findSame(task: TaskSubmission): Promise<RunRecord | undefined> {
    return this.store.findRunByFingerprint(fingerprintOf(task));
  }

  /** Resolves when the run is closed: its end, dead letters and items are in the store. */
  async closed(runId: string): Promise<void> {
    const ended = this.#parts.ended.next(runId);
    const run = await this.store.findRun(runId);
    if (run?.state !== 'closed') await ended;
  }

  progress(runId: string): Promise<RunSnapshot | undefined> {
    return this.coordinator.findRun(runId);
  }

  /** Number of running executions in all stages. */
  get inFlight(): number {
    return this.#parts.stages.running.reduce((sum, stage) => sum + stage.inFlight, 0);
  }

  /** Cancels an unfinished run; its items are kept. */
  cancel(runId: string): Promise<void> {
    return this.#parts.stages.runEnds.cancel(runId);
  }

  /** Takes no more work and waits a limited time for running executions. The store can still be read. Idempotent. */
  quiesce(): Promise<void> {
    this.#quiet ??= this.#quiesce();
    return this.#quiet;
  }

  /** Stops the stages and closes the backends. The next start executes again what had not ended in time. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { stages, close } = this.#parts;
    await this.quiesce();
    await this.alerts.stop();
    await close();
    await stages.http.close();
  }

  async #quiesce(): Promise<void> {
    const { stages, backends } = this.#parts;
    this.#stopping.abort();
    await stages.stop({ drainMs: STOP_GRACE_MS });
    await backends.bus.close();
  }

  /** Pauses the runs that this process does not serve, then starts the sweeper and the housekeeping. */
  async #resumeRuns(): Promise<void> {
    const { serves, stages } = this.#parts;
    if (serves === undefined) await this.admit();
    else {
      for (const run of await this.store.listRuns({ limit: Number.MAX_SAFE_INTEGER, state: 'open' })) {
        const isServed = serves(run);
        if (isServed) await this.admit();
        await this.coordinator.runControl({ runId: run.runId, action: isServed ? 'resume' : 'pause' });
      }
    }
    if (this.#stopping.signal.aborted) return;
    stages.sweeper.start();
    const { coordinator, store, bus, budgets, cookieStore, responseCache, clock, metrics, log, config } =
      this.#parts.backends;
    watchBacklog({ backlog: this.#parts.backlog, store, metrics, log, countsRuns: true }, this.#stopping.signal);
    startHousekeeping(
      {
        coordinator,
        store,
        bus,
        budgets,
        cookieStore,
        responseCache,
        tasks: stages.tasks,
        clock,
        metrics,
        log,
        serves,
        retention: {
          nodesMs: config.retention.finishedRunMs,
          nodes: config.retention.finishedNodes,
          runsMs: config.retention.endedRunMs,
        },
        expireRun: (runId) => stages.runEnds.expire(runId),
        reconciles: true,
      },
      this.#stopping.signal,
    );
  }
}

/** Callers in this process that wait for the end of a run. */
export class EndedRuns {
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Resolves when the run ends; an end before this call does not count. */
  next(runId: string): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(runId) ?? [];
      waiting.push(resolve);
      this.#waiting.set(runId, waiting);
    });
  }

  /** Resolves the promises of everybody who waits for this run. */
  ended(runId: string): void {
    for (const resolve of this.#waiting.get(runId) ?? []) resolve();
    this.#waiting.delete(runId);
  }
}
