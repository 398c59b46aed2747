/** A request as an author writes it, and which earlier responses may answer it. */
import type { BreakerSpec } from '../../limits/breakers.ts';
import type { KeyLimits } from '../../limits/limiter.ts';

/**
 * Which earlier responses (complete, status 200–299) may be reused for an equal request instead of sending it. Requests are equal
 * if everything that is sent is equal; secrets are compared by name and by account.
 *
 * `run`: those of this run. With `scope: 'run'`, those of this run that are younger than `ttlMs`. With `scope: 'shared'`,
 * those of any run that are younger than `ttlMs`, and, as with `run`, all responses that this run received.
 *
 * A repetition of the same request (after a crash, for example) gets its own response again. Two equal requests at the same time
 * are both sent.
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

/**
 * A request as an author writes it. Secrets may be named in headers only; their values are inserted when the request is sent.
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
  /** Default: GET, or POST with a body. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string or bytes, sent unchanged; `json` is encoded with its content type, `form` as a URL-encoded form. */
  readonly body?: string | Uint8Array;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  /** The name of a cookie jar within the run; default: the run's common jar. */
  readonly session?: string;
  readonly timeoutMs?: number;
  /** Requests with the same key share a rate limit; default: the host. A redirect to another host counts for that host. */
  readonly limitKey?: string;
  /** The limits for all requests with the same `limitKey`; omitted ones are the configured limits. 0 is unlimited. */
  readonly limits?: Partial<KeyLimits>;
  /** The circuit breaker of the request: after failures in a row, requests with its key wait; default: the step's breaker. */
  readonly breaker?: BreakerSpec;
  /** The Unix time in milliseconds at which the request ends, however much of `timeoutMs` is left. */
  readonly untilMs?: number;
  /**
   * The Unix time in milliseconds before which the request is not sent: for another attempt after a pause, for example. If its
   * step declares a cache, it takes no room among the requests of its run and host while it waits.
   */
  readonly notBeforeMs?: number;
  /**
   * Keeps the received part of a body that a timeout or the server cuts off, as a page with `partial`; without this it is a failure.
   * In a module with `early`, what has arrived so far is stored every two seconds, for `partials()`.
   */
  readonly partial?: boolean;
  /**
   * Sends the body again to another origin when a redirect asks for it (307 and 308). Without it such a request fails as
   * `download.body_not_resent`: a body was written for one origin. Headers that may be keys never go to another origin.
   */
  readonly resendBody?: boolean;
  /**
   * The URL comes from content: from a page, an answer of a model, or an input of somebody else. Such a request reaches public addresses on
   * ports 80 and 443 only, in every mode, whatever its name resolves to, and so does each redirect of it. Set it whenever
   * somebody else chose the host.
   */
  readonly untrusted?: boolean;
  /**
   * `ignore`: robots.txt is not read, neither of this host nor of a host that it redirects to; for an API whose terms say who may
   * call it. Default: the configured policy.
   */
  readonly robots?: 'ignore';
  /**
   * Replaces the step's policy; `false`: none. If the step declares no cache, a request waits for its limits before the
   * cache is read.
   */
  readonly cache?: CachePolicy | false;
  /** Distinguishes equal requests that each need their own response, such as repeats. */
  readonly cacheKey?: string;
  /**
   * The maximum cost of the request, in the common currency of a deployment's modules. It is reserved before the request is
   * sent, and a request for which the run's cap has no room ends as `budget.exhausted`, unsent. `charge` records the actual cost;
   * without it the cost is `atMost`, unless the request certainly never arrived.
   */
  readonly cost?: { readonly atMost: number };
}
