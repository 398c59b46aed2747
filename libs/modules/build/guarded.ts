/**
 * Iterates the result of an author's function: its errors become CatenaErrors, and only accepted values are yielded. Whatever the author
 * wrote (an iterator that lies, a getter that throws, a finally that throws, a promise that rejects), what comes out of here is an
 * emission or a CatenaError, since any other error would be taken for a failure of the engine, which decides nothing about a node.
 */
import { isPromise } from '../check/schema-check.ts';
import type { Emission, Emissions } from '../contract/definition.ts';
import { countingMade, Emitted, ledger, type MadeCount } from './emission.ts';
import { notYielded, type Site, threw, wrongIterator, wrongReturn, wrongYield } from './site.ts';

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
  const emissions = valuesIn(site, source, acceptEmission, ledger.made - madeBefore);
  if (emissions === undefined) throw unusable(site, source);
  return emissions;
}

/** An author's values, each converted by `accept`; undefined if the source cannot be iterated. */
export function valuesIn<T>(
  site: Site,
  source: unknown,
  accept: (site: Site, value: unknown) => T,
  madeAhead = 0,
): Iterable<T> | AsyncIterable<Awaited<T>> | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  try {
    if (Symbol.iterator in source) return iterate(site, source as Iterable<unknown>, accept, madeAhead);
    if (Symbol.asyncIterator in source) return iterateAsync(site, source as AsyncIterable<unknown>, accept);
  } catch (thrown) {
    throw threw(site, thrown);
  }
  return undefined;
}

/** The error for a returned value that cannot be iterated. */
export function unusable(site: Site, value: unknown): Error {
  // An async function that is not a generator: its rejection must be handled.
  if (isPromise(value)) Promise.resolve(value).catch(() => {});
  return wrongReturn(site, value);
}

function* iterate<T>(
  site: Site,
  source: Iterable<unknown>,
  accept: (site: Site, value: unknown) => T,
  madeAhead: number,
): Generator<T, void> {
  const iterator = iteratorOf(site, () => source[Symbol.iterator]());
  let unyielded = madeAhead;
  let ended = false;
  try {
    for (;;) {
      const madeBefore = ledger.made;
      let step: Step;
      try {
        step = readStep(site, iterator.next());
      } catch (thrown) {
        ended = true;
        throw threw(site, thrown);
      }
      unyielded += ledger.made - madeBefore;
      if (step.done) {
        ended = true;
        refuseReturned(site, step.value);
        break;
      }
      unyielded -= 1;
      yield accept(site, step.value);
    }
  } finally {
    if (!ended) end(iterator);
  }
  if (unyielded > 0) throw notYielded(site, unyielded);
}

async function* iterateAsync<T>(
  site: Site,
  source: AsyncIterable<unknown>,
  accept: (site: Site, value: unknown) => T,
): AsyncGenerator<Awaited<T>, void> {
  const made: MadeCount = { made: 0 };
  const iterator = iteratorOf(site, () => countingMade(made, () => source[Symbol.asyncIterator]()));
  let yielded = 0;
  let ended = false;
  try {
    for (;;) {
      let step: Step;
      try {
        step = readStep(site, await countingMade(made, () => iterator.next()));
      } catch (thrown) {
        ended = true;
        throw threw(site, thrown);
      }
      if (step.done) {
        ended = true;
        refuseReturned(site, step.value);
        break;
      }
      yielded += 1;
      yield await accept(site, step.value);
    }
  } finally {
    if (!ended) await endLater(iterator);
  }
  if (made.made > yielded) throw notYielded(site, made.made - yielded);
}

/** A result of `next()`, read once. */
interface Step {
  readonly done: boolean;
  readonly value: unknown;
}

function iteratorOf<Iterating extends object>(site: Site, open: () => Iterating): Iterating {
  let iterator: unknown;
  try {
    iterator = open();
  } catch (thrown) {
    throw threw(site, thrown);
  }
  if (typeof iterator === 'object' && iterator !== null) return iterator as Iterating;
  throw wrongIterator(site, 'its iterator', iterator);
}

function readStep(site: Site, step: unknown): Step {
  if (typeof step !== 'object' || step === null) throw wrongIterator(site, 'next() of its iterator', step);
  const { done, value } = step as { readonly done?: unknown; readonly value?: unknown };
  return { done: Boolean(done), value };
}

/** The value that a generator returns goes nowhere, so an emission, a request or a list of them would be lost in silence. */
function refuseReturned(site: Site, value: unknown): void {
  if (value === undefined) return;
  if (isPromise(value)) Promise.resolve(value).catch(() => {});
  throw wrongReturn(site, value, 'ended');
}

/** Ends an iterator early. An error of its `finally` is not told: another one is on its way, or nobody waits any more. */
function end(iterator: Iterator<unknown>): void {
  try {
    iterator.return?.();
  } catch {
    // See above.
  }
}

async function endLater(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // As in `end`.
  }
}

function acceptEmission(site: Site, value: unknown): Emission | Promise<Emission> {
  if (isEmitted(value)) return value as unknown as Emission;
  if (!isPromise(value)) throw wrongYield(site, value);
  // Through a real promise: one of the author's making may call back more than once, or throw.
  return Promise.resolve(value).then(
    (settled) => acceptEmission(site, settled),
    (thrown: unknown) => {
      throw threw(site, thrown);
    },
  );
}

function isEmitted(value: unknown): value is Emitted {
  try {
    return value instanceof Emitted;
  } catch {
    // A proxy whose prototype cannot be read.
    return false;
  }
}
