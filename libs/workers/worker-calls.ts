/**
 * Makes the calls of a worker. Each begins in a turn of the event loop of its own, with its slot marked as running; the turn after
 * it takes the mark back. So the main thread can tell whose code holds the worker up.
 *
 *     turn:   begin A │ settle A │ begin B │ settle B │ …        A ended: its end is sent
 *                                                               A did not: it waits, and the main thread is told
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { openRun } from '../calls/opened-input.ts';
import { runCall } from '../calls/run-call.ts';
import type { AuthorCall, RunContext } from '../calls/served-module.ts';
import type { YieldLimits } from '../calls/yield-budget.ts';
import { CatenaError } from '../errors/catena-error.ts';
import { describeThrown } from '../errors/thrown.ts';
import { inputFields } from '../modules/check/unknown-fields.ts';
import type { AuthorLog, ModuleDefinition } from '../modules/contract/definition.ts';
import type { Board } from './board.ts';
import { type CallEnd, type CallMessage, OpenCall } from './open-call.ts';
import type { CallOrder, FromWorker, LogLine, ToWorker } from './protocol.ts';
import { toWireError } from './wire-error.ts';

export interface WorkerCallsOptions {
  readonly board: Board;
  readonly limits: YieldLimits;
  readonly post: (messages: readonly FromWorker[]) => void;
}

/** A synchronous generator lets other calls go on after this time. */
const BREATHE_AFTER_MS = 8;
/** How often the board beats while calls are open. */
const BEAT_MS = 100;
/** Lines that one call may log, and characters of a line or of its fields. */
const MAX_LINES = 1_000;
const MAX_LINE_CHARS = 8_192;
/** While calls wait, messages of this time are posted together. */
const POST_AFTER_MS = 1;

export class WorkerCalls {
  readonly #options: WorkerCallsOptions;
  readonly #modules = new Map<string, ModuleDefinition>();
  readonly #runs = new Map<number, RunContext>();
  readonly #queue: CallMessage[] = [];
  readonly #open = new Map<number, OpenCall>();
  readonly #current = new AsyncLocalStorage<OpenCall>();
  readonly #outbox: FromWorker[] = [];
  readonly #log: AuthorLog = authorLog((line) => this.log(line));
  #pumping = false;
  #posting = false;
  #beats: NodeJS.Timeout | undefined;
  #postedMs = 0;

  constructor(options: WorkerCallsOptions) {
    this.#options = options;
  }

  serve(modules: readonly ModuleDefinition[]): void {
    for (const module of modules) this.#modules.set(module.id, module);
  }

  receive(messages: readonly ToWorker[]): void {
    for (const message of messages) {
      switch (message.kind) {
        case 'run':
          this.#runs.set(message.run, message.context);
          break;
        case 'forget':
          this.#runs.delete(message.run);
          break;
        case 'call':
          this.#queue.push(message);
          break;
        case 'go':
          this.#open.get(message.call)?.go();
          break;
        case 'rows':
          this.#open.get(message.call)?.answer(message.read, message.page);
          break;
        case 'abandon':
          this.#open.get(message.call)?.abandon();
          break;
      }
    }
    this.#pump();
  }

  /** Posted at once: the code may block before its turn ends. Beyond {@link MAX_LINES} the lines of a call are dropped. */
  log({ level, text, fields }: LogLine): void {
    const call = this.#current.getStore();
    if (call !== undefined) call.lines += 1;
    const { lines } = call ?? { lines: 0 };
    if (lines > MAX_LINES) return;
    const shown = text.length <= MAX_LINE_CHARS ? text : `${text.slice(0, MAX_LINE_CHARS)}…`;
    const line = { level, text: lines === MAX_LINES ? `${shown} (further lines of this call are dropped)` : shown };
    const known = fields === undefined ? {} : { fields: plainFields(fields) };
    this.#outbox.push({ kind: 'log', call: call?.id, line: { ...line, ...known } });
    this.#options.post(this.#outbox.splice(0));
  }

