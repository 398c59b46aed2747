/**
 * Whether another download of a page can help after its parse has failed. What cannot get better is not tried again:
 *
 * - The module's own code or a schema failed on the page. The page may have been malformed, so it is downloaded once more, whatever
 *   the retry policy allows. If that fails too, it is the code.
 * - The page cannot be read as what the step wants (JSON, markup). The retry policy applies, until the same bytes come again.
 * - Anything else (a status, an unexpected page, a retry that the step asked for, no response) follows the retry policy alone.
 *
 * The digest of the body is kept with the failure, in the node. A replay or a fallback gives the node fresh budgets, so failures
 * before it do not count.
 */

import { hash } from 'node:crypto';
import type { ChainNode } from '../../libs/coordination/protocol/node.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { pageOfFailure } from '../../libs/errors/failure.ts';

/** Failures of the module's code, or of its schemas. */
const OF_CODE = /^(?:parse\.threw|module\..*|execution\..*)$/;
/** Failures to read a page as what it should be. */
const OF_CONTENT = /^parse\.(?:not_json|not_markup|too_large)$/;

/** How many pages of a node its module may fail on: the first, and one more. */
const MAX_FAILED_PAGES = 2;

/**
 * The error to record for a page: `thrown` itself, or the same as fatal if another download would only fail again. `body` is
 * undefined if there was none.
 */
export function judgedPage(
  thrown: unknown,
  node: Pick<ChainNode, 'attempts' | 'error'>,
  body: Uint8Array | undefined,
): unknown {
  if (!(thrown instanceof CatenaError) || thrown.class !== 'retryable' || thrown.page !== undefined) return thrown;
  const { code } = thrown;
  const isOfCode = OF_CODE.test(code);
  if (!isOfCode && !OF_CONTENT.test(code)) return thrown;
  // The first execution since the node was created, replayed or fallen back to: an older failure is of another life.
  const before = node.attempts > 1 ? pageOfFailure(node.error) : undefined;
  const digest = body === undefined ? '' : hash('sha256', body, 'base64url');
  const isSame = digest !== '' && before?.digest === digest && before.code === code;
  const failures = (before?.failures ?? 0) + (isOfCode ? 1 : 0);
  const isOver = isSame || failures >= MAX_FAILED_PAGES;
  const { data, cause, remedy, retryAfterMs } = thrown;
  return new CatenaError(thrown.code, thrown.message, {
    class: isOver ? 'fatal' : 'retryable',
    data: isOver ? { ...data, pages: isSame ? 'two downloads gave the same bytes' : 'two downloads failed' } : data,
    ...(cause === undefined ? {} : { cause }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    page: { code, digest, failures },
  });
}
