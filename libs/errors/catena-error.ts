/**
 * The one family of errors. A failure is a value with a stable code and a class that says what may be done about it;
 * whoever throws names what happened, to which thing, and what to do next.
 */

/** `retryable`: worth another attempt. `fatal`: another attempt would fail the same way. `skip`: one bad record. */
export type FailureClass = 'retryable' | 'fatal' | 'skip';

export interface CatenaErrorOptions {
  readonly class?: FailureClass;
  /** Details for a machine; must survive `JSON.stringify`. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** What the reader can do about it: a sentence. */
  readonly remedy?: string;
  /** What the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

export class CatenaError extends Error {
  override readonly name = 'CatenaError';
  /** Stable, lower case, dotted: `download.timeout`. */
  readonly code: string;
  readonly class: FailureClass;
  readonly data: Readonly<Record<string, unknown>>;
  readonly remedy: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, message: string, options: CatenaErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.class = options.class ?? 'fatal';
    this.data = options.data ?? {};
    this.remedy = options.remedy;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Any thrown value as a CatenaError; what is not one already becomes `code` with the given class. */
export function toCatenaError(thrown: unknown, code: string, failureClass: FailureClass): CatenaError {
  if (thrown instanceof CatenaError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new CatenaError(code, message, { class: failureClass, cause: thrown });
}

/**
 * Whether an assertion of the engine was violated: what is stored does not fit together. Whoever meets it stops what it does to
 * that node, and nothing else. The code is `<part>.invariant_broken`.
 */
export function isInvariantBroken(thrown: unknown): thrown is CatenaError {
  return thrown instanceof CatenaError && thrown.code.endsWith('.invariant_broken');
}
