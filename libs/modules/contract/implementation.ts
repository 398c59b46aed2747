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

/** Leaves one record out, with a reason that is kept and counted. */
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

/** For a request that was given up: there is no page, and no other attempt. */
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

export interface ComputeContext<Input, State, Steps extends StepDeclarations, Items extends ItemDeclarations>
  extends RequestContext<Input, State> {
  readonly go: Go<Steps>;
  readonly put: Put<Items>;
  readonly drop: Drop;
  readonly retry: Retry;
  readonly fail: Fail;
  readonly items: ReadItems<Items>;
  /** The nodes of earlier phases that died, and why. */
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
