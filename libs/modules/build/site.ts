/** A site is a function of a module, as errors name it; every error that authors cause is created here. */
import { CatenaError, type FailureClass, isCatenaError } from '../../errors/catena-error.ts';
import { describeThrown } from '../../errors/thrown.ts';
import type { WrongRequest } from '../check/check-request.ts';
import { type Issue, isPromise, issuesText, kindOf } from '../check/schema-check.ts';
import { authorFrame } from './author-frame.ts';

/** One function of a module. Created once per module, not per call. */
export interface Site {
  /** `name@version`. */
  readonly module: string;
  /** The step, or `start`. */
  readonly step: string;
  readonly call: 'start' | 'request' | 'parse' | 'compute';
}

/** The code for a value that an author's function threw. */
const THREW = {
  start: 'start.threw',
  request: 'request.threw',
  parse: 'parse.threw',
  compute: 'compute.threw',
} as const satisfies Record<Site['call'], string>;

/** A parse may throw because of a malformed page, so another download may help; other functions see no page. */
export function classOfWrongOutput(site: Site): FailureClass {
  return site.call === 'parse' ? 'retryable' : 'fatal';
}

/** Likewise for issues; those of the code itself no page can mend. */
function classOfIssues(site: Site, issues: readonly Issue[]): FailureClass {
  return issues.some(({ isOfCode }) => isOfCode === true) ? 'fatal' : classOfWrongOutput(site);
}

/** Wraps what an author's function threw in a CatenaError `<call>.threw`; a CatenaError is returned unchanged. */
export function threw(site: Site, thrown: unknown): CatenaError {
  if (isCatenaError(thrown)) return thrown;
  const at = authorFrame(thrown);
  return new CatenaError(
    THREW[site.call],
    `${nameOf(site)} threw ${describeThrown(thrown)}${at === undefined ? '' : ` at ${at}`}`,
    {
      class: site.call === 'start' ? 'fatal' : 'retryable',
      cause: thrown,
      data: { ...dataOf(site), ...(at === undefined ? {} : { at }) },
    },
  );
}

export function wrongState(site: Site, target: string, issues: readonly Issue[]): CatenaError {
  return new CatenaError(
    'module.wrong_state',
    `${nameOf(site)} made a hop to "${target}" with a wrong state: ${issuesText(issues)}`,
    {
      class: classOfIssues(site, issues),
      data: { ...placedDataOf(site), target, issues },
      remedy: `give go.${target}() a state that the schema of step "${target}" accepts`,
    },
  );
}

export function wrongItem(site: Site, type: string, issues: readonly Issue[]): CatenaError {
  return new CatenaError('module.wrong_item', `${nameOf(site)} made a wrong item "${type}": ${issuesText(issues)}`, {
    class: classOfIssues(site, issues),
    data: { ...placedDataOf(site), type, issues },
    remedy: `give put.${type}() data that its schema accepts, or yield drop(reason) to skip the record`,
  });
}

/** The data of `drop` is not JSON. */
export function wrongDropData(site: Site, issues: readonly Issue[]): CatenaError {
  return new CatenaError(
    'module.wrong_argument',
    `${nameOf(site)} called drop(): its data is not JSON: ${issuesText(issues)}`,
    {
      class: classOfIssues(site, issues),
      data: { ...placedDataOf(site), issues },
    },
  );
}

/** An item or a state with more characters than its row or node may have. */
export function tooLarge(site: Site, kind: 'item' | 'state' | 'data', call: string, maxChars: number): CatenaError {
  return new CatenaError(
    kind === 'state' ? 'module.state_too_large' : 'module.item_too_large',
    `${nameOf(site)} called ${call} with more than ${maxChars} characters of JSON`,
    {
      data: { ...placedDataOf(site), maxChars },
      remedy:
        kind === 'state'
          ? 'put large data into an item'
          : 'split it into several items, or leave out what nobody reads',
    },
  );
}

export function unknownName(site: Site, kind: 'step' | 'item', name: string, known: readonly string[]): CatenaError {
  const call = kind === 'step' ? `go.${name}` : `put.${name}`;
  return new CatenaError(
    kind === 'step' ? 'module.unknown_step' : 'module.unknown_item',
    `${nameOf(site)} used ${call}, but there is no ${kind} "${name}"`,
    {
      data: { ...placedDataOf(site), name, known },
      remedy: known.length === 0 ? `the contract declares no ${kind}` : `the contract declares ${known.join(', ')}`,
    },
  );
}

export function backwardHop(site: Site, target: string, fromPhase: number, toPhase: number): CatenaError {
  return new CatenaError(
    'module.backward_hop',
    `${nameOf(site)} is in phase ${fromPhase} and made a hop back to "${target}" in phase ${toPhase}`,
    {
      data: { ...placedDataOf(site), target, fromPhase, toPhase },
      remedy: 'hop to a step of the same or a later phase, or put both steps into one phase',
    },
  );
}

