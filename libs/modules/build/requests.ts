/** Creates the requests of a hop from the result of an author's `request`. */
import { CatenaError } from '../../errors/catena-error.ts';
import { breakerProblem } from '../../limits/breakers.ts';
import { isAmount } from '../../limits/budgets.ts';
import { isPromise, kindOf } from '../check/schema-check.ts';
import { CACHE_POLICY_FORM, isCachePolicy } from '../check/step-options.ts';
import type { RequestSpec } from '../contract/definition.ts';
import { guardedValues, isAsyncIterable, isIterable, unusable } from './guarded.ts';
import { dataOf, nameOf, type Site, threw, wrongYield } from './site.ts';

const BODIES = ['body', 'json', 'form'] as const;

/** Calls `request` and yields its requests one by one: a generator's requests are never all in memory. */
export function guardedRequests(site: Site, call: () => unknown): Iterable<RequestSpec> | AsyncIterable<RequestSpec> {
  let answer: unknown;
  try {
    answer = call();
  } catch (thrown) {
    throw threw(site, thrown);
  }
  return isPromise(answer) ? awaited(site, answer) : requestsIn(site, answer);
}

async function* awaited(site: Site, promise: Promise<unknown>): AsyncGenerator<RequestSpec, void> {
  let answer: unknown;
  try {
    answer = await promise;
  } catch (thrown) {
    throw threw(site, thrown);
  }
  yield* requestsIn(site, answer);
}

function requestsIn(site: Site, answer: unknown): Iterable<RequestSpec> | AsyncIterable<RequestSpec> {
  if (isIterable(answer) || isAsyncIterable(answer)) return guardedValues(site, answer, requireRequest);
  if (typeof answer !== 'string' && (typeof answer !== 'object' || answer === null)) throw unusable(site, answer);
  return [requireRequest(site, answer)];
}

function requireRequest(site: Site, value: unknown): RequestSpec {
  if (typeof value === 'string' || value instanceof URL) return { url: requireUrl(site, value) };
  if (typeof value !== 'object' || value === null || !('url' in value)) throw wrongYield(site, value);
  const spec = value as RequestSpec;
  requireUrl(site, spec.url);
  const bodies = BODIES.filter((name) => spec[name] !== undefined);
  if (bodies.length > 1) throw wrongRequest(site, `it has ${bodies.join(' and ')}`, 'give only one of them');
  if (spec.timeoutMs !== undefined && !(spec.timeoutMs > 0)) {
    throw wrongRequest(site, `its timeoutMs is ${String(spec.timeoutMs)}`, 'give a number of milliseconds above 0');
  }
  if (spec.untilMs !== undefined && !Number.isFinite(spec.untilMs)) {
    throw wrongRequest(site, `its untilMs is ${String(spec.untilMs)}`, 'give a time in Unix milliseconds');
  }
  if (spec.notBeforeMs !== undefined && !Number.isFinite(spec.notBeforeMs)) {
    throw wrongRequest(site, `its notBeforeMs is ${String(spec.notBeforeMs)}`, 'give a time in Unix milliseconds');
  }
  const wrongLimit = Object.values(spec.limits ?? {}).find((limit) => !(limit >= 0));
  if (wrongLimit !== undefined) {
    throw wrongRequest(
      site,
      `one of its limits is ${String(wrongLimit)}`,
      'give numbers of at least 0; 0 is unlimited',
    );
  }
  if (spec.cache !== undefined && spec.cache !== false && !isCachePolicy(spec.cache)) {
    throw wrongRequest(
      site,
      `its cache is ${JSON.stringify(spec.cache)}`,
      `give ${CACHE_POLICY_FORM}, or leave it out`,
    );
  }
  if (spec.cost !== undefined && !isAmount((spec.cost as { atMost?: unknown } | null)?.atMost)) {
    throw wrongRequest(site, `its cost is ${JSON.stringify(spec.cost)}`, 'give atMost as a number from 0 to a billion');
  }
  const problem = spec.breaker === undefined ? undefined : breakerProblem(spec.breaker);
  if (problem !== undefined) {
    throw wrongRequest(
      site,
      `of its breaker, ${problem}`,
      'give a key, and optionally failures of at least 1 and openMs above 0',
    );
  }
  return spec;
}

function requireUrl(site: Site, url: unknown): string | URL {
  if (typeof url !== 'string' && !(url instanceof URL)) {
    throw wrongRequest(site, `its url is ${kindOf(url)}`, 'give a string or a URL');
  }
  const parsed = URL.parse(String(url));
  if (parsed === null) {
    throw wrongRequest(site, `"${url}" is not a URL`, 'give an absolute URL, such as new URL(href, page.url)');
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw wrongRequest(site, `"${parsed.href}" is ${parsed.protocol}, not http or https`, 'skip such links');
  }
  return url;
}

function wrongRequest(site: Site, what: string, remedy: string): CatenaError {
  return new CatenaError('module.wrong_request', `${nameOf(site)} made a wrong request: ${what}`, {
    data: dataOf(site),
    remedy,
  });
}
