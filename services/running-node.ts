import type { Bus } from '../libs/bus/port.ts';
import type { Clock } from '../libs/clock/clock.ts';
import type { Coordinator } from '../libs/coordination/port.ts';
import type { RunSnapshot } from '../libs/coordination/snapshot.ts';
import type { RateLimiter } from '../libs/limits/rate-limiter.ts';
import { expireRuns } from '../libs/stage/expiry.ts';
import type { LeaseKeeper } from '../libs/stage/lease.ts';
import type { Runs } from '../libs/stage/runs.ts';
import { acceptTask, fingerprintOf, type TaskSubmission, taskMessage } from '../libs/stage/submit.ts';
import type { Sweeper } from '../libs/stage/sweeper.ts';
import type { BlobStore } from '../libs/store/blob-store.ts';
import type { NewRun, RunRecord, Store } from '../libs/store/port.ts';
import type { Log } from '../libs/telemetry/log.ts';
import { METRICS } from '../libs/telemetry/metric-names.ts';
import type { Metrics } from '../libs/telemetry/metrics.ts';

/** A stage that can be started and stopped; both are idempotent. */
export interface Stoppable {
  start(): void;
  /** Resolves when what was in execution has ended. */
  stop(): Promise<void>;
  readonly inFlight: number;
}

export interface RunningNodeParts {
  readonly stages: readonly Stoppable[];
  readonly sweeper: Sweeper;
  readonly leases: LeaseKeeper;
  readonly bus: Bus;
  readonly http: { close(): Promise<void> };
  readonly cookies: { dropRun(runId: string): void };
  readonly blobs: BlobStore;
  readonly runs: Runs;
  /** What coordinator and store stand on. */
  readonly file: { close(): void };
  readonly coordinator: Coordinator;
  readonly store: Store;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly limiter: RateLimiter;
  readonly log: Log;
  readonly nextRunId: () => string;
  /** Removes what was kept for this process alone. */
  readonly cleanUp: () => Promise<void>;
  /** Which unfinished runs this process works at; the others wait. Undefined: all of them. */
  readonly serves: ((run: RunRecord) => boolean) | undefined;
  /** How long the nodes of a finished run are kept, in milliseconds. */
  readonly retentionMs: number;
  /** Writes the end of a closing run and closes it. */
  readonly settleRun: (runId: string) => Promise<void>;
}

/** How long a stop waits for what is in execution; the rest is taken up again at the next start. */
const STOP_GRACE_MS = 5_000;
const EXPIRY_INTERVAL_MS = 3_600_000;
const RECONCILE_INTERVAL_MS = 5_000;
const MAX_RECONCILED = 1_000;

