/**
 * The engine's view of a module: a contract to schedule by, and functions to call. The authoring API (`defineModule`) builds
 * it; the engine does not depend on that API.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { CheerioAPI } from 'cheerio/slim';
import type { JoinPolicy } from '../../coordination/protocol/runs.ts';
import type { BreakerSpec } from '../../limits/breakers.ts';
import type { ContractDescription } from './description.ts';
import type { FieldFill, Reading } from './reading.ts';
import type { CachePolicy, RequestSpec } from './request.ts';

export type { CachePolicy, RequestSpec } from './request.ts';

/** How failures of a step are retried. `attempts` counts executions: 3 means the first one and two retries. */
export interface RetryPolicy {
  readonly attempts: number;
  /** The first wait, in milliseconds; doubled per attempt, with full jitter. */
  readonly baseDelayMs: number;
  /** The longest wait, in milliseconds; Retry-After may exceed it. */
  readonly maxDelayMs: number;
}

/** How long one call of a step's functions may take. */
export interface ExecutionTimes {
  /** From its begin to its last emission, in milliseconds, without the time in which it waits for others. */
  readonly timeoutMs?: number;
  /** One stretch without a turn of the event loop, in milliseconds. */
  readonly blockTimeoutMs?: number;
}

export interface StepPolicy {
  /** Undefined: the configured times. */
  readonly execution?: ExecutionTimes;
  /** Undefined: the configured policy. */
  readonly retry?: Partial<RetryPolicy>;
  /** The timeout of a whole request, redirects and body included, in milliseconds. Undefined: the configured timeout. */
  readonly timeoutMs?: number;
  /** Whether the prefix request is parsed again for fresh hops when generating requests fails (default: yes). */
  readonly fallback?: boolean;
  /** Concurrent requests of this step over all runs; `concurrency` beside its `parse` is for each run. Undefined: any number. */
  readonly concurrency?: number;
  /** The circuit breaker of this step's requests; a request may name another. Undefined: none. */
  readonly breaker?: BreakerSpec;
  /** The cache policy of this step's requests; a request may override it. A cached response waits for no limit. Undefined: none. */
  readonly cache?: CachePolicy;
}

/** A declared step; its position in the module is its `step_idx`. */
export interface StepDefinition {
  readonly name: string;
  readonly kind: 'fetch' | 'compute';
  readonly phase: number;
  /** `lineage`: equal states that come from two requests are two hops. */
  readonly identity: 'state' | 'lineage';
  readonly policy: StepPolicy;
  /** Whether it yields something for a request that failed for good. */
  readonly givesUp: boolean;
  /** Checks a state; returns it as the schema transforms it, or throws a CatenaError that names the fields. */
  checkState(state: unknown): unknown | Promise<unknown>;
}

export interface PhaseDefinition {
  readonly steps: readonly number[];
  readonly join: JoinPolicy;
  /** Its share of the run's deadline, 0–1; a phase without one may use the rest. */
  readonly share: number | undefined;
}

/** When the later phases of a module open early. */
export interface EarlyOpening {
  /** Milliseconds from the acceptance of the run. */
  readonly atMs: number;
}

/**
 * Which pages a step accepts; any other page is a retryable failure with the reason.
 *
 * @example
 * ```ts
 * import type { Expectation } from 'catena';
 *
 * // Accepts a product, or a 404; a "one moment please" page is retried.
 * export const product: Expectation = {
 *   status: [200, 404],
 *   type: 'html',
 *   check: ({ $, status }) => (status === 404 || $('.price').length > 0 ? undefined : 'it shows no price'),
 * };
 * ```
 */
export interface Expectation {
  /** Accepted statuses; default: 200–299. Other statuses fail by their own class (404 is fatal, 503 retryable). */
  readonly status?: readonly number[];
  /** The accepted content type: `html` includes XHTML, `json` includes `+json`. */
  readonly type?: 'html' | 'json' | 'text' | 'any';
  /** A CSS selector, or several, that must match. */
  readonly selector?: string | readonly string[];
  /** Text that the body must contain. */
  readonly text?: string;
  /** Returns a reason if the step cannot use the page, else undefined. */
  readonly check?: (page: Page) => string | undefined;
}

/** A response in the parser stage. */
export interface PageSource {
  readonly url: string;
  readonly status: number;
  /** Lower-case names; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Whether the body was cut off; default false. */
  readonly partial?: boolean;
  /** Why the body is still in its content coding; absent for one that was decoded. */
  readonly undecoded?: string;
  /** How long the download took, in milliseconds; default 0. */
  readonly elapsedMs?: number;
  /** Whether it was received by an earlier, equal request; default false. */
  readonly fromCache?: boolean;
}

/** A page for an author's functions; each view is created on first use. */
export interface Page extends Reading {
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** Whether the body was cut off; only requests with `partial` get such pages. */
  readonly partial: boolean;
  /** How long the download took, in milliseconds. */
  readonly elapsedMs: number;
  /** Whether the request was not sent: the page is the cached response of an earlier, equal request. */
  readonly fromCache: boolean;
  /** Decoded by the charset of the content type, else of the page's own declaration, else as UTF-8. */
  readonly text: string;
  /**
   * Parsed as JSON; throws `parse.not_json`. An integer that a number cannot hold exactly, such as an id of nineteen digits, is a string.
   */
  readonly json: unknown;
  readonly $: CheerioAPI;
  /** How often each field of `extract` was looked for on this page, and found. */
  readonly fills: readonly FieldFill[];
  /**
   * How many nodes are nested deeper than 512 elements: they are siblings of the deepest, as in browsers. 0 as long as the page was not read as
   * markup.
   */
  readonly flattenedNodes: number;
}

