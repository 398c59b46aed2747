/** Creates the requests of a hop from the result of an author's `request`. */
import { isCatenaError } from '../../errors/catena-error.ts';
import { readRequest, readUrl, WrongRequest } from '../check/check-request.ts';
import { isPromise } from '../check/schema-check.ts';
import type { RequestSpec } from '../contract/definition.ts';
import { unusable, valuesIn } from './guarded.ts';
import { type Site, threw, wrongRequest, wrongYield } from './site.ts';

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
  const values = valuesIn(site, answer, requireRequest);
  if (values !== undefined) return values;
  if (typeof answer !== 'string' && (typeof answer !== 'object' || answer === null)) throw unusable(site, answer);
  return [requireRequest(site, answer)];
}

/** The request that an author's value describes, as a plain copy. */
function requireRequest(site: Site, value: unknown): RequestSpec {
  try {
    if (typeof value === 'string' || value instanceof URL) return { url: readUrl(value) };
    if (typeof value !== 'object' || value === null || !('url' in value)) throw wrongYield(site, value);
    return readRequest(value);
  } catch (thrown) {
    if (isCatenaError(thrown)) throw thrown;
    if (thrown instanceof WrongRequest) throw wrongRequest(site, thrown);
    throw wrongYield(site, value);
  }
}
