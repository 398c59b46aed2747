/**
 * The workers of a process. Calls wait in one queue; each goes to the worker with the least work ahead.
 *
 * When a worker blocks, takes too much memory or ends, the call that is to blame fails, and the other calls are made again:
 *
 *     one call had begun              it is to blame
 *     a call was on the stack         it is to blame for blocking
 *     else                            each that had begun is made again, alone in a worker: only the one that does it alone fails
 */

import type { ModuleFacts } from '../calls/served-module.ts';
import type { YieldLimits } from '../calls/yield-budget.ts';
import { backOffMs } from '../concurrency/back-off.ts';
import { Fifo } from '../concurrency/fifo.ts';
import { forcedAfter, within } from '../concurrency/within.ts';
import { type CallInFlight, type CallsInFlight, MOST_CALLS } from '../telemetry/calls-in-flight.ts';
import type { Log, LogFields } from '../telemetry/log.ts';
import { budgetError, type EndReason, type Evidence, loadTimeoutError, noWorkerError } from './budget-errors.ts';
import { type CallDurations, type CallSubject, PoolCall, type PoolCallOptions } from './pool-call.ts';
import type { FromWorker, ModuleSource } from './protocol.ts';
import { fromWireError } from './wire-error.ts';
import { type WorkerEnd, WorkerThread } from './worker-thread.ts';
import { begunIn, hasBegun, only, WorkerWatch } from './worker-watch.ts';

export interface WorkerPoolOptions {
  /** The most workers; at least 1. */
  readonly size: number;
  /** So many are used, and started, as soon as those before them are busy; further ones only when a call waits long. Default: all. */
  readonly usual?: number;
  /** After so long in the queue a call is worth a worker that shares its core with others; default 30. */
  readonly longWaitMs?: number;
  readonly modules: readonly ModuleSource[];
  readonly limits: YieldLimits;
  readonly memoryMb: number;
  /** How long the modules may take to load. */
  readonly loadTimeoutMs: number;
  /** The environment that author code sees. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly observer?: PoolObserver;
}

/** Counts what happens in a pool. */
export interface PoolObserver {
  /** A worker was ended, or has ended by itself. */
  ended(reason: WorkerEnd): void;
  /** A call has ended. */
  called(fn: CallSubject['fn'], took: CallDurations): void;
  /** A worker's event loop has not turned for so many milliseconds more. */
  blocked(ms: number): void;
}

/** How long a stop waits for workers to end. */
const STOP_MS = 5_000;
/** Work that a worker is given ahead, in milliseconds: enough to keep it busy while the main thread does other things. */
const AHEAD_MS = 5;
const LONG_WAIT_MS = 30;
/** Taken for a call of a function that was not called yet. */
const UNKNOWN_MS = 5;
/** The weight of the newest call in the expected time of a function. */
const NEWEST = 0.2;
/** Calls fail when so many starts in a row have failed, and no worker runs. */
const FAILED_STARTS = 5;
const START_AGAIN = { baseMs: 200, maxMs: 10_000 };

export class WorkerPool {
  #modules: readonly ModuleFacts[] = [];
  readonly #options: WorkerPoolOptions;
  readonly #usual: number;
  readonly #longWaitMs: number;
  readonly #threads = new Set<WorkerThread>();
  /** Workers that were ended and may still run for a moment. */
  readonly #ending = new Set<Promise<void>>();
  readonly #queue = new Fifo<PoolCall>();
  /** Calls that are made again, ahead of the queue. */
  readonly #again: PoolCall[] = [];
  readonly #watch: WorkerWatch;
  readonly #expectedMs = new Map<string, number>();
  #starting: WorkerThread | undefined;
  #failedStarts = 0;
  #startTimer: NodeJS.Timeout | undefined;
  #waitTimer: NodeJS.Timeout | undefined;
  #nextCall = 0;
  #isStopped = false;

  /** Starts the first worker. Rejects with the load error of a module. */
  static async open(options: WorkerPoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    const first = pool.#makeThread();
    pool.#modules = await loadedIn(first, options.loadTimeoutMs);
    pool.#threads.add(first);
    return pool;
  }

