/** What an author writes for a contract, and what each function is given. Everything here is inferred from the contract. */
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
import type { Expectation, GivenUp, JoinedFailure, Page, RequestSpec } from './definition.ts';

declare const yielded: unique symbol;

/** What `go`, `put`, `drop`, `retry`, `charge` and `fail` make. It takes effect only when it is yielded. */
export interface Yieldable {
  readonly [yielded]: 'yield this';
}

/** What a `start`, `parse` or `run` returns: a generator, an async generator, or anything else that iterates. */
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
 *     // Found on two lists, so the states differ; by their key they are one hop of the run.
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
  /** Takes the place of the state in the hop's identity: two hops with different keys are two, with equal keys one. */
  readonly key?: string;
}

/** Makes a hop. The state is what the step's schema takes; a step whose state may be empty needs none. */
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

/** Leaves one record out. A run counts it; `module.test()` and `catena test` show the reason. */
export type Drop = (reason: string, data?: unknown) => Yieldable;

/** Gives this page back: nothing that was yielded counts, and it is fetched again, at the earliest after `afterMs`. */
export type Retry = (reason: string, options?: { readonly afterMs?: number }) => Yieldable;

/**
 * Says what the request of this page cost in truth, in the currency of its `cost.atMost`; several charges add up. It counts
 * whatever becomes of the page, also when it is given back; of a request that names no `cost` nothing counts.
 */
export type Charge = (amount: number) => Yieldable;

/**
 * Ends the module as failed, with a reason for people: its run ends as `terminated`. What the step yields besides is committed
 * first, items included; of its hops, and of the later phases, nothing is executed.
 */
export type Fail = (reason: string) => Yieldable;

/** What every function of a module is given. */
export interface CallContext<Input> {
  readonly input: Input;
  readonly account: string;
  readonly platform: string;
  readonly runId: string;
  /** When the run was accepted, in Unix milliseconds; undefined outside a run. */
  readonly acceptedAtMs: number | undefined;
  /** When the run ends by force, in Unix milliseconds; undefined when it has no deadline. */
  readonly deadlineAtMs: number | undefined;
  /** Aborts when the result is no longer wanted. */
  readonly signal: AbortSignal;
}

export interface StartContext<Input, Steps extends StepDeclarations> extends CallContext<Input> {
  readonly go: Go<Steps>;
}

export interface RequestContext<Input, State> extends CallContext<Input> {
  readonly state: State;
}

/**
 * What a `parse` is given: the page, and what makes what it may yield. A builder alone does nothing: yield what it makes.
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
 *         if ($('.loading').length > 0) yield retry('the list is being made', { afterMs: 5_000 });
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
  extends RequestContext<Input, State> {
  readonly go: Go<Steps>;
  readonly put: Put<Items>;
  readonly drop: Drop;
  readonly retry: Retry;
  readonly charge: Charge;
  readonly page: Page;
  /** Where the page came from, after redirects. `$(a).prop('href')` is already resolved against it. */
  readonly url: string;
  readonly status: number;
  /** The page as HTML (or XML, if its content type says so). Parsed when first asked for. */
  readonly $: CheerioAPI;
  readonly text: string;
  /** The page as JSON; anything else is the retryable failure `parse.not_json`. */
  readonly json: unknown;
  readonly bytes: Uint8Array;
}

/**
 * For a request that was given up: there is no page, and no other attempt.
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
 *       // Another way, as long as there is one; then a row that says why.
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

/** An item with its type, as a join reads it when it asks for all. */
export type ItemRow<Items extends ItemDeclarations> = {
  [Name in keyof Items & string]: { readonly type: Name; readonly data: SchemaOutput<Items[Name]> };
}[keyof Items & string];

/** The committed items of earlier phases: the data of one type, or rows of all types. */
export interface ReadItems<Items extends ItemDeclarations> {
  <Name extends keyof Items & string>(type: Name): AsyncIterable<SchemaOutput<Items[Name]>>;
  (): AsyncIterable<ItemRow<Items>>;
}

/** What a compute step is given: no page, but what earlier phases left. */
export interface ComputeContext<Input, State, Steps extends StepDeclarations, Items extends ItemDeclarations>
  extends RequestContext<Input, State> {
  readonly go: Go<Steps>;
  readonly put: Put<Items>;
  readonly drop: Drop;
  readonly retry: Retry;
  readonly fail: Fail;
  readonly items: ReadItems<Items>;
  /**
   * The nodes of earlier phases that died, and why. After a deadline, those that it cut off may come too late for this: what
   * was asked and has no item is what is missing.
   */
  readonly failures: () => AsyncIterable<JoinedFailure>;
}

/** One request: a URL alone, or with all that a {@link RequestSpec} may say. */
export type RequestLike = string | URL | RequestSpec;
export type Requests = RequestLike | Iterable<RequestLike> | AsyncIterable<RequestLike>;

export interface FetchImplementation<Input, State, Steps extends StepDeclarations, Items extends ItemDeclarations> {
  /** The request or requests of a hop. A generator may yield any number: they are not held in memory. */
  request(context: RequestContext<Input, State>): Requests | Promise<Requests>;
  /** What the page must be; default: a status of 200–299. */
  readonly expect?: Expectation;
  /**
   * How many requests of this step may be under way at once in one run: a whole number from 1 on, the same whenever it is
   * asked. Default: any number.
   */
  concurrency?(run: Omit<CallContext<Input>, 'signal'>): number;
  /** How `$` reads the page: `fast` (default) forgives less than a browser, `spec` builds the tree that a browser would. */
  readonly markup?: 'fast' | 'spec' | 'xml';
  parse(context: ParseContext<Input, State, Steps, Items>): Yields;
  /**
   * What stands in the place of a request that is given up, after its attempts or at once when another would fail the same
   * way: its yield is committed and nothing is dead. Without this the request is a dead letter.
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

/** An implementation of any module: what the engine's side of the library calls. */
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
