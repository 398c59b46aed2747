/**
 * The health of a process. It is alive as long as its main loop turns; it is ready while everything that it stands on answers and
 * it is not stopping. A backend that is away never makes it less alive: a restart would not bring the backend back.
 */
import { Rounds } from '../concurrency/rounds.ts';
import { within } from '../concurrency/within.ts';
import { isCatenaError } from '../errors/catena-error.ts';
import type { Log } from './log.ts';
import { METRICS } from './metric-names.ts';
import type { Metrics } from './metrics.ts';

/** Resolves when a backend can do its work for this process; rejects with the reason why it cannot. */
export type HealthCheck = () => Promise<unknown>;

/** One backend, as it was when it was checked last. */
export interface BackendHealth {
  readonly backend: string;
  readonly isReady: boolean;
  /** Why it is not ready; empty otherwise. */
  readonly reason: string;
  /** The code of the error that says so; empty otherwise. */
  readonly code: string;
}

export interface HealthReport {
  readonly isReady: boolean;
  /** Why the process is not ready, a sentence each; empty otherwise. */
  readonly reasons: readonly string[];
  readonly backends: readonly BackendHealth[];
}

export interface HealthOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  /** From one check to the next; default 3 seconds. */
  readonly intervalMs?: number;
  /** How long a check may take; default 2 seconds. */
  readonly timeoutMs?: number;
}

const INTERVAL_MS = 3_000;
const TIMEOUT_MS = 2_000;

export class Health {
  readonly #options: HealthOptions;
  readonly #backends = new Map<string, BackendHealth>();
  readonly #listeners = new Set<(report: HealthReport) => void>();
  #checks: ReadonlyMap<string, HealthCheck> = new Map();
  #rounds: Rounds | undefined;
  /** Why it is not ready, whatever the backends say; undefined once it has started. */
  #before: string | undefined = 'the process is starting';

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Says what the start waits for. */
  startsWith(reason: string): void {
    this.#before = reason;
    this.#tell();
  }

  /** Ends the start: checks the backends now and repeatedly. Resolves after the first round. */
  async begin(checks: Readonly<Record<string, HealthCheck>>): Promise<void> {
    this.#checks = new Map(Object.entries(checks));
    this.#before = undefined;
    await this.#round();
    const { intervalMs = INTERVAL_MS } = this.#options;
    this.#rounds = new Rounds(() => this.#round(), intervalMs);
    this.#rounds.start(intervalMs);
  }

  /** From now on the process is not ready: it stops. */
  drain(): void {
    this.#before = 'the process is stopping';
    this.#rounds?.end();
    this.#tell();
  }

  report(): HealthReport {
    const backends = [...this.#backends.values()];
    const reasons = backends.flatMap(({ backend, reason }) => (reason === '' ? [] : [`${backend}: ${reason}`]));
    if (this.#before !== undefined) reasons.unshift(this.#before);
    return { isReady: reasons.length === 0, reasons, backends };
  }

  /** Calls a listener with each change, and now. */
  listen(listener: (report: HealthReport) => void): void {
    this.#listeners.add(listener);
    listener(this.report());
  }

  async #round(): Promise<void> {
    const results = await Promise.all([...this.#checks].map((entry) => this.#check(...entry)));
    const changed = results.filter((result) => this.#backends.get(result.backend)?.reason !== result.reason);
    for (const result of results) {
      const before = this.#backends.get(result.backend);
      this.#backends.set(result.backend, result);
      this.#say(before, result);
    }
    if (changed.length > 0) this.#tell();
  }

  async #check(backend: string, check: HealthCheck): Promise<BackendHealth> {
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    let reason = `no answer within ${timeoutMs} ms`;
    let code = '';
    const answered = check().then(
      () => {
        reason = '';
      },
      (error: unknown) => {
        reason = error instanceof Error ? error.message : String(error);
        if (isCatenaError(error)) code = error.code;
      },
    );
    await within(answered, timeoutMs);
    return { backend, isReady: reason === '', reason, code };
  }

  /** Logs when a backend goes and comes, not in every round. */
  #say(before: BackendHealth | undefined, { backend, isReady, reason }: BackendHealth): void {
    const { log, metrics } = this.#options;
    metrics
      .gauge(METRICS.backendReady)
      .with({ backend })
      .set(isReady ? 1 : 0);
    if (!isReady && before?.isReady !== false)
      log.warn('not ready: a backend does not do its work', { backend, reason });
    if (isReady && before?.isReady === false) log.info('a backend does its work again', { backend });
  }

  #tell(): void {
    const report = this.report();
    for (const listener of this.#listeners) listener(report);
  }
}