/** The values that a step may yield. */
export type Emission =
  | { readonly kind: 'hop'; readonly step: number; readonly state: unknown; readonly key: string | undefined }
  | { readonly kind: 'item'; readonly type: string; readonly data: unknown }
  | { readonly kind: 'drop'; readonly reason: string; readonly data: unknown }
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs: number | undefined }
  /** Of a compute step only. */
  | { readonly kind: 'fail'; readonly reason: string }
  /** Of a parse or a `givenUp` only. */
  | { readonly kind: 'charge'; readonly amount: number };

export type Emissions = Iterable<Emission | Promise<Emission>> | AsyncIterable<Emission>;

/**
 * The log of a run. A line carries its run, module, step and URL. A field must be JSON; `console` writes to the same log.
 *
 * @example
 * ```ts
 * import type { AuthorLog } from 'catena';
 *
 * export function readPrice(text: string, log: AuthorLog): number | undefined {
 *   const price = Number(text);
 *   if (Number.isFinite(price)) return price;
 *   log.warn('a price is no number', { text });
 *   return undefined;
 * }
 * ```
 */
export interface AuthorLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** The arguments of every call of a module's function. */
export interface StepCall {
  /** The result of `checkInput`; the store has the submitted value, so that no transformation is applied twice. */
  readonly input: unknown;
  /** The result of the step's `checkState`; likewise. */
  readonly state: unknown;
  readonly account: string;
  readonly platform: string;
  readonly runId: string;
  /** When the run was accepted, in Unix milliseconds; undefined outside a run. */
  readonly acceptedAtMs?: number | undefined;
  /** The run's deadline, in Unix milliseconds; undefined if it has none. */
  readonly deadlineAtMs?: number | undefined;
  readonly signal: AbortSignal;
  readonly log: AuthorLog;
}

export interface ParseCall extends StepCall {
  readonly page: PageSource;
  /** Receives the page as the author's function is given it. */
  readonly onPage?: (page: Page) => void;
}

/** Why a request failed for good. */
export interface GivenUp {
  readonly code: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The request's cost for the run, in the currency, unless a charge replaces it. */
  readonly cost: number;
}

export interface GivenUpCall extends StepCall {
  readonly error: GivenUp;
}

/** The facts about a run that are known before any node is executed. */
export interface RunFacts {
  readonly input: unknown;
  readonly account: string;
  readonly platform: string;
  readonly runId: string;
  readonly acceptedAtMs: number | undefined;
  readonly deadlineAtMs: number | undefined;
}

/** A committed item, as a compute step reads it. */
export interface JoinedItem {
  readonly type: string;
  readonly data: unknown;
}

/** A dead node of an earlier phase, as a compute step reads it. */
export interface JoinedFailure {
  readonly step: string;
  readonly reason: string;
  readonly code: string;
  readonly message: string;
  /** The state of its hop, as it was yielded. */
  readonly state?: unknown;
}

/** What an open request of an earlier phase has received so far, as a compute step reads it. */
export interface JoinedPartial {
  readonly step: string;
  /** The state of its hop, as it was yielded. */
  readonly state?: unknown;
  /** The beginning of its body, as UTF-8 without a character that is cut off. */
  readonly text: string;
  /** When the end of this text had arrived, in Unix milliseconds. */
  readonly receivedAtMs: number;
}

export interface ComputeCall extends StepCall {
  /** The number of this opening of the phase: 1, and more each time it opens again. */
  readonly revision: number;
  /** Whether an earlier phase is still open: what is yielded is preliminary, and the step is executed again. */
  readonly isEarly: boolean;
  /** What open requests of earlier phases have received so far. */
  readonly partials: () => AsyncIterable<JoinedPartial>;
  /** The items of earlier phases, of one type or of all. */
  readonly items: (type?: string) => AsyncIterable<JoinedItem>;
  /** The nodes of earlier phases that died. */
  readonly failures: () => AsyncIterable<JoinedFailure>;
}

export interface ModuleDefinition {
  /** `name@version`. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly steps: readonly StepDefinition[];
  readonly phases: readonly PhaseDefinition[];
  readonly itemTypes: readonly string[];
  readonly inputSchema?: StandardSchemaV1;
  /** Undefined: its later phases open when the earlier ones have ended, and not before. */
  readonly early?: EarlyOpening | undefined;
  /** The contract as data; undefined for a definition that was not made by `defineModule`. */
  readonly contract?: ContractDescription;
  /** A digest of the source files that it was loaded from; undefined for one that was not loaded from a file. */
  readonly code?: string;
  checkInput(input: unknown): unknown | Promise<unknown>;
  start(call: StepCall): Emissions;
  /** Of a fetch step. */
  request(step: number, call: StepCall): Iterable<RequestSpec> | AsyncIterable<RequestSpec>;
  parse(step: number, call: ParseCall): Emissions;
  /** Concurrent requests of a fetch step in one run; undefined: the step sets no limit. */
  readonly runConcurrency?: (step: number, run: RunFacts) => number | undefined;
  /** What a fetch step yields for a request that failed for good; undefined if it has no `givenUp`: then the node is dead. */
  readonly givenUp?: (step: number, call: GivenUpCall) => Emissions | undefined;
  /** Of a compute step. */
  compute(step: number, call: ComputeCall): Emissions;
}

/** `step_idx` of the hop that runs a module's `start`. */
export const START_STEP = -1;

/** `step_idx` of the hop that a `fail` creates, which ends the module as failed. */
export const FAIL_STEP = -2;
