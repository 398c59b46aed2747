/** A call on its way through the pool: it waits, is posted to a worker, begins, and ends. */
import type { AuthorCall, CallSink, Chunk, JoinSource, RunContext } from '../calls/served-module.ts';
import type { CallOrder, FromWorker, ToWorker } from './protocol.ts';
import { fromWireError, toWireError } from './wire-error.ts';

/** What a call is about, for errors, logs and `explain`. */
export interface CallSubject {
  readonly moduleId: string;
  /** The step's name; `start` outside of steps. */
  readonly step: string;
  readonly fn: CallOrder['fn'];
  readonly runId?: string;
  readonly nodeId?: string;
  readonly url?: string;
}

/** How long it may take. */
export interface CallTimes {
  /** From its begin to its last emission, without the time in which others held its worker up. */
  readonly timeoutMs: number;
  /** One stretch without a turn of the worker's event loop. */
  readonly blockTimeoutMs: number;
}

/** How long a call has waited for a worker and run in it, in milliseconds. */
export interface CallDurations {
  readonly queuedMs: number;
  readonly runMs: number;
}

/** Where a call was posted. */
export interface CallPlace {
  readonly thread: { send(message: ToWorker): void };
  readonly slot: number;
}

export interface PoolCallOptions {
  readonly id: number;
  readonly subject: CallSubject;
  readonly times: CallTimes;
  readonly order: (handleOf: (run: RunContext) => number) => CallOrder;
  readonly sink?: CallSink;
  readonly join?: JoinSource | undefined;
  readonly signal?: AbortSignal;
}

export class PoolCall {
  readonly id: number;
  readonly subject: CallSubject;
  readonly times: CallTimes;
  readonly order: PoolCallOptions['order'];
  readonly done: Promise<unknown>;
  /** Undefined while it waits for a worker. */
  place: CallPlace | undefined;
  /** It must be the only call in its worker: another one may have ended the worker that it was in. */
  isAlone = false;
  /** It has begun and waits for something, so that its worker is free for others. */
  isWaiting = false;
  /** The time that counts against its budget, in milliseconds. */
  ageMs = 0;
  readonly sinceMs = performance.now();
  /** Known when its function has ended in a worker. */
  took: CallDurations | undefined;
  /** How often it was made again, because another call ended its worker. Chunks of an earlier attempt are void. */
  restarts = 0;
  isSettled = false;
  readonly #sink: CallSink | undefined;
  readonly #join: JoinSource | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #end = Promise.withResolvers<unknown>();
  readonly #onAbort: () => void;
  /** Chunks are taken one after the other. */
  #taking: Promise<void> | undefined;
  /** Reads and takes of the main thread that the call may wait for. */
  #served = 0;
  /** The failure of a read. It is thrown unchanged, since a backend's failure decides nothing about the node. */
  #readError: { readonly thrown: unknown } | undefined;

  constructor({ id, subject, times, order, sink, join, signal }: PoolCallOptions) {
    this.id = id;
    this.subject = subject;
    this.times = times;
    this.order = order;
    this.done = this.#end.promise;
    this.#sink = sink;
    this.#join = join;
    this.#signal = signal;
    this.#onAbort = () => this.fail(signal?.reason);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted === true) this.#onAbort();
  }

  get moduleId(): string {
    return this.subject.moduleId;
  }

  /** Whether it waits for the main thread, which costs nothing of its budget. */
  get isServed(): boolean {
    return this.#served > 0;
  }

  /** Ends the call for its caller, once. What its function does from now on is void. */
  fail(reason: unknown): void {
    if (this.isSettled) return;
    this.#settle();
    this.place?.thread.send({ kind: 'abandon', call: this.id });
    this.#end.reject(reason);
  }

  /** Makes it ready to be made again from its start; false when it cannot. */
  restart(): boolean {
    if (this.isSettled) return false;
    this.restarts += 1;
    this.#taking = undefined;
    this.#served = 0;
    this.ageMs = 0;
    this.isWaiting = false;
    try {
      this.#sink?.restart();
      return true;
    } catch (thrown) {
      this.fail(thrown);
      return false;
    }
  }

  /** The function has ended in the worker. */
  async ended({ failure, result }: FromWorker & { readonly kind: 'ends' }): Promise<void> {
    const attempt = this.restarts;
    try {
      await this.#taking;
    } catch {
      // The call has failed by it already.
    }
    if (this.isSettled || attempt !== this.restarts) return;
    if (failure === undefined) {
      this.#settle();
      this.#end.resolve(result);
    } else {
      this.fail(this.#readError === undefined ? fromWireError(failure) : this.#readError.thrown);
    }
  }

  /** Passes a chunk to the caller; the worker may send another when it is taken. */
  take(chunk: Chunk): void {
    if (this.isSettled) return;
    const taken = this.#passOn(chunk);
    if (taken === undefined) {
      this.place?.thread.send({ kind: 'go', call: this.id });
      return;
    }
    const attempt = this.restarts;
    this.#served += 1;
    this.#taking = taken;
    taken.then(
      () => {
        if (attempt !== this.restarts) return;
        this.#served -= 1;
        if (this.#taking === taken) this.#taking = undefined;
        this.place?.thread.send({ kind: 'go', call: this.id });
      },
      (thrown: unknown) => this.fail(thrown),
    );
  }

  #passOn(chunk: Chunk): Promise<void> | undefined {
    const before = this.#taking;
    if (before !== undefined) return before.then(() => this.#sink?.take(chunk));
    try {
      return this.#sink?.take(chunk);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  /** Reads a page of its join. */
  async read({ read, of }: FromWorker & { readonly kind: 'read' }): Promise<void> {
    const join = this.#join!;
    const attempt = this.restarts;
    this.#served += 1;
    try {
      const page = of.what === 'items' ? await join.items(of.type, of.after) : await join[of.what](of.after);
      if (attempt === this.restarts) this.place?.thread.send({ kind: 'rows', call: this.id, read, page });
    } catch (thrown) {
      if (attempt !== this.restarts) return;
      this.#readError = { thrown };
      this.place?.thread.send({ kind: 'rows', call: this.id, read, page: toWireError(thrown) });
    } finally {
      if (attempt === this.restarts) this.#served -= 1;
    }
  }

  #settle(): void {
    this.isSettled = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** What a call of a node is about. */
export function subjectOf(moduleId: string, step: string, call: AuthorCall): CallSubject {
  const { fn, run, node } = call;
  const url = call.fn === 'parse' ? { url: call.page.url } : {};
  return { moduleId, step, fn, runId: run.runId, nodeId: node.id, ...url };
}
