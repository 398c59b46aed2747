/** Checks whether a step accepts a page. A page that it does not accept is a failure with a reason, before the parser sees it. */
import { CatenaError, type FailureClass } from '../../errors/catena-error.ts';
import { cutText } from '../../errors/thrown.ts';
import { retryAfterMs } from '../../limits/retry-after.ts';
import { dataOf, type Site, wrongReason } from '../build/site.ts';
import type { Expectation } from '../contract/definition.ts';
import type { SourcePage } from './page.ts';

const TYPES: Readonly<Record<'html' | 'json' | 'text', RegExp>> = {
  html: /^\s*(?:text\/html|application\/xhtml\+xml)\b/i,
  json: /^\s*(?:(?:application|text)\/(?:[\w.-]+\+)?json)\b/i,
  text: /^\s*(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|javascript|x-ndjson)\b)/i,
};

/** A reason is for people. */
const MAX_REASON_CHARS = 1_000;

/**
 * Throws `download.status` for a status that the step does not accept, `download.bad_encoding` for a page whose body could not be decoded,
 * and `parse.unexpected_page` for any other page that it does not accept. A page without a content type passes the check of `type`.
 */
export function requireExpected(
  site: Site,
  expectation: Expectation | undefined,
  page: SourcePage,
  nowMs: number,
): void {
  if (!isReadable(expectation?.status, page.status)) throw unreadableStatus(site, page, nowMs);
  if (page.undecoded !== undefined) throw undecoded(site, page);
  if (expectation === undefined) return;
  const reason = mismatch(site, expectation, page);
  if (reason === undefined) return;
  throw new CatenaError(
    'parse.unexpected_page',
    `${page.url} is not the page that step "${site.step}" needs: ${reason}`,
    {
      class: 'retryable',
      data: { ...dataOf(site), url: page.url, status: page.status, reason },
    },
  );
}

function isReadable(statuses: readonly number[] | undefined, status: number): boolean {
  return statuses === undefined ? status >= 200 && status <= 299 : statuses.includes(status);
}

function mismatch(site: Site, { type, selector, text, check }: Expectation, page: SourcePage): string | undefined {
  const contentType = page.headers['content-type'];
  if (type !== undefined && type !== 'any' && contentType !== undefined && !TYPES[type].test(contentType)) {
    return `its content type is ${contentType}, not ${type}`;
  }
  if (text !== undefined && !page.text.includes(text)) return `it does not contain ${JSON.stringify(text)}`;
  const selectors = selector === undefined ? [] : typeof selector === 'string' ? [selector] : selector;
  const absent = selectors.find((one) => !page.has(one));
  if (absent !== undefined) return `nothing matches the selector ${JSON.stringify(absent)}`;
  const reason: unknown = check?.(page);
  // `ok || 'why not'` and `bad && 'why'` answer so too.
  if (reason === undefined || reason === null || reason === false || reason === '') return undefined;
  if (typeof reason === 'string') return cutText(reason, MAX_REASON_CHARS);
  throw wrongReason(site, reason);
}

function unreadableStatus(site: Site, page: SourcePage, nowMs: number): CatenaError {
  const waitMs = retryAfterMs(Object.entries(page.headers), nowMs);
  const failureClass = classOfStatus(page.status);
  return new CatenaError('download.status', `${page.url} answered ${page.status}`, {
    class: failureClass,
    data: { ...dataOf(site), url: page.url, status: page.status },
    ...(failureClass === 'retryable' && waitMs !== undefined ? { retryAfterMs: waitMs } : {}),
    ...(failureClass === 'fatal'
      ? { remedy: `if step "${site.step}" can read this status, name it in its expect.status` }
      : {}),
  });
}

function undecoded(site: Site, page: SourcePage): CatenaError {
  return new CatenaError(
    'download.bad_encoding',
    `${page.url} sent a body that cannot be decompressed: ${page.undecoded}`,
    { class: 'retryable', data: { ...dataOf(site), url: page.url, status: page.status } },
  );
}

/** Whether another attempt may get a different response. */
function classOfStatus(status: number): FailureClass {
  return status === 408 || status === 425 || status === 429 || status >= 500 ? 'retryable' : 'fatal';
}
