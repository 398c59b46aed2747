/**
 * The messages between the main thread and a worker. Each is posted in a list, because a post costs more than a message.
 *
 *     main                                   worker
 *       ── run, forget ───────────────────→    what a run is, once per worker
 *       ── call ──────────────────────────→    queued, then begun
 *       ←───────────────────── chunk, read     emitted; a page of a join is wanted
 *       ── go, rows ──────────────────────→    the chunk was taken; the page
 *       ←──────────────────────────── ends     with a result or a failure
 *       ── abandon ───────────────────────→    nobody waits for the call any more
 */

import type {
  CalledNode,
  Chunk,
  DeadNode,
  JoinPage,
  ModuleFacts,
  OpenRequest,
  RunContext,
} from '../calls/served-module.ts';
import type { YieldLimits } from '../calls/yield-budget.ts';
import type { GivenUp, PageSource } from '../modules/contract/definition.ts';
import type { ModuleSettings } from '../modules/load/module-settings.ts';
import type { NewItem } from '../store/port.ts';
import type { WireError } from './wire-error.ts';

/** What a worker is started with. */
export interface WorkerSetup {
  readonly modules: readonly ModuleSource[];
  readonly limits: YieldLimits;
  /** The memory of its {@link Board}. */
  readonly board: SharedArrayBuffer;
}

/** A module's file, with the settings of its extension. */
export interface ModuleSource {
  readonly file: string;
  readonly settings: ModuleSettings | undefined;
}

/** A call without what belongs to its place in a worker. */
export type CallOrder =
  | { readonly fn: 'checkInput'; readonly input: unknown }
  | { readonly fn: 'openRun'; readonly run: number }
  | (OrderOfNode & { readonly fn: 'start' | 'request' | 'compute' })
  | (OrderOfNode & { readonly fn: 'parse'; readonly page: GivenPage; readonly preview: boolean })
  | (OrderOfNode & { readonly fn: 'givenUp'; readonly error: GivenUp });

/** A page whose body is the worker's alone: it is transferred, and detached here. */
export interface GivenPage extends PageSource {
  readonly body: Uint8Array<ArrayBuffer>;
}

interface OrderOfNode {
  readonly run: number;
  readonly node: CalledNode;
}

export type ToWorker =
  | { readonly kind: 'run'; readonly run: number; readonly context: RunContext }
  | { readonly kind: 'forget'; readonly run: number }
  | {
      readonly kind: 'call';
      readonly call: number;
      readonly slot: number;
      /** `name@version`. */
      readonly module: string;
      readonly order: CallOrder;
    }
  | { readonly kind: 'go'; readonly call: number }
  | { readonly kind: 'abandon'; readonly call: number }
  | { readonly kind: 'rows'; readonly call: number; readonly read: number; readonly page: Rows | WireError };

/** A page of items, of dead nodes or of open requests. */
export type Rows = JoinPage<NewItem, number> | JoinPage<DeadNode, string> | JoinPage<OpenRequest, string>;

export type FromWorker =
  | { readonly kind: 'loaded'; readonly modules: readonly ModuleFacts[] }
  | { readonly kind: 'refused'; readonly failure: WireError }
  | { readonly kind: 'chunk'; readonly call: number; readonly chunk: Chunk }
  /** The call has begun and waits for something: the worker can begin others. */
  | { readonly kind: 'waits'; readonly call: number }
  | { readonly kind: 'read'; readonly call: number; readonly read: number; readonly of: JoinQuery }
  /** A call was taken back before it began; its slot is free. */
  | { readonly kind: 'recalled'; readonly slot: number }
  | {
      readonly kind: 'ends';
      readonly call: number;
      readonly failure?: WireError;
      readonly result?: unknown;
      /** How long it took in the worker, in milliseconds. */
      readonly ms: number;
    }
  /** A line that author code logged or printed; `call` is undefined outside of calls. */
  | { readonly kind: 'log'; readonly call: number | undefined; readonly line: LogLine }
  /** An error of author code that belongs to no call. */
  | { readonly kind: 'stray'; readonly failure: WireError };

export type JoinQuery =
  | { readonly what: 'items'; readonly type: string | undefined; readonly after: number }
  | { readonly what: 'failures' | 'partials'; readonly after: string };

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}