  private constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#usual = options.usual ?? options.size;
    this.#longWaitMs = options.longWaitMs ?? LONG_WAIT_MS;
    this.#watch = new WorkerWatch({
      threads: () => this.#threads,
      memoryMb: options.memoryMb,
      onTimeout: (call) => this.#timedOut(call),
      onPassed: (thread, reason, call) => void this.#end(thread, reason, call),
      onStalled: (thread) => this.#recall(thread),
      onLooked: () => this.#dispatch(),
      onBlocked: (ms) => options.observer?.blocked(ms),
    });
  }

  /** What the modules are; fixed. */
  get modules(): readonly ModuleFacts[] {
    return this.#modules;
  }

  /** Makes a call; it waits until a worker has time. */
  call(options: Omit<PoolCallOptions, 'id'>): PoolCall {
    this.#nextCall += 1;
    const call = new PoolCall({ ...options, id: this.#nextCall });
    if (this.#isStopped) call.fail(new Error('the workers are stopped'));
    if (call.isSettled) return call;
    this.#queue.push(call);
    this.#watch.start();
    this.#dispatch();
    return call;
  }

  inFlight(): CallsInFlight {
    const nowMs = performance.now();
    const begun: CallInFlight[] = [];
    const posted: PoolCall[] = [];
    for (const thread of this.#threads) {
      for (const call of liveIn(thread)) {
        if (hasBegun(thread, call)) begun.push(callInFlight(call, thread.name));
        else posted.push(call);
      }
    }
    const first = [this.#again[0], this.#queue.first, ...posted];
    return {
      workers: this.#threads.size,
      queued: this.#queued + posted.length,
      queuedMs: Math.max(0, ...first.map((call) => (call === undefined ? 0 : nowMs - call.sinceMs))),
      begun: begun.length,
      oldest: begun.sort((one, other) => other.ageMs - one.ageMs).slice(0, MOST_CALLS),
    };
  }

  /** Heap and external memory of the workers, as they were last looked at. */
  get memoryBytes(): number {
    return [...this.#threads].reduce((sum, { seenBytes }) => sum + seenBytes, 0);
  }

  /** Ends all workers, with what they do. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#watch.stop();
    clearTimeout(this.#startTimer);
    clearTimeout(this.#waitTimer);
    const reason = new Error('the workers were stopped');
    const waiting = [...this.#again.splice(0), ...this.#drain(), ...[...this.#threads].flatMap(liveIn)];
    for (const call of waiting) call.fail(reason);
    const threads = [...this.#threads, ...(this.#starting === undefined ? [] : [this.#starting])];
    await within(Promise.all([...threads.map((thread) => thread.end()), ...this.#ending]), STOP_MS);
    this.#threads.clear();
  }

  /** Calls that no worker has taken yet. */
  get #queued(): number {
    return this.#queue.size + this.#again.length;
  }

  *#drain(): Generator<PoolCall> {
    for (let call = this.#queue.shift(); call !== undefined; call = this.#queue.shift()) yield call;
  }

  #dispatch(): void {
    for (;;) {
      const call = this.#next();
      if (call === undefined) break;
      const thread = this.#choose(call);
      if (thread === undefined) {
        this.#again.unshift(call);
        this.#waitFor(call);
        return;
      }
      thread.post(call);
    }
    if (this.#queued === 0 && [...this.#threads].every(({ open }) => open.size === 0)) this.#watch.stop();
  }

  /** Starts another worker for a call, if there may be one, or looks again when the call has waited long. */
  #waitFor(call: PoolCall): void {
    const { size } = this.#options;
    const waitMs = this.#longWaitMs - waited(call);
    if (this.#threads.size < size && (this.#threads.size < this.#usual || waitMs <= 0)) this.#startThread();
    if (waitMs <= 0 || this.#usual === size) return;
    this.#waitTimer ??= setTimeout(() => {
      this.#waitTimer = undefined;
      if (!this.#isStopped) this.#dispatch();
    }, waitMs);
  }

  /** The next call that somebody still waits for. */
  #next(): PoolCall | undefined {
    for (;;) {
      const call = this.#again.shift() ?? this.#queue.shift();
      if (call === undefined || !call.isSettled) return call;
    }
  }

  #choose(call: PoolCall): WorkerThread | undefined {
    let best: WorkerThread | undefined;
    let bestMs = Number.POSITIVE_INFINITY;
    let used = 0;
    for (const thread of this.#threads) {
      if (thread.retiredFor !== undefined || thread.isEnding || thread.stalledMs > 0) continue;
      if (used === this.#usual && waited(call) < this.#longWaitMs) break;
      used += 1;
      if (!thread.hasSlot) continue;
      const aheadMs = this.#aheadMs(thread, call);
      if (aheadMs >= bestMs) continue;
      best = thread;
      bestMs = aheadMs;
    }
    return best;
  }

  /** The work ahead of a call in a worker, in milliseconds; infinite if the worker is too busy to be given it. */
  #aheadMs({ open }: WorkerThread, call: PoolCall): number {
    if (open.size === 0) return 0;
    if (call.isAlone) return Number.POSITIVE_INFINITY;
    let sum = 0;
    for (const each of open.values()) {
      if (each.isAlone) return Number.POSITIVE_INFINITY;
      if (!each.isWaiting) sum += this.#expected(each);
    }
    return sum === 0 || sum + this.#expected(call) <= AHEAD_MS ? sum : Number.POSITIVE_INFINITY;
  }

  #expected({ subject }: PoolCall): number {
    return this.#expectedMs.get(functionOf(subject)) ?? UNKNOWN_MS;
  }

  #receive(thread: WorkerThread, message: FromWorker): void {
    switch (message.kind) {
      case 'log':
        this.#logLine(thread, message);
        break;
      case 'stray':
        this.#options.log.error('the code of a module left an error uncaught', {
          error: fromWireError(message.failure),
        });
        // What it has broken is not known, so nothing more is given to this worker.
        this.#retire(thread, 'stray_error');
        break;
      case 'chunk':
        thread.open.get(message.call)?.take(message.chunk);
        break;
      case 'read':
        void thread.open.get(message.call)?.read(message);
        break;
      case 'waits':
        this.#waits(thread.open.get(message.call));
        break;
      case 'recalled':
        thread.freeRecalled(message.slot);
        this.#dispatch();
        break;
      case 'ends':
        this.#ended(thread, message);
        break;
    }
  }

  #waits(call: PoolCall | undefined): void {
    if (call === undefined) return;
    call.isWaiting = true;
    this.#dispatch();
  }

  #ended(thread: WorkerThread, end: FromWorker & { readonly kind: 'ends' }): void {
    const call = thread.open.get(end.call);
    if (call === undefined) return;
    thread.close(call);
    this.#learn(call, end.ms);
    void call.ended(end);
    this.#endRetired(thread);
    this.#dispatch();
  }

  #logLine(thread: WorkerThread, { call: id, line }: FromWorker & { readonly kind: 'log' }): void {
    const call = id === undefined ? undefined : thread.open.get(id);
    const fields = call === undefined ? { worker: thread.name } : fieldsOf(call.subject);
    this.#options.log[line.level](line.text, { ...line.fields, ...fields });
  }

  #learn(call: PoolCall, ms: number): void {
    const key = functionOf(call.subject);
    const known = this.#expectedMs.get(key);
    this.#expectedMs.set(key, known === undefined ? ms : known + NEWEST * (ms - known));
    call.took = { queuedMs: Math.max(0, performance.now() - call.sinceMs - ms), runMs: ms };
    this.#options.observer?.called(call.subject.fn, call.took);
  }

  #timedOut(call: PoolCall): void {
    const thread = this.#threadOf(call);
    call.fail(budgetError('timeout', call.subject, { ageMs: call.ageMs, budget: call.times.timeoutMs }));
    // What the function still does is nobody's, so nothing more is given to this worker.
    if (thread !== undefined) this.#retire(thread, 'timeout');
  }

  #threadOf({ place }: PoolCall): WorkerThread | undefined {
    return [...this.#threads].find((thread) => thread === place?.thread);
  }

  #retire(thread: WorkerThread, reason: WorkerEnd): void {
    thread.retiredFor ??= reason;
    this.#endRetired(thread);
  }

  /** A retired worker ends when nobody waits for a call in it. */
  #endRetired(thread: WorkerThread): void {
    if (thread.retiredFor === undefined || thread.isEnding) return;
    if (liveIn(thread).length > 0) return;
    void this.#end(thread, thread.retiredFor, undefined);
  }

  /** Gives calls that a stalled worker has not begun to others. */
  #recall(thread: WorkerThread): void {
    const recalled = [...thread.open.values()].filter((call) => thread.recall(call));
    this.#again.push(...recalled);
    this.#endRetired(thread);
  }

  /** Ends a worker. */
  async #end(thread: WorkerThread, reason: WorkerEnd, guilty: PoolCall | undefined): Promise<void> {
    if (thread.isEnding) return;
    thread.isEnding = true;
    const isStalled = thread.stalledMs > 0 && (reason === 'blocked' || reason === 'timeout');
    const stack = isStalled ? await thread.stack() : undefined;
    const begun = begunIn(thread);
    // Not awaited: a long operation of the engine, such as filling an array of 100 million, is not interrupted.
    const ended = thread.end();
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
    this.#bury(thread, reason, { begun, guilty: guilty ?? only(begun), stack });
  }

  /** A worker has ended by itself. */
  #lost(thread: WorkerThread, reason: WorkerEnd): void {
    const begun = begunIn(thread);
    this.#bury(thread, reason, { begun, guilty: only(begun), stack: undefined });
  }

  /** The call that is to blame fails; the others are made again, each alone if it is not known which one is to blame. */
  #bury(
    thread: WorkerThread,
    reason: WorkerEnd,
    { begun, guilty, stack }: { begun: readonly PoolCall[]; guilty: PoolCall | undefined; stack: Stack },
  ): void {
    this.#threads.delete(thread);
    if (this.#isStopped) return;
    this.#options.observer?.ended(reason);
    const calls = [...thread.open.values()];
    for (const call of calls) thread.close(call);
    if (reason !== 'stray_error')
      guilty?.fail(budgetError(reason, guilty.subject, this.#evidence(reason, guilty, stack)));
    const again = calls.filter((call) => call.restart());
    for (const call of again) call.isAlone = guilty === undefined && begun.includes(call);
    this.#again.push(...again);
    this.#options.log.warn('a worker was ended; a fresh one takes its place', {
      reason,
      worker: thread.name,
      ...(guilty === undefined ? {} : fieldsOf(guilty.subject)),
      calls_made_again: again.length,
    });
    if (this.#threads.size === 0) this.#startThread();
    this.#dispatch();
  }

  #evidence(reason: EndReason, { ageMs, times }: PoolCall, stack: Stack): Evidence {
    const budget =
      reason === 'blocked' ? times.blockTimeoutMs : reason === 'timeout' ? times.timeoutMs : this.#options.memoryMb;
    return { ageMs, budget, stack };
  }

  #startThread(): void {
    if (this.#starting !== undefined || this.#startTimer !== undefined || this.#isStopped) return;
    const thread = this.#makeThread();
    this.#starting = thread;
    loadedIn(thread, this.#options.loadTimeoutMs)
      .then(
        () => {
          this.#failedStarts = 0;
          this.#threads.add(thread);
        },
        (error: unknown) => this.#startFailed(error),
      )
      .finally(() => {
        this.#starting = undefined;
        if (!this.#isStopped) this.#dispatch();
      });
  }

  /** The modules were loaded before, so this may pass: it is tried again, and without any worker the waiting calls fail. */
  #startFailed(error: unknown): void {
    if (this.#isStopped) return;
    this.#options.log.error('a worker could not be started; it is tried again', { error });
    const waitMs = backOffMs(START_AGAIN, this.#failedStarts);
    this.#failedStarts += 1;
    this.#startTimer = setTimeout(() => {
      this.#startTimer = undefined;
      this.#dispatch();
    }, waitMs);
    if (this.#threads.size > 0 || this.#failedStarts < FAILED_STARTS) return;
    for (const call of [...this.#again.splice(0), ...this.#drain()]) call.fail(noWorkerError(call.subject, error));
  }

  #makeThread(): WorkerThread {
    const { modules, limits, memoryMb, env, log } = this.#options;
    return new WorkerThread({
      ...{ modules, limits, memoryMb, env },
      onMessage: (thread, message) => this.#receive(thread, message),
      onOutput: (text) => log.info(text.trimEnd(), { source: 'module' }),
      onDeath: (thread, reason) => this.#lost(thread, reason),
    });
  }
}

type Stack = Evidence['stack'];

/** Resolves with the modules of a worker; ends it when they cannot be loaded in time. */
async function loadedIn(thread: WorkerThread, timeoutMs: number): Promise<readonly ModuleFacts[]> {
  const onLate = async (): Promise<void> => {
    const stack = await thread.stack();
    thread.refuse(loadTimeoutError(timeoutMs, stack));
  };
  try {
    return await forcedAfter(thread.loaded, timeoutMs, () => void onLate());
  } catch (thrown) {
    // As in a stop: what cannot be interrupted is not waited for, since no other worker starts meanwhile.
    await within(thread.end(), STOP_MS);
    throw thrown;
  }
}

function waited({ sinceMs }: PoolCall): number {
  return performance.now() - sinceMs;
}

/** The calls of a worker that somebody waits for. */
function liveIn({ open }: WorkerThread): PoolCall[] {
  return [...open.values()].filter(({ isSettled }) => !isSettled);
}

function callInFlight({ subject, ageMs, times }: PoolCall, worker: string): CallInFlight {
  return { ...subject, worker, ageMs, budgetMs: times.timeoutMs };
}

function fieldsOf({ moduleId, step, runId, nodeId, url }: CallSubject): LogFields {
  return {
    module_id: moduleId,
    step,
    ...(runId === undefined ? {} : { run_id: runId }),
    ...(nodeId === undefined ? {} : { request_id: nodeId }),
    ...(url === undefined ? {} : { url }),
  };
}

function functionOf({ moduleId, step, fn }: PoolCall['subject']): string {
  return `${moduleId} ${step} ${fn}`;
}
