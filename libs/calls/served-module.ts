/**
 * A module as the engine serves it: the facts that it schedules by, and the author's functions behind asynchronous calls.
 *
 *     stage ─→ ServedModule.call ─→ the author's function, in a worker or inline
 *       ▲            │
 *       └── chunks ──┘   seeds of nodes, rows of items: in the form in which they are stored
 *
 * A stage never sees an author's values: what a call returns is text that nobody parses again.
 */

import type { ChainNode, NodeSeed } from '../coordination/protocol/node.ts';
import type { KeyLimits } from '../limits/limiter.ts';
import type { UnknownField } from '../modules/check/unknown-fields.ts';
import type { EarlyOpening, GivenUp, PageSource, PhaseDefinition, StepPolicy } from '../modules/contract/definition.ts';
import type { NewItem } from '../store/port.ts';

/** What the engine must know of a step. Its position in the module is its `step_idx`. */
export interface StepFacts {
  readonly name: string;
  readonly kind: 'fetch' | 'compute';
  readonly phase: number;
  /** `lineage`: equal states that come from two requests are two hops. */
  readonly identity: 'state' | 'lineage';
  readonly policy: StepPolicy;
  /** Whether it yields something for a request that failed for good. */
  readonly givesUp: boolean;
}

/** What the engine must know of a module; plain data. */
export interface ModuleFacts {
  /** `name@version`. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly steps: readonly StepFacts[];
  readonly phases: readonly PhaseDefinition[];
  readonly itemTypes: readonly string[];
  /** When its later phases open early; undefined: they do not. */
  readonly early: EarlyOpening | undefined;
  /** The JSON Schema of its input, as text; empty when its schema library has none. */
  readonly inputJsonSchema: string;
  /** The contract as canonical JSON; empty when it is not known. */
  readonly contract: string;
  /** A digest of its source files; empty when it was not loaded from files. */
  readonly code: string;
}

export interface ServedModule extends ModuleFacts {
  /** Checks an input; resolves with the fields that its schema does not know. Rejects with `module.wrong_input`, which names each field. */
  checkInput(input: unknown): Promise<readonly UnknownField[]>;
  /** Checks the input of a run, and returns what its steps say of it. Rejects with the module's errors. */
  openRun(run: RunContext): Promise<OpenedRun>;
  /**
   * Calls a function of the author. Resolves when it has ended and the sink has taken all that it emitted. Rejects with the
   * function's failure, with `execution.…` when a budget was passed, and with the reason of the call's signal.
   */
  call(call: AuthorCall, sink: CallSink): Promise<void>;
}

/** A run as calls need it. Its identity is that of the object: pass the same one for every call of the run. */
export interface RunContext {
  readonly runId: string;
  readonly account: string;
  readonly platform: string;
  /** When the run was accepted, in Unix milliseconds; undefined outside a run. */
  readonly acceptedAtMs: number | undefined;
  /** The run's deadline, in Unix milliseconds; undefined if it has none. */
  readonly deadlineAtMs: number | undefined;
  /** The cap on depth; undefined without one. Then bodies say no depth. */
  readonly maxDepth?: number;
  /** As submitted: each call gets it as the module's schema transforms it. */
  readonly input: unknown;
}

export interface OpenedRun {
  /** The most concurrent requests of a step in this run, by `step_idx`; a step that is not here sets no limit. */
  readonly concurrency: ReadonlyMap<number, number>;
}

/** The node that a call executes. */
export type CalledNode = Pick<
  ChainNode,
  'id' | 'kind' | 'phase' | 'stepIdx' | 'prefixRequest' | 'epoch' | 'body' | 'revision' | 'isEarly'
>;

interface NodeCall {
  readonly run: RunContext;
  readonly node: CalledNode;
  /** Ends the call when its result is no longer needed. */
  readonly signal: AbortSignal;
}

/** A call of one function of a module for one node. */
export type AuthorCall =
  | (NodeCall & { readonly fn: 'start' })
  | (NodeCall & { readonly fn: 'request' })
  /** `preview`: the node does not exist; hops come as they are, not as seeds. */
  | (NodeCall & { readonly fn: 'parse'; readonly page: PageSource; readonly preview?: boolean })
  | (NodeCall & { readonly fn: 'givenUp'; readonly error: GivenUp })
  | (NodeCall & { readonly fn: 'compute'; readonly join: JoinSource });

/** The items and failures of earlier phases, page by page; a call asks for the next page when it has read the last. */
export interface JoinSource {
  /** Items after a position, of one type or of all. */
  items(type: string | undefined, after: number): Promise<JoinPage<NewItem, number>>;
  /** Nodes of earlier phases that died. */
  failures(after: string): Promise<JoinPage<DeadNode, string>>;
  /** What open requests of earlier phases have received so far. */
  partials(after: string): Promise<JoinPage<OpenRequest, string>>;
}

export interface JoinPage<Row, Position> {
  readonly rows: readonly Row[];
  /** Where the next page begins; undefined after the last one. */
  readonly next: Position | undefined;
}

/** A request that is open, in its stored form. */
export interface OpenRequest {
  readonly step: string;
  /** The body of the node. */
  readonly body: string;
  readonly text: string;
  readonly receivedAtMs: number;
}

/** A dead node, in its stored form. */
export interface DeadNode {
  readonly step: string;
  readonly reason: string;
  /** Its failure as JSON; empty if it has none. */
  readonly error: string;
  /** The body of the node. */
  readonly body: string;
}

/** Something that a call emitted, in the form in which it is stored. */
export interface Chunk {
  readonly seeds: readonly NodeSeed[];
  /** Instead of seeds, for a call that executes no node. */
  readonly hops: readonly PreviewedHop[];
  readonly items: readonly NewItem[];
  readonly drops: readonly Drop[];
  /** Hops that were left out, because they are deeper than the run may go. */
  readonly tooDeep: number;
  /** The sum of the charges in it, in the currency; undefined without one. */
  readonly charged: number | undefined;
  /** Limits that must be known before the requests in it are sent, by limit key. */
  readonly limits: readonly (readonly [limitKey: string, limits: Partial<KeyLimits>])[];
}

/** A hop as a parse without a node yields it. */
export interface PreviewedHop {
  readonly step: string;
  /** JSON text. */
  readonly state: string;
  /** Empty without one. */
  readonly key: string;
}

export interface Drop {
  readonly reason: string;
  /** JSON text. */
  readonly data: string;
}

/** Takes what a call emits. */
export interface CallSink {
  /** Returns a promise when the call must wait before it may emit more. */
  take(chunk: Chunk): Promise<void> | undefined;
  /**
   * The call is made again from its start, because another call ended its worker. All that was taken is void. Throws when
   * something of it has taken effect already.
   */
  restart(): void;
}
