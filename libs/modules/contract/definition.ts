/**
 * A module as the engine sees it: a contract that says what may be scheduled, and functions to call. The authoring API
 * (`defineModule`) builds this; nothing in the engine knows how it was written.
 */
import type { JoinPolicy } from '../../coordination/protocol/runs.ts';
import type { BreakerSpec } from '../../limits/breakers.ts';
import type { KeyLimits } from '../../limits/limiter.ts';

/** How failures of a step are retried; attempts are executions, so 3 means three. */
export interface RetryPolicy {
  readonly attempts: number;
  /** The first wait, in milliseconds; doubled per attempt, with full jitter. */
  readonly baseDelayMs: number;
  /** The longest wait, in milliseconds; Retry-After may exceed it. */
  readonly maxDelayMs: number;
}

/**
 * Which earlier answers (whole, 200–299) may be given to an equal request in the place of sending it: equal in everything
 * that is sent, secrets by name and, where it names one, by account.
 *
 * `run`: those of this run. With `scope: 'run'`, those of this run that are younger than `ttlMs`. With `scope: 'shared'`,
 * those of any run that are younger than `ttlMs`, and, as with `run`, what this run was given before.
 *
 * A repetition of the same request (after a crash, say) is given its own answer. Two equal requests that are under way at the
 * same time are both sent.
 *
 * @example
 * ```ts
 * import { type CachePolicy, fetchStep } from 'catena';
 * import { z } from 'zod';
 *
 * const fiveMinutes: CachePolicy = { scope: 'shared', ttlMs: 300_000 };
 * export const rate = fetchStep(z.object({ currency: z.string() }), { cache: fiveMinutes });
 * ```
 */
export type CachePolicy = 'run' | { readonly scope: 'run' | 'shared'; readonly ttlMs: number };

export interface StepPolicy {
  /** Undefined: the configuration's. */
  readonly retry?: Partial<RetryPolicy>;
  /** A request whole, redirects and body included, in milliseconds. Undefined: the configuration's. */
  readonly timeoutMs?: number;
  /** When generating requests fails: parse the prefix request again to get fresh hops (default), or not. */
  readonly fallback?: boolean;
  /** Requests of this step under way at once, over all runs; `concurrency` beside its `parse` is for each run. Undefined: any number. */
  readonly concurrency?: number;
  /** The circuit breaker of this step's requests; a request may name another. Undefined: none. */
  readonly breaker?: BreakerSpec;
  /** Of this step's requests; a request may say otherwise. An answer from it waits for no limit. Undefined: none. */
  readonly cache?: CachePolicy;
}

/** A step as declared; its position in the module is its `step_idx`. */
export interface StepDefinition {
  readonly name: string;
  readonly kind: 'fetch' | 'compute';
  readonly phase: number;
  /** `lineage`: the same state reached from two requests is two hops. */
  readonly identity: 'state' | 'lineage';
  readonly policy: StepPolicy;
  readonly expect: Expectation | undefined;
  /** Checks a state; answers it as the schema transforms it, or throws a CatenaError that names the fields. */
  checkState(state: unknown): unknown | Promise<unknown>;
}

export interface PhaseDefinition {
  readonly steps: readonly number[];
  readonly join: JoinPolicy;
  /** Its share of the run's deadline, 0–1; phases without one may use what is left. */
  readonly share: number | undefined;
}

/**
 * What a page must be for a step to read it; what it is not is a retryable failure with the reason.
 *
 * @example
 * ```ts
 * import type { Expectation } from 'catena';
 *
 * // A product, or the news that it is gone; a "one moment please" is tried again.
 * export const product: Expectation = {
 *   status: [200, 404],
 *   type: 'html',
 *   check: ({ $, status }) => (status === 404 || $('.price').length > 0 ? undefined : 'it shows no price'),
 * };
 * ```
 */
export interface Expectation {
  /** Statuses that are read; default: 200–299. Other ones fail by their own class (404 is fatal, 503 retryable). */
  readonly status?: readonly number[];
  /** Of the content type: `html` also takes XHTML, `json` also `+json`. */
  readonly type?: 'html' | 'json' | 'text' | 'any';
  /** A CSS selector, or several, that must match. */
  readonly selector?: string | readonly string[];
  /** Text that must stand in the body. */
  readonly text?: string;
  /** Returns a reason when the page is not what the step needs. */
  readonly check?: (page: Page) => string | undefined;
}

/**
 * A request as an author writes it. The value of a secret is put in where the request is sent, in headers alone.
 *
 * @example
 * ```ts
 * import type { RequestSpec } from 'catena';
 *
 * export const login: RequestSpec = {
 *   url: 'https://shop.test/login',
 *   form: { user: 'ann', password: 'sesame' },
 *   session: 'ann',
 * };
 * export const question: RequestSpec = {
 *   url: 'https://api.test/ask',
 *   headers: { authorization: 'Bearer {{secret:API_KEY}}' },
 *   json: { question: 'Which running shoes are good?' },
 *   breaker: { key: 'api.test' },
 *   cost: { atMost: 0.02 },
 * };
 * ```
 */
