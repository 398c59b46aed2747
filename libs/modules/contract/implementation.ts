/** The functions that an author writes for a contract, and their arguments. All types are inferred from the contract. */
import type { CheerioAPI } from 'cheerio/slim';
import type {
  ComputeStep,
  ItemDeclarations,
  Schema,
  SchemaInput,
  SchemaOutput,
  StepDeclarations,
  StepSchema,
} from './contract.ts';
import type { AuthorLog, Expectation, GivenUp, JoinedFailure, JoinedPartial, Page, RequestSpec } from './definition.ts';
import type { Reading } from './reading.ts';

declare const yielded: unique symbol;

/** The result of `go`, `put`, `drop`, `retry`, `charge` and `fail`. It takes effect only when it is yielded. */
export interface Yieldable {
  readonly [yielded]: 'yield this';
}

/** What a `start`, `parse` or `run` returns: a generator, an async generator, or any other iterable. */
export type Yields = Iterable<Yieldable> | AsyncIterable<Yieldable>;

/**
 * Options of a hop: `go.detail(state, options)`.
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import { defineModule } from 'catena';
 * import { z } from 'zod';
 *
 * const module = defineModule({
 *   name: 'keyed',
 *   version: '1.0.0',
 *   input: z.object({}),
 *   steps: { detail: z.object({ sku: z.string(), foundOn: z.string() }) },
 * }).implement({
 *   *start({ go }) {
 *     // The lamp is on two lists, so the states differ; with the same key they are one hop of the run.
 *     for (const foundOn of ['new', 'sale']) yield go.detail({ sku: 'lamp', foundOn }, { key: 'lamp' });
 *   },
 *   steps: { detail: { request: ({ state }) => `https://shop.test/p/${state.sku}`, *parse() {} } },
 * });
 *
 * const { hops } = await module.test('start', {});
 * deepEqual(hops.map(({ key }) => key), ['lamp', 'lamp']);
 * ```
 */
export interface HopOptions {
  /** Replaces the state in the hop's identity: hops with equal keys are one hop, with different keys two. */
  readonly key?: string;
}

/** Creates a hop. The state is the input of the step's schema; a step that accepts an empty state needs none. */
export type HopBuilder<State> =
  Record<never, never> extends State
    ? (state?: State, options?: HopOptions) => Yieldable
    : (state: State, options?: HopOptions) => Yieldable;

export type Go<Steps extends StepDeclarations> = {
  readonly [Name in keyof Steps]: HopBuilder<SchemaInput<StepSchema<Steps[Name]>>>;
};

export type Put<Items extends ItemDeclarations> = {
  readonly [Name in keyof Items]: (data: SchemaInput<Items[Name]>) => Yieldable;
};

/** Skips one record. A run counts it; `module.test()` and `catena test` show the reason. */
export type Drop = (reason: string, data?: unknown) => Yieldable;

/** Retries this page: nothing that was yielded is stored, and the page is fetched again, at the earliest after `afterMs`. */
export type Retry = (reason: string, options?: { readonly afterMs?: number }) => Yieldable;

/**
 * Records the actual cost of this page's request, in the currency of its `cost.atMost`; several charges add up. It counts
 * even if the page fails or is retried. For a request without `cost` it has no effect.
 */
export type Charge = (amount: number) => Yieldable;

/**
 * Ends the module as failed, with a reason for people: its run ends as `terminated`. Everything else that the step yields is
 * committed first, items included; its hops and the later phases are not executed.
 */
export type Fail = (reason: string) => Yieldable;

/** The arguments of every function of a module. */
export interface CallContext<Input> {
  readonly input: Input;
  readonly account: string;
  readonly platform: string;
  readonly runId: string;
  /** When the run was accepted, in Unix milliseconds; undefined outside a run. */
  readonly acceptedAtMs: number | undefined;
  /** When the run ends by force, in Unix milliseconds; undefined when it has no deadline. */
  readonly deadlineAtMs: number | undefined;
  /** Aborts when the result is no longer needed. */
  readonly signal: AbortSignal;
  readonly log: AuthorLog;
}

export interface StartContext<Input, Steps extends StepDeclarations> extends CallContext<Input> {
  readonly go: Go<Steps>;
}

