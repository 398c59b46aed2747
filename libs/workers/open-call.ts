/** One call in a worker, from its begin to its end. */
import type { Chunk, JoinSource } from '../calls/served-module.ts';
import type { CatenaError } from '../errors/catena-error.ts';
import { dataOf, nameOf, type Site, threw } from '../modules/build/site.ts';
import type { ModuleDefinition } from '../modules/contract/definition.ts';
import type { CallOrder, FromWorker, JoinQuery, Rows, ToWorker } from './protocol.ts';
import { fromWireError, type WireError } from './wire-error.ts';

export type CallMessage = ToWorker & { readonly kind: 'call' };

/** How a call ended. */
export type CallEnd = Pick<FromWorker & { readonly kind: 'ends' }, 'failure' | 'result'>;

/** Chunks that a call may send before the main thread has taken the first of them. */
const CREDIT = 4;

/** A call that has begun in a worker. It reads the pages of a join from the main thread. */
export class OpenCall implements JoinSource {
  readonly id: number;
  readonly slot: number;
  end: CallEnd | undefined;
  hasWaited = false;
  /** Lines that it has logged. */
  lines = 0;
  readonly sinceMs = performance.now();
  breathedMs = this.sinceMs;
  readonly #site: Site;
  readonly #send: (message: FromWorker) => void;
  readonly #abort = new AbortController();
  readonly #reads = new Map<number, PromiseWithResolvers<Rows>>();
  #credit = CREDIT;
  #room: PromiseWithResolvers<void> | undefined;
  #nextRead = 0;

  constructor({ call, slot, order }: CallMessage, module: ModuleDefinition, send: (message: FromWorker) => void) {
    this.id = call;
    this.slot = slot;
    this.#site = siteOf(module, order);
    this.#send = send;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isAbandoned(): boolean {
    return this.#abort.signal.aborted;
  }

  get name(): string {
    return nameOf(this.#site);
  }

  /** Its module and step, for errors. */
  get data(): Record<string, unknown> {
    return dataOf(this.#site);
  }

  /** As the failure of this call: `parse.threw` and the like. */
  describe(thrown: unknown): CatenaError {
    return threw(this.#site, thrown);
  }

  abandon(): void {
    this.#abort.abort(new Error('the result of this call is no longer needed'));
    this.#room?.resolve();
    for (const read of this.#reads.values()) read.reject(this.#abort.signal.reason);
  }

  emit(chunk: Chunk): Promise<void> | undefined {
    this.#send({ kind: 'chunk', call: this.id, chunk });
    this.#credit -= 1;
    if (this.#credit > 0) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** The main thread has taken a chunk. */
  go(): void {
    this.#credit += 1;
    this.#room?.resolve();
    this.#room = undefined;
  }

  items(type: string | undefined, after: number): ReturnType<JoinSource['items']> {
    return this.#read({ what: 'items', type, after }) as ReturnType<JoinSource['items']>;
  }

  failures(after: string): ReturnType<JoinSource['failures']> {
    return this.#read({ what: 'failures', after }) as ReturnType<JoinSource['failures']>;
  }

  partials(after: string): ReturnType<JoinSource['partials']> {
    return this.#read({ what: 'partials', after }) as ReturnType<JoinSource['partials']>;
  }

  answer(read: number, page: Rows | WireError): void {
    const waiting = this.#reads.get(read);
    this.#reads.delete(read);
    if ('rows' in page) waiting?.resolve(page);
    else waiting?.reject(fromWireError(page));
  }

  #read(of: JoinQuery): Promise<Rows> {
    const read = this.#nextRead;
    this.#nextRead += 1;
    const waiting = Promise.withResolvers<Rows>();
    // Nobody awaits it when the author's function has ended first.
    waiting.promise.catch(() => {});
    this.#reads.set(read, waiting);
    this.#send({ kind: 'read', call: this.id, read, of });
    return waiting.promise;
  }
}

function siteOf(module: ModuleDefinition, order: CallOrder): Site {
  const name = (stepIdx: number): string => module.steps[stepIdx]?.name ?? 'start';
  switch (order.fn) {
    case 'start':
    case 'checkInput':
    case 'openRun':
      return { module: module.id, step: 'start', call: 'start' };
    case 'givenUp':
      return { module: module.id, step: name(order.node.stepIdx), call: 'parse' };
    default:
      return { module: module.id, step: name(order.node.stepIdx), call: order.fn };
  }
}
