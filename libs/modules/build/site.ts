/** A site is a function of a module, as errors name it; every error that authors cause is created here. */
import { CatenaError, type FailureClass } from '../../errors/catena-error.ts';
import { type Issue, issuesText, kindOf } from '../check/schema-check.ts';
import { authorFrame } from './author-frame.ts';

/** One function of a module. Created once per module, not per call. */
export interface Site {
  /** `name@version`. */
  readonly module: string;
  /** The step, or `start`. */
  readonly step: string;
  readonly call: 'start' | 'request' | 'parse' | 'compute';
}

const MAX_MESSAGE_CHARS = 500;

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

/** Wraps what an author's function threw in a CatenaError `<call>.threw`; a CatenaError is returned unchanged. */
export function threw(site: Site, thrown: unknown): CatenaError {
  if (thrown instanceof CatenaError) return thrown;
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
      class: classOfWrongOutput(site),
      data: { ...dataOf(site), target, issues },
      remedy: `give go.${target}() a state that the schema of step "${target}" accepts`,
    },
  );
}

export function wrongItem(site: Site, type: string, issues: readonly Issue[]): CatenaError {
  return new CatenaError('module.wrong_item', `${nameOf(site)} made a wrong item "${type}": ${issuesText(issues)}`, {
    class: classOfWrongOutput(site),
    data: { ...dataOf(site), type, issues },
    remedy: `give put.${type}() data that its schema accepts, or yield drop(reason) to skip the record`,
  });
}

export function unknownName(site: Site, kind: 'step' | 'item', name: string, known: readonly string[]): CatenaError {
  const call = kind === 'step' ? `go.${name}` : `put.${name}`;
  return new CatenaError(
    kind === 'step' ? 'module.unknown_step' : 'module.unknown_item',
    `${nameOf(site)} used ${call}, but there is no ${kind} "${name}"`,
    {
      data: { ...dataOf(site), name, known },
      remedy: known.length === 0 ? `the contract declares no ${kind}` : `the contract declares ${known.join(', ')}`,
    },
  );
}

export function backwardHop(site: Site, target: string, fromPhase: number, toPhase: number): CatenaError {
  return new CatenaError(
    'module.backward_hop',
    `${nameOf(site)} is in phase ${fromPhase} and made a hop back to "${target}" in phase ${toPhase}`,
    {
      data: { ...dataOf(site), target, fromPhase, toPhase },
      remedy: 'hop to a step of the same or a later phase, or put both steps into one phase',
    },
  );
}

export function wrongArgument(site: Site, call: string, what: string): CatenaError {
  return new CatenaError('module.wrong_argument', `${nameOf(site)} called ${call}: ${what}`, { data: dataOf(site) });
}

export function wrongYield(site: Site, value: unknown): CatenaError {
  const expected =
    site.call === 'request' ? 'a URL or a request' : 'the result of go, put, drop, retry, charge or fail';
  const many = typeof value === 'object' && value !== null && Symbol.iterator in value;
  return new CatenaError('module.wrong_yield', `${nameOf(site)} yielded ${article(value)}, not ${expected}`, {
    data: dataOf(site),
    ...(many ? { remedy: 'write yield* to yield each of them' } : {}),
  });
}

export function wrongReturn(site: Site, value: unknown): CatenaError {
  return new CatenaError(
    'module.wrong_return',
    `${nameOf(site)} returned ${article(value)}, not something to iterate`,
    {
      data: dataOf(site),
      remedy:
        site.call === 'request' ? 'return a URL, a request or several' : `write it as a generator: *${fnOf(site)}`,
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

/** Describes a thrown value in one line; never throws itself. */
export function describeThrown(thrown: unknown): string {
  let text: string;
  try {
    text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `${kindOf(thrown)} ${String(thrown)}`;
  } catch {
    text = kindOf(thrown);
  }
  return text.length <= MAX_MESSAGE_CHARS ? text : `${text.slice(0, MAX_MESSAGE_CHARS)}…`;
}

function fnOf(site: Site): string {
  return site.call === 'compute' ? 'run' : site.call;
}

function article(value: unknown): string {
  const kind = kindOf(value);
  if (value === undefined || value === null || kind === 'NaN') return kind;
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}
