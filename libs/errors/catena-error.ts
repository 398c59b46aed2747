/**
 * The only error family. An error has a stable code, and a class that tells whether a retry can help. Its message and remedy name
 * what happened, to which thing, and what to do next.
 */

import { describeThrown, isInstance } from './thrown.ts';

/** `retryable`: worth another attempt. `fatal`: another attempt would fail the same way. `skip`: one bad record. */
export type FailureClass = 'retryable' | 'fatal' | 'skip';

/** A page on which a module failed. */
export interface FailurePage {
  /** Of the failure. */
  readonly code: string;
  /** SHA-256 of the body, in base64url; empty if there was no body. */
  readonly digest: string;
  /** On how many pages of the node the module's own code has failed, this one included. */
  readonly failures: number;
}

export interface CatenaErrorOptions {
  readonly class?: FailureClass;
  /** Machine-readable details; must survive `JSON.stringify`. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** What the reader can do, as a sentence. */
  readonly remedy?: string;
  /** The wait that the server asked for, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The page on which it happened, if another download of that page is a question. */
  readonly page?: FailurePage;
}

export class CatenaError extends Error {
  override readonly name = 'CatenaError';
  /** Stable, lower case, dotted: `download.timeout`. */
  readonly code: string;
  readonly class: FailureClass;
  readonly data: Readonly<Record<string, unknown>>;
  readonly remedy: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly page: FailurePage | undefined;

  constructor(code: string, message: string, options: CatenaErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.class = options.class ?? 'fatal';
    this.data = options.data ?? {};
    this.remedy = options.remedy;
    this.retryAfterMs = options.retryAfterMs;
    this.page = options.page;
  }
}

/** Whether a thrown value is a CatenaError; false for a value that cannot be read. */
export function isCatenaError(thrown: unknown): thrown is CatenaError {
  return isInstance(thrown, CatenaError);
}

/** Converts any thrown value to a CatenaError; other errors get `code` and the given class. Never throws. */
export function toCatenaError(thrown: unknown, code: string, failureClass: FailureClass): CatenaError {
  if (isCatenaError(thrown)) return thrown;
  const message = typeof thrown === 'string' ? thrown : describeThrown(thrown);
  return new CatenaError(code, message, { class: failureClass, cause: thrown });
}

/**
 * Whether an error is a violated invariant: the stored state is inconsistent. The caller stops the work on that node only. The
 * code is `<part>.invariant_broken`.
 */
export function isInvariantBroken(thrown: unknown): thrown is CatenaError {
  return isCatenaError(thrown) && thrown.code.endsWith('.invariant_broken');
}