export interface RequestContext<Input, State> extends CallContext<Input> {
  readonly state: State;
}

/**
 * The arguments of a `parse`: the page, and builders for what it may yield. A builder alone has no effect: yield its result.
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import { defineModule } from 'catena';
 * import { z } from 'zod';
 *
 * const module = defineModule({
 *   name: 'jobs',
 *   version: '1.0.0',
 *   input: z.object({}),
 *   steps: { list: z.object({ page: z.number() }) },
 *   items: { job: z.object({ title: z.string().min(1) }) },
 * }).implement({
 *   *start({ go }) {
 *     yield go.list({ page: 1 });
 *   },
 *   steps: {
 *     list: {
 *       request: ({ state }) => `https://jobs.test/?page=${state.page}`,
 *       *parse({ $, go, put, drop, retry, state }) {
 *         if ($('.loading').length > 0) yield retry('the list is still loading', { afterMs: 5_000 });
 *         for (const row of $('li').toArray()) {
 *           const title = $(row).text();
 *           if (title === '') yield drop('no title');
 *           else yield put.job({ title });
 *         }
 *         if ($('a[rel=next]').length > 0) yield go.list({ page: state.page + 1 });
 *       },
 *     },
 *   },
 * });
 *
 * const result = await module.test('list', { state: { page: 1 }, body: '<li>Baker</li><li></li><a rel="next">more</a>' });
 * deepEqual(result.items, [{ type: 'job', data: { title: 'Baker' } }]);
 * deepEqual(result.drops, [{ reason: 'no title', data: null }]);
 * deepEqual(result.hops, [{ step: 'list', state: { page: 2 } }]);
 * ```
 */
export interface ParseContext<Input, State, Steps extends StepDeclarations, Items extends ItemDeclarations>
  extends RequestContext<Input, State>,
    Reading {
  readonly go: Go<Steps>;
  readonly put: Put<Items>;
  readonly drop: Drop;
  readonly retry: Retry;
  readonly charge: Charge;
  readonly page: Page;
  /** Where the page came from, after redirects. `$(a).prop('href')` is already resolved: against the `base` element, else against it. */
  readonly url: string;
  readonly status: number;
  /** The page as HTML (or XML, by its content type). Parsed on first use. */
  readonly $: CheerioAPI;
  readonly text: string;
  /** The page as JSON; if it is not JSON, the retryable failure `parse.not_json`. */
  readonly json: unknown;
  readonly bytes: Uint8Array;
}

/**
 * The arguments of `givenUp`, for a request that failed for good: there is no page, and no other attempt.
 *
 * @example
 * ```ts
 * import { defineModule } from 'catena';
 * import { z } from 'zod';
 *
 * export default defineModule({
 *   name: 'mirrors',
 *   version: '1.0.0',
 *   input: z.object({}),
 *   steps: { file: z.object({ mirror: z.number() }) },
 *   items: { file: z.object({ bytes: z.number() }), missing: z.object({ why: z.string() }) },
 * }).implement({
 *   *start({ go }) {
 *     yield go.file({ mirror: 1 });
 *   },
 *   steps: {
 *     file: {
 *       request: ({ state }) => `https://mirror${state.mirror}.test/file`,
 *       *parse({ bytes, put }) {
 *         yield put.file({ bytes: bytes.length });
 *       },
 *       // Try the next mirror, as long as there is one; then store a row with the reason.
 *       *givenUp({ error, go, put, state }) {
 *         if (state.mirror < 3) yield go.file({ mirror: state.mirror + 1 });
 *         else yield put.missing({ why: error.code });
 *       },
 *     },
 *   },
 * });
 * ```
 */
export interface GivenUpContext<Input, State, Steps extends StepDeclarations, Items extends ItemDeclarations>
  extends RequestContext<Input, State> {
  readonly go: Go<Steps>;
  readonly put: Put<Items>;
  readonly drop: Drop;
  readonly charge: Charge;
  readonly error: GivenUp;
}

/** An item with its type, as `items()` of all types returns it. */
export type ItemRow<Items extends ItemDeclarations> = {
  [Name in keyof Items & string]: { readonly type: Name; readonly data: SchemaOutput<Items[Name]> };
}[keyof Items & string];