  /** An error that no code of the author caught: the failure of its call, if that is open. */
  stray(thrown: unknown): void {
    const call = this.#current.getStore();
    if (call === undefined) this.send({ kind: 'stray', failure: toWireError(strayError(thrown)) });
    else if (this.#open.has(call.id)) this.#fail(call, thrown);
    else this.log({ level: 'error', text: strayError(call.describe(thrown)).message });
  }

  /** Fails the call whose code would end the process, also if that code catches what this throws. */
  refuse(deed: string): never {
    const call = this.#current.getStore();
    const who = call === undefined ? 'the code of a module' : call.name;
    const error = new CatenaError('execution.exit', `${who} called ${deed}`, {
      class: 'retryable',
      data: call === undefined ? {} : call.data,
      remedy: 'throw an error to fail the node, or yield fail(reason) in a compute step to end the module',
    });
    if (call !== undefined) call.end = { failure: toWireError(error) };
    throw error;
  }

  #fail(call: OpenCall, thrown: unknown): void {
    call.end = { failure: toWireError(call.describe(thrown)) };
    if (call.hasWaited) setImmediate(() => this.#settle(call));
  }

  send(message: FromWorker): void {
    this.#outbox.push(message);
    if (this.#posting) return;
    this.#posting = true;
    setImmediate(() => this.#post());
  }

  /** Posts before the next call begins, or after some short calls. */
  #post(): void {
    if (this.#pumping && performance.now() - this.#postedMs < POST_AFTER_MS) {
      setImmediate(() => this.#post());
      return;
    }
    this.#posting = false;
    if (this.#outbox.length > 0) this.#options.post(this.#outbox.splice(0));
    this.#postedMs = performance.now();
  }

  #pump(): void {
    if (this.#pumping || this.#queue.length === 0) return;
    this.#pumping = true;
    let call: OpenCall | undefined;
    setImmediate(() => {
      call = this.#begin(this.#queue.shift()!);
    });
    setImmediate(() => {
      this.#options.board.mark(undefined);
      if (call !== undefined) this.#settle(call);
      this.#pumping = false;
      this.#pump();
    });
  }

  #begin(message: CallMessage): OpenCall | undefined {
    const { board, limits } = this.#options;
    const { slot } = message;
    if (!board.begin(slot)) {
      this.send({ kind: 'recalled', slot });
      return undefined;
    }
    board.mark(slot);
    const call = new OpenCall(message, this.#modules.get(message.module)!, (sent) => this.send(sent));
    this.#open.set(call.id, call);
    this.#beats ??= setInterval(() => board.beat(), BEAT_MS);
    this.#current.run(call, () => {
      const made = this.#make(message, call, limits);
      made.then(
        (result) => this.#end(call, { result }),
        (thrown: unknown) => this.#end(call, { failure: toWireError(thrown) }),
      );
    });
    return call;
  }

  /** A call that ends later than its first turn is settled in a turn after its last, when stray rejections have been seen. */
  #end(call: OpenCall, end: CallEnd): void {
    call.end ??= end;
    if (call.hasWaited) setImmediate(() => this.#settle(call));
  }

  #settle(call: OpenCall): void {
    if (!this.#open.has(call.id)) return;
    if (call.end === undefined) {
      call.hasWaited = true;
      this.send({ kind: 'waits', call: call.id });
      return;
    }
    this.#open.delete(call.id);
    this.#options.board.beat();
    this.send({ kind: 'ends', call: call.id, ms: performance.now() - call.sinceMs, ...call.end });
    if (this.#open.size > 0) return;
    clearInterval(this.#beats);
    this.#beats = undefined;
  }

  async #make({ module: id, order }: CallMessage, call: OpenCall, limits: YieldLimits): Promise<unknown> {
    const module = this.#modules.get(id)!;
    if (order.fn === 'checkInput') return inputFields(module, order.input);
    const run = this.#runs.get(order.run)!;
    if (order.fn === 'openRun') return (await openRun(module, run)).concurrency;
    return runCall(module, toAuthorCall(order, run, call), {
      limits,
      emit: (chunk) => call.emit(chunk),
      log: this.#log,
      breathe: () => this.#breathe(call),
      isAbandoned: () => call.isAbandoned,
    });
  }

  #breathe(call: OpenCall): Promise<void> | undefined {
    const nowMs = performance.now();
    if (nowMs - call.breathedMs < BREATHE_AFTER_MS) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        call.breathedMs = performance.now();
        this.#options.board.mark(call.slot);
        resolve();
      });
      setImmediate(() => this.#options.board.mark(undefined));
    });
  }
}

function toAuthorCall(
  order: Exclude<CallOrder, { readonly fn: 'checkInput' | 'openRun' }>,
  run: RunContext,
  call: OpenCall,
): AuthorCall {
  const ofNode = { run, node: order.node, signal: call.signal };
  switch (order.fn) {
    case 'parse':
      return { fn: 'parse', ...ofNode, page: order.page, preview: order.preview };
    case 'givenUp':
      return { fn: 'givenUp', ...ofNode, error: order.error };
    case 'compute':
      return { fn: 'compute', ...ofNode, join: call };
    default:
      return { fn: order.fn, ...ofNode };
  }
}

function authorLog(log: (line: LogLine) => void): AuthorLog {
  const at = (level: LogLine['level']) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
    log({ level, text: String(message), ...(fields === undefined ? {} : { fields }) });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Fields as JSON has them: an author's may hold what cannot be sent. */
function plainFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    const text = JSON.stringify(fields);
    return text.length <= MAX_LINE_CHARS ? (JSON.parse(text) as Record<string, unknown>) : { fields: 'too large' };
  } catch {
    return { fields: 'not JSON' };
  }
}

/** An error that no code caught, and that cannot be the failure of an open call. */
function strayError(thrown: unknown): CatenaError {
  return new CatenaError(
    'execution.stray_error',
    `the code of a module left an error uncaught: ${describeThrown(thrown)}`,
    {
      cause: thrown,
      remedy: 'await every promise, or catch its rejection; catch errors in timers and event listeners',
    },
  );
}