export interface RequestSpec {
  readonly url: string | URL;
  /** Default GET, or POST with a body. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string or bytes as they are; `json` is encoded with its content type, `form` as a URL-encoded form. */
  readonly body?: string | Uint8Array;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  /** The name of a cookie jar within the run; default: the run's own. */
  readonly session?: string;
  readonly timeoutMs?: number;
  /** What shares a rate limit; default: the host. A redirect to another host is counted by that host. */
  readonly limitKey?: string;
  /** Limits of its own for what shares this request's limit; what is left out is the configuration's. 0 is unlimited. */
  readonly limits?: Partial<KeyLimits>;
  /** What is left alone for a while when it keeps failing; default: the step's. */
  readonly breaker?: BreakerSpec;
  /** Unix milliseconds by which the request is over, however much `timeoutMs` is left. */
  readonly untilMs?: number;
  /** Keeps what has arrived of a body that time or the server cuts off, as a page that is `partial`; else it is a failure. */
  readonly partial?: boolean;
  /**
   * `ignore`: robots.txt is not asked, as for an API whose terms say who may call it; nor that of a host that it is redirected
   * to. Default: the configuration's.
   */
  readonly robots?: 'ignore';
  /**
   * In the place of the step's; `false`: none. Where the step declares no cache, a request waits for its limits before its
   * answer is looked for.
   */
  readonly cache?: CachePolicy | false;
  /** Tells requests apart that are equal and yet to be answered each for itself, such as repeats. */
  readonly cacheKey?: string;
  /**
   * What it costs to send it: at most so much, in the currency in which the modules of a deployment count. It is set aside
   * before the request is sent, and a request that the run's cap has no room for ends as `budget.exhausted`, unsent. What it
   * cost in truth is said with `charge`; without that it counts as `atMost`, unless it surely never arrived.
   */
  readonly cost?: { readonly atMost: number };
}

/** A response as the parser stage holds it. */
export interface PageSource {
  readonly url: string;
  readonly status: number;
  /** Lower-case names; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Whether the body was cut off; default false. */
  readonly partial?: boolean;
  /** How long the download took, in milliseconds; default 0. */
  readonly elapsedMs?: number;
  /** Whether it was given to another request before; default false. */
  readonly fromCache?: boolean;
}

/** A page as an author reads it; each view is made when first asked for. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** Whether the body was cut off; only requests that say `partial` get such pages. */
  readonly partial: boolean;
  /** How long the download took, in milliseconds. */
  readonly elapsedMs: number;
  /** Whether nothing was sent for it: it is the answer that another, equal request was given before. */
  readonly fromCache: boolean;
  /** Decoded by the charset of the content type, of the page's own declaration, else UTF-8. */
  readonly text: string;
  /** Parsed; throws `parse.not_json`. */
  readonly json: unknown;
  readonly $: import('cheerio/slim').CheerioAPI;
}

/** What a step may yield. */
export type Emission =
  | { readonly kind: 'hop'; readonly step: number; readonly state: unknown; readonly key: string | undefined }
  | { readonly kind: 'item'; readonly type: string; readonly data: unknown }
  | { readonly kind: 'drop'; readonly reason: string; readonly data: unknown }
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs: number | undefined }
  /** Of a compute step alone. */
  | { readonly kind: 'fail'; readonly reason: string }
  /** Of a parse or a `givenUp` alone. */
  | { readonly kind: 'charge'; readonly amount: number };

export type Emissions = Iterable<Emission | Promise<Emission>> | AsyncIterable<Emission>;

/** What every call of a module's function gets. */
export interface StepCall {
  /** What `checkInput` answered; what is stored is what was given, so that no transformation is applied twice. */
  readonly input: unknown;
  /** What the step's `checkState` answered; likewise. */
  readonly state: unknown;
  readonly account: string;
  readonly platform: string;
  readonly runId: string;
  /** When the run was accepted, in Unix milliseconds; undefined outside a run. */
  readonly acceptedAtMs?: number | undefined;
  /** When the run ends by force, in Unix milliseconds; undefined when it has no deadline. */
  readonly deadlineAtMs?: number | undefined;
  readonly signal: AbortSignal;
}

export interface ParseCall extends StepCall {
  readonly page: PageSource;
}

/** Why a request was given up. */
export interface GivenUp {
  readonly code: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** What the request counts as in the cost of the run, in the currency, unless a charge says otherwise. */
  readonly cost: number;
}

export interface GivenUpCall extends StepCall {
  readonly error: GivenUp;
}

/** What of a run is known before anything of it is executed. */
export interface RunFacts {
  readonly input: unknown;
  readonly account: string;
  readonly platform: string;
  readonly runId: string;
  readonly acceptedAtMs: number | undefined;
  readonly deadlineAtMs: number | undefined;
}

/** A committed item, as a join reads it. */
export interface JoinedItem {
  readonly type: string;
  readonly data: unknown;
}

/** A node of an earlier phase that died, as a join sees it. */
export interface JoinedFailure {
  readonly step: string;
  readonly reason: string;
  readonly code: string;
  readonly message: string;
  /** The state of its hop, as it was given. */
  readonly state?: unknown;
}

export interface ComputeCall extends StepCall {
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
  checkInput(input: unknown): unknown | Promise<unknown>;
  start(call: StepCall): Emissions;
  /** Of a fetch step. */
  request(step: number, call: StepCall): Iterable<RequestSpec> | AsyncIterable<RequestSpec>;
  parse(step: number, call: ParseCall): Emissions;
  /** How many requests of a fetch step may be under way at once in one run; undefined: the step does not say. */
  readonly runConcurrency?: (step: number, run: RunFacts) => number | undefined;
  /** What a fetch step yields for a request that is given up; undefined when it says nothing: then the node is dead. */
  readonly givenUp?: (step: number, call: GivenUpCall) => Emissions | undefined;
  /** Of a compute step. */
  compute(step: number, call: ComputeCall): Emissions;
}

/** `step_idx` of the hop that runs a module's `start`. */
export const START_STEP = -1;

/** `step_idx` of the hop that ends a module as failed: what a `fail` becomes. */
export const FAIL_STEP = -2;
