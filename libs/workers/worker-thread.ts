/** A worker as the main thread sees it: its thread, its board, and the calls that are open in it. */
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { ModuleFacts, RunContext } from '../calls/served-module.ts';
import type { YieldLimits } from '../calls/yield-budget.ts';
import { CatenaError } from '../errors/catena-error.ts';
import { Board, SLOTS } from './board.ts';
import type { EndReason } from './budget-errors.ts';
import type { PoolCall } from './pool-call.ts';
import type { FromWorker, ModuleSource, ToWorker, WorkerSetup } from './protocol.ts';
import { fromWireError } from './wire-error.ts';
import { type StackFrame, stackOfWorker } from './worker-stack.ts';

/** Why a worker was ended, or ended by itself. */
export type WorkerEnd = EndReason | 'stray_error';

export interface WorkerThreadOptions {
  readonly modules: readonly ModuleSource[];
  readonly limits: YieldLimits;
  readonly memoryMb: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onMessage: (thread: WorkerThread, message: FromWorker) => void;
  /** Text that author code wrote to the thread's own standard output or error. */
  readonly onOutput: (text: string) => void;
  /** The thread ended by itself; `code` as in `execution.<code>`. */
  readonly onDeath: (thread: WorkerThread, why: 'out_of_memory' | 'exit') => void;
}

/**
 * Room of the heap beyond `execution.memory_mb`, in MiB. V8 ends the whole process when one allocation does not fit the heap, and
 * the largest one is an array of 2^27 elements, 1 GiB. With this room the worker alone is ended, by {@link heapBytes}.
 */
const ONE_ALLOCATION_MB = 1_100;
/** Runs that a worker keeps. */
const MAX_RUNS = 256;
/**
 * Without this, V8 unrolls loops such as `for (;;) new Array(1000)` into code that can be neither interrupted nor ended, by nobody
 * (Node 24). It concerns code that is compiled later, in all threads of the process.
 */
setFlagsFromString('--no-turboshaft-loop-unrolling');

/** Threads of this process so far: each has a name of its own. */
let threads = 0;

const ENTRY = new URL(import.meta.url.replace('worker-thread', 'worker-main'));

export class WorkerThread {
  readonly name: string;
  readonly board = new Board();
  /** Rejects with the load error of a module. */
  readonly loaded: Promise<readonly ModuleFacts[]>;
  /** Calls that were sent and have not ended, by id. */
  readonly open = new Map<number, PoolCall>();
  /** Why it takes no new calls; it is ended when nobody waits for a call in it. */
  retiredFor: WorkerEnd | undefined;
  /** It is being ended, or has ended by itself. */
  isEnding = false;
  /**
   * How long its event loop has not turned, in milliseconds, while it has calls or has not seen that they were recalled; and the beats
   * that were seen last.
   */
  stalledMs = 0;
  seenBeats = 0;
  /** How long its event loop may stand still after its calls were recalled, in milliseconds. */
  recallTimeoutMs = Number.POSITIVE_INFINITY;
  /** Its heap and external memory when they were read last. */
  seenBytes = 0;
  readonly #worker: Worker;
  readonly #slots = Array.from({ length: SLOTS }, (_, slot) => SLOTS - 1 - slot);
  readonly #loaded = Promise.withResolvers<readonly ModuleFacts[]>();
  readonly #runs = new Map<RunContext, number>();
  #nextRun = 0;
  #outbox: ToWorker[] = [];