/** `isOfPage`: whether the wrong value may come from the page, as NaN does. */
export function wrongArgument(site: Site, call: string, what: string, isOfPage = false): CatenaError {
  return new CatenaError('module.wrong_argument', `${nameOf(site)} called ${call}: ${what}`, {
    class: isOfPage ? classOfWrongOutput(site) : 'fatal',
    data: placedDataOf(site),
  });
}

export function wrongRequest(site: Site, { field, message, remedy }: WrongRequest): CatenaError {
  const what = field === '' ? `it has ${message}` : `its ${field} is ${message}`;
  return new CatenaError('module.wrong_request', `${nameOf(site)} made a wrong request: ${what}`, {
    data: { ...dataOf(site), field },
    remedy,
  });
}

export function wrongYield(site: Site, value: unknown): CatenaError {
  const expected =
    site.call === 'request' ? 'a URL or a request' : 'the result of go, put, drop, retry, charge or fail';
  const remedy = remedyForYield(value);
  return new CatenaError('module.wrong_yield', `${nameOf(site)} yielded ${article(value)}, not ${expected}`, {
    data: dataOf(site),
    ...(remedy === undefined ? {} : { remedy }),
  });
}

function remedyForYield(value: unknown): string | undefined {
  if (isPromise(value)) return 'await it, in an async generator';
  if (typeof value === 'function') return 'call the function, and yield its result';
  return hasItems(value) ? 'write yield* to yield each of them' : undefined;
}

function hasItems(value: unknown): boolean {
  try {
    return typeof value === 'object' && value !== null && Symbol.iterator in value;
  } catch {
    return false;
  }
}

/** `how`: whether the function itself returned the value, or its generator ended with it. */
export function wrongReturn(site: Site, value: unknown, how: 'returned' | 'ended' = 'returned'): CatenaError {
  const what =
    how === 'returned' ? 'not something to iterate' : 'which goes nowhere: only what a generator yields counts';
  return new CatenaError('module.wrong_return', `${nameOf(site)} returned ${article(value)}, ${what}`, {
    data: dataOf(site),
    remedy: how === 'ended' ? 'yield the value, then write return alone' : remedyForReturn(site, value),
  });
}

function remedyForReturn(site: Site, value: unknown): string {
  if (site.call === 'request') return 'return a URL, a request or several';
  const isAsync = isPromise(value);
  return `write it as ${isAsync ? 'an async generator: async ' : 'a generator: '}*${fnOf(site)}`;
}

/** An iterable of the author's own making breaks the protocol of iterators. */
export function wrongIterator(site: Site, what: string, value: unknown): CatenaError {
  return new CatenaError('module.wrong_return', `${nameOf(site)}: ${what} returned ${article(value)}, not an object`, {
    data: dataOf(site),
    remedy: `write it as a generator: *${fnOf(site)}`,
  });
}

/** A `check` of `expect` must answer at once, with a reason or undefined. */
export function wrongReason(site: Site, value: unknown): CatenaError {
  const isAsync = isPromise(value);
  if (isAsync) Promise.resolve(value).catch(() => {});
  const wanted = 'return a reason as a string, or undefined for a page that the step can use';
  return new CatenaError(
    'module.wrong_return',
    `expect.check of step "${site.step}" of ${site.module} returned ${article(value)}, not a reason`,
    {
      data: dataOf(site),
      remedy: isAsync ? `${wanted}: it is called without waiting, and must not be async` : wanted,
    },
  );
}

export function wrongConcurrency(site: Site, value: unknown): CatenaError {
  const isAsync = isPromise(value);
  if (isAsync) Promise.resolve(value).catch(() => {});
  const shown = typeof value === 'number' ? String(value) : article(value);
  return new CatenaError(
    'module.wrong_concurrency',
    `the concurrency of step "${site.step}" of ${site.module} is ${shown}`,
    {
      data: dataOf(site),
      remedy: `return a whole number of at least 1${isAsync ? ': it is called without waiting, and must not be async' : ''}`,
    },
  );
}

export function notYielded(site: Site, count: number): CatenaError {
  return new CatenaError(
    'module.not_yielded',
    `${nameOf(site)} made ${count} ${count === 1 ? 'emission' : 'emissions'} that it did not yield`,
    { data: { ...dataOf(site), count }, remedy: 'write yield before each go, put, drop and retry' },
  );
}

/** `parse of step "list"`. */
export function nameOf(site: Site): string {
  return site.call === 'start' ? `start of ${site.module}` : `${fnOf(site)} of step "${site.step}" of ${site.module}`;
}

export function dataOf(site: Site): Record<string, unknown> {
  return { module: site.module, step: site.step };
}

/** Likewise, with the author's line: for errors that are made while the author's function is on the stack. */
function placedDataOf(site: Site): Record<string, unknown> {
  const at = authorFrame(new Error('here'));
  return { ...dataOf(site), ...(at === undefined ? {} : { at }) };
}

function fnOf(site: Site): string {
  return site.call === 'compute' ? 'run' : site.call;
}

function article(value: unknown): string {
  const kind = kindOf(value);
  if (value === undefined || value === null || kind === 'NaN') return kind;
  return /^[aeiou]/i.test(kind) && !/^UR/.test(kind) ? `an ${kind}` : `a ${kind}`;
}