/** All five stages at work in this process. */
export class RunningNode {
  readonly coordinator: Coordinator;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly limiter: RateLimiter;
  readonly #parts: RunningNodeParts;
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #stopping = new AbortController();
  #expiry: NodeJS.Timeout | undefined;
  #reconciling: NodeJS.Timeout | undefined;
  #quiet: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(parts: RunningNodeParts) {
    this.#parts = parts;
    this.coordinator = parts.coordinator;
    this.store = parts.store;
    this.metrics = parts.metrics;
    this.limiter = parts.limiter;
  }

  /** Starts the stages, then opens what was accepted and never opened. */
  start(): void {
    for (const stage of this.#parts.stages) stage.start();
    this.#takeUp().catch((error: unknown) => this.#parts.log.error('unfinished runs could not be taken up', { error }));
  }

  /** Accepts a task and has it executed; resolves when it is safe. */
  async submit(task: TaskSubmission): Promise<NewRun> {
    const run = await acceptTask(this.#parts, task);
    await this.#parts.bus.publish(taskMessage(run));
    return run;
  }

  /** The newest run of the same work, ended or not. */
  findSame(task: TaskSubmission): Promise<RunRecord | undefined> {
    return this.store.findRunByFingerprint(fingerprintOf(task));
  }

  /** Resolves when the run is closed: its end, dead letters and items stand in the store. */
  async closed(runId: string): Promise<void> {
    const released = new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(runId) ?? [];
      waiting.push(resolve);
      this.#waiting.set(runId, waiting);
    });
    const run = await this.store.findRun(runId);
    if (run?.state !== 'closed') await released;
  }

  progress(runId: string): Promise<RunSnapshot | undefined> {
    return this.coordinator.findRun(runId);
  }

  /** Executions under way in all stages. */
  get inFlight(): number {
    return this.#parts.stages.reduce((sum, stage) => sum + stage.inFlight, 0);
  }

  /** Writes the end of a closing run and lets go of everything that was kept for it. */
  async settle(runId: string): Promise<void> {
    await this.#parts.settleRun(runId);
    await this.#release(runId);
  }

  /** Ends a run that cannot be executed: its task names what is not there. */
  reject(runId: string, detail: string): Promise<void> {
    return this.#endUnopened(runId, 'rejected', detail);
  }

  /** Ends an unfinished run for good; the items that it has stay. */
  async cancel(runId: string): Promise<void> {
    const run = await this.coordinator.findRun(runId);
    if (run === undefined) await this.#endUnopened(runId, 'cancelled', 'cancelled before it began');
    else await this.coordinator.runControl({ runId, action: 'cancel' });
  }

  /** Takes no more work and waits for what is in execution, for a while; the store can still be read. Idempotent. */
  quiesce(): Promise<void> {
    this.#quiet ??= this.#quiesce();
    return this.#quiet;
  }

  /** Ends the stages; what is still in execution after a while is left to the next start. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { http, leases, file } = this.#parts;
    await this.quiesce();
    leases.stop();
    file.close();
    await http.close();
    await this.#parts.cleanUp();
  }

  async #quiesce(): Promise<void> {
    const { stages, sweeper, bus } = this.#parts;
    this.#stopping.abort();
    clearTimeout(this.#expiry);
    clearTimeout(this.#reconciling);
    const ended = Promise.all([sweeper.stop(), ...stages.map((stage) => stage.stop())]);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_GRACE_MS);
    });
    await Promise.race([ended, patience]);
    clearTimeout(timer);
    await bus.close();
  }

  /** Lets go of what this process is not to work at, before the first look at what stands due, then begins. */
  async #takeUp(): Promise<void> {
    const { serves, sweeper, coordinator } = this.#parts;
    if (serves !== undefined) {
      for (const run of await this.store.listRuns({ limit: Number.MAX_SAFE_INTEGER, state: 'open' })) {
        await coordinator.runControl({ runId: run.runId, action: serves(run) ? 'resume' : 'pause' });
      }
    }
    if (this.#stopping.signal.aborted) return;
    sweeper.start();
    this.#expire();
    this.#reconcile();
  }

  async #endUnopened(runId: string, finishReason: 'rejected' | 'cancelled', detail: string): Promise<void> {
    const endedAtMs = this.#parts.clock.now();
    const end = { finishReason, detail, endedAtMs, done: 0, dead: 0, items: 0 };
    await this.store.settleRun(runId, end, { deadLetters: nothing(), events: nothing() });
    await this.#release(runId);
  }

  async #release(runId: string): Promise<void> {
    this.#parts.cookies.dropRun(runId);
    this.#parts.runs.forget(runId);
    await this.#parts.blobs.deleteRun(runId);
    for (const resolve of this.#waiting.get(runId) ?? []) resolve();
    this.#waiting.delete(runId);
  }

  /** Now and every hour: removes what is left of runs that ended long ago. */
  #expire(): void {
    const { metrics, log } = this.#parts;
    const expired = metrics.counter(METRICS.stateExpired).with({});
    expireRuns({ ...this.#parts, onExpired: (nodes) => expired.add(nodes) }, this.#stopping.signal)
      .catch((error: unknown) => log.warn('old runs could not be removed', { error }))
      .finally(() => {
        if (!this.#stopping.signal.aborted) this.#expiry = setTimeout(() => this.#expire(), EXPIRY_INTERVAL_MS).unref();
      });
  }

  /** Now and then: opens what was accepted and not opened, because its message was lost or the queue was full. */
  #reconcile(): void {
    this.#openAccepted()
      .catch((error: unknown) => this.#parts.log.warn('accepted runs could not be looked for', { error }))
      .finally(() => {
        if (this.#stopping.signal.aborted) return;
        this.#reconciling = setTimeout(() => this.#reconcile(), RECONCILE_INTERVAL_MS).unref();
      });
  }

  async #openAccepted(): Promise<void> {
    const accepted = await this.store.listRuns({ limit: MAX_RECONCILED, state: 'accepted' });
    for (const run of accepted) {
      if (this.#parts.serves?.(run) !== false) await this.#parts.bus.publish(taskMessage(run));
    }
  }
}

async function* nothing(): AsyncGenerator<never> {
  // A rejected run has no nodes, and nothing happened to it.
}
