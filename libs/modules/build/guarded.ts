/** Iterates the result of an author's function: its errors become CatenaErrors, and only accepted values are yielded. */

import { isPromise } from '../check/schema-check.ts';
import type { Emission, Emissions } from '../contract/definition.ts';
import { Emitted, ledger } from './emission.ts';
import { notYielded, type Site, threw, wrongReturn, wrongYield } from './site.ts';

/** Calls an author's `start`, `parse` or `run`. It throws at once, or while the result is iterated. */
export function guardedEmissions(site: Site, call: () => unknown): Emissions {
  const madeBefore = ledger.made;
  let source: unknown;
  try {
    source = call();
  } catch (thrown) {
    throw threw(site, thrown);
  }
  // A plain function has created its emissions by now; a generator has not started.
  if (isIterable(source)) return iterate(site, source, acceptEmission, ledger.made - madeBefore);
  if (isAsyncIterable(source)) return iterateAsync(site, source, acceptEmission);
  throw unusable(site, source);
}

/** Iterates an author's values, each converted by `accept`. */
export function guardedValues<T>(
  site: Site,
  source: Iterable<unknown> | AsyncIterable<unknown>,
  accept: (site: Site, value: unknown) => T,
): Iterable<T> | AsyncIterable<T> {
  return isIterable(source) ? iterate(site, source, accept, 0) : iterateAsync(site, source, accept);
}

export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** The error for a returned value that cannot be iterated. */
export function unusable(site: Site, value: unknown): Error {
  // An async function that is not a generator: its rejection must be handled.
  if (isPromise(value)) value.then(undefined, () => {});
  return wrongReturn(site, value);
}

function* iterate<T>(
  site: Site,
  source: Iterable<unknown>,
  accept: (site: Site, value: unknown) => T,
  madeAhead: number,
): Generator<T, void> {
  const iterator = source[Symbol.iterator]();
  let unyielded = madeAhead;
  let ended = false;
  try {
    for (;;) {
      const madeBefore = ledger.made;
      let step: IteratorResult<unknown>;
      try {
        step = iterator.next();
      } catch (thrown) {
        ended = true;
        throw threw(site, thrown);
      }
      unyielded += ledger.made - madeBefore;
      if (step.done === true) break;
      unyielded -= 1;
      yield accept(site, step.value);
    }
    ended = true;
  } finally {
    if (!ended) iterator.return?.();
  }
  if (unyielded > 0) throw notYielded(site, unyielded);
}

async function* iterateAsync<T>(
  site: Site,
  source: AsyncIterable<unknown>,
  accept: (site: Site, value: unknown) => T,
): AsyncGenerator<Awaited<T>, void> {
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      let step: IteratorResult<unknown>;
      try {
        step = await iterator.next();
      } catch (thrown) {
        ended = true;
        throw threw(site, thrown);
      }
      if (step.done === true) break;
      yield await accept(site, step.value);
    }
    ended = true;
  } finally {
    if (!ended) await iterator.return?.();
  }
}

function acceptEmission(site: Site, value: unknown): Emission | Promise<Emission> {
  if (value instanceof Emitted) return value as Emission;
  if (isPromise(value)) return value.then((settled) => acceptEmission(site, settled));
  throw wrongYield(site, value);
}