/** The committed items of earlier phases: the data of one type, or rows of all types. */
export interface ReadItems<Items extends ItemDeclarations> {
  <Name extends keyof Items & string>(type: Name): AsyncIterable<SchemaOutput<Items[Name]>>;
  (): AsyncIterable<ItemRow<Items>>;
}

/** The arguments of a compute step: no page, but the items and failures of earlier phases. */
export interface ComputeContext<Input, State, Steps extends StepDeclarations, Items extends ItemDeclarations>
  extends RequestContext<Input, State> {
  readonly go: Go<Steps>;
  readonly put: Put<Items>;
  readonly drop: Drop;
  readonly retry: Retry;
  readonly fail: Fail;
  readonly items: ReadItems<Items>;
  /**
   * The dead nodes of earlier phases, and why they died. After a deadline the nodes that it cut off may be missing here: compare
   * what was requested with the items to find them.
   */
  readonly failures: () => AsyncIterable<JoinedFailure>;
  /**
   * The number of this opening of the phase: 1, and more each time it opens again. The items carry it; those of a later revision
   * replace those of the same hop.
   */
  readonly revision: number;
  /**
   * Whether an earlier phase is still open, in a module with `early`: what the step yields is preliminary, and it runs again. A `fail`
   * is then only logged.
   */
  readonly isEarly: boolean;
  /**
   * What open requests of earlier phases have received so far, of those with `partial`: at most two seconds old. Empty unless the
   * phase is open early.
   */
  readonly partials: () => AsyncIterable<JoinedPartial>;
}

/** One request: a URL alone, or a {@link RequestSpec}. */
export type RequestLike = string | URL | RequestSpec;
export type Requests = RequestLike | Iterable<RequestLike> | AsyncIterable<RequestLike>;

export interface FetchImplementation<Input, State, Steps extends StepDeclarations, Items extends ItemDeclarations> {
  /** The request or requests of a hop. A generator may yield any number: they are not all kept in memory. */
  request(context: RequestContext<Input, State>): Requests | Promise<Requests>;
  /** Which pages `parse` accepts; default: a status of 200–299. */
  readonly expect?: Expectation;
  /**
   * The most concurrent requests of this step in one run: a whole number of at least 1, the same at every call.
   * Default: any number.
   */
  concurrency?(run: Omit<CallContext<Input>, 'signal' | 'log'>): number;
  /** How `$` parses the page: `fast` (default) is less tolerant than a browser, `spec` builds the same tree as a browser. */
  readonly markup?: 'fast' | 'spec' | 'xml';
  parse(context: ParseContext<Input, State, Steps, Items>): Yields;
  /**
   * Yields something in place of a request that failed for good, after its last attempt or at once if another would fail the
   * same way: the yield is committed and no node is dead. Without this the request becomes a dead letter.
   */
  givenUp?(context: GivenUpContext<Input, State, Steps, Items>): Yields;
}

export interface ComputeImplementation<Input, State, Steps extends StepDeclarations, Items extends ItemDeclarations> {
  run(context: ComputeContext<Input, State, Steps, Items>): Yields;
}

export interface Implementation<I extends Schema, Steps extends StepDeclarations, Items extends ItemDeclarations> {
  /** Yields the first hops of a run. */
  start(context: StartContext<SchemaOutput<I>, Steps>): Yields;
  readonly steps: {
    readonly [Name in keyof Steps]: Steps[Name] extends ComputeStep
      ? ComputeImplementation<SchemaOutput<I>, SchemaOutput<StepSchema<Steps[Name]>>, Steps, Items>
      : FetchImplementation<SchemaOutput<I>, SchemaOutput<StepSchema<Steps[Name]>>, Steps, Items>;
  };
}

/** An implementation of any module, as the engine calls it. */
export type AnyImplementation = {
  start(context: never): unknown;
  readonly steps: Readonly<Record<string, AnyStepImplementation>>;
};

export interface AnyStepImplementation {
  request?(context: never): unknown;
  parse?(context: never): unknown;
  givenUp?(context: never): unknown;
  concurrency?(run: never): unknown;
  run?(context: never): unknown;
  readonly expect?: Expectation;
  readonly markup?: 'fast' | 'spec' | 'xml';
}