  constructor(options: WorkerThreadOptions) {
    threads += 1;
    const name = `worker-${threads}`;
    const { modules, limits, memoryMb, env, onMessage, onOutput, onDeath } = options;
    const setup: WorkerSetup = { modules, limits, board: this.board.memory };
    this.name = name;
    this.#worker = new Worker(ENTRY, {
      name,
      workerData: setup,
      env: { ...env } as NodeJS.ProcessEnv,
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb + ONE_ALLOCATION_MB },
    });
    // The process lives as long as calls are open: the watch's timer sees to that.
    this.#worker.unref();
    const loaded = this.#loaded;
    loaded.promise.catch(() => {});
    this.loaded = loaded.promise;
    this.#worker.on('message', (messages: readonly FromWorker[]) => {
      for (const message of messages) {
        if (message.kind === 'loaded') loaded.resolve(message.modules);
        else if (message.kind === 'refused') loaded.reject(fromWireError(message.failure));
        else onMessage(this, message);
      }
    });
    let why: 'out_of_memory' | 'exit' = 'exit';
    this.#worker.on('error', (error: Error & { code?: string }) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') why = 'out_of_memory';
      loaded.reject(
        new CatenaError('module.load_failed', `the modules cannot be loaded: ${error.message}`, { cause: error }),
      );
    });
    this.#worker.on('exit', () => {
      loaded.reject(new CatenaError('module.load_failed', 'the code of a module ended its worker while it was loaded'));
      if (this.isEnding) return;
      this.isEnding = true;
      onDeath(this, why);
    });
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', onOutput);
    }
  }

  get hasSlot(): boolean {
    return this.#slots.length > 0;
  }

  /** Sends a call; its slot is free again when {@link close} is called. */
  post(call: PoolCall): void {
    const slot = this.#slots.pop()!;
    this.board.post(slot);
    this.open.set(call.id, call);
    call.place = { thread: this, slot };
    const order = call.order((run) => this.#handleOf(run));
    this.send({ kind: 'call', call: call.id, slot, module: call.moduleId, order });
  }

  /** The call is no longer in this worker. */
  close(call: PoolCall): void {
    const { place } = call;
    if (place?.thread !== this) return;
    this.board.free(place.slot);
    this.#slots.push(place.slot);
    this.open.delete(call.id);
    call.place = undefined;
    // Nobody looks at a worker without calls.
    if (this.open.size === 0) this.stalledMs = 0;
  }

  /** Takes back a call that has not begun; false if it has. Its slot is free when the worker has seen that. */
  recall(call: PoolCall): boolean {
    const { place } = call;
    if (place === undefined || !this.board.recall(place.slot)) return false;
    this.open.delete(call.id);
    call.place = undefined;
    this.recallTimeoutMs = call.times.blockTimeoutMs;
    return true;
  }

  /** The worker has seen that the call in a slot was recalled: its event loop turns. */
  freeRecalled(slot: number): void {
    this.board.free(slot);
    this.#slots.push(slot);
    this.stalledMs = 0;
  }

  /** Makes {@link loaded} reject. */
  refuse(error: CatenaError): void {
    this.#loaded.reject(error);
  }

  /** Messages of one turn are posted together; a call that ended in the same turn needs no word to go on. */
  send(message: ToWorker): void {
    this.#outbox.push(message);
    if (this.#outbox.length > 1) return;
    queueMicrotask(() => {
      const messages = this.#outbox.filter((message) => message.kind !== 'go' || this.open.has(message.call));
      this.#outbox = [];
      if (messages.length > 0) this.#worker.postMessage(messages, messages.flatMap(transferred));
    });
  }

  /** Heap and external memory, in bytes; undefined when the worker has ended. */
  async memoryBytes(): Promise<number | undefined> {
    try {
      const { used_heap_size, external_memory } = await this.#worker.getHeapStatistics();
      return used_heap_size + external_memory;
    } catch {
      return undefined;
    }
  }

  /** Its stack; it can only be ended after this. */
  stack(): Promise<readonly StackFrame[] | undefined> {
    return stackOfWorker(this.name);
  }

  /** Ends the thread, whatever it does. Idempotent. */
  async end(): Promise<void> {
    this.isEnding = true;
    await this.#worker.terminate();
  }

  #handleOf(run: RunContext): number {
    let handle = this.#runs.get(run);
    if (handle === undefined) {
      handle = this.#nextRun;
      this.#nextRun += 1;
      this.send({ kind: 'run', run: handle, context: run });
      this.#forgetOldest();
    } else {
      this.#runs.delete(run);
    }
    this.#runs.set(run, handle);
    return handle;
  }

  #forgetOldest(): void {
    const [oldest] = this.#runs;
    if (this.#runs.size < MAX_RUNS || oldest === undefined) return;
    this.#runs.delete(oldest[0]);
    this.send({ kind: 'forget', run: oldest[1] });
  }
}

/** What a message gives to the worker. */
function transferred(message: ToWorker): ArrayBuffer[] {
  return message.kind === 'call' && message.order.fn === 'parse' ? [message.order.page.body.buffer] : [];
}
