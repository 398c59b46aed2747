/** The failures of calls that passed a budget, or whose worker ended. */
import { CatenaError, type FailureClass } from '../errors/catena-error.ts';
import type { CallSubject } from './pool-call.ts';
import type { StackFrame } from './worker-stack.ts';

/** Why a worker was ended, or ended by itself. */
export type EndReason = 'blocked' | 'timeout' | 'out_of_memory' | 'exit';

export interface Evidence {
  /** How long the call had taken, in milliseconds. */
  readonly ageMs: number;
  /** The budget that it passed: milliseconds, or MiB. */
  readonly budget: number;
  readonly stack?: readonly StackFrame[] | undefined;
}

const CODES = {
  blocked: 'execution.blocked',
  timeout: 'execution.timeout',
  out_of_memory: 'execution.out_of_memory',
  exit: 'execution.exit',
} as const satisfies Record<EndReason, string>;

const REMEDY: Readonly<Record<EndReason, string>> = {
  blocked:
    'look there for a loop without an end or a slow regular expression; raise execution.block_timeout_ms if it needs the time',
  timeout: 'look for a promise that never settles; raise execution.call_timeout_ms if it needs the time',
  out_of_memory: 'yield as you go instead of collecting; raise execution.memory_mb if it needs the memory',
  exit: 'throw an error to fail the node, and keep native add-ons that end the process out of modules',
};

export function budgetError(reason: EndReason, subject: CallSubject, evidence: Evidence): CatenaError {
  const { moduleId, step, fn, url } = subject;
  const { ageMs, budget, stack } = evidence;
  const at = stack === undefined ? undefined : authorPlace(stack);
  const where = `${at === undefined ? '' : ` at ${at}`}${url === undefined ? '' : ` (page ${url})`}`;
  return new CatenaError(CODES[reason], `${nameOf(subject)} ${deed(reason, ageMs, budget)}${where}`, {
    class: classOf(fn),
    data: {
      module: moduleId,
      step,
      ageMs: Math.round(ageMs),
      ...(url === undefined ? {} : { url }),
      ...(at === undefined ? {} : { at }),
      ...(stack === undefined ? {} : { stack: stack.map(({ name, place }) => `${name || '(anonymous)'} ${place}`) }),
    },
    remedy: REMEDY[reason],
  });
}

/** The modules did not load in time: their code loops or waits. */
export function loadTimeoutError(timeoutMs: number, stack: readonly StackFrame[] | undefined): CatenaError {
  const at = stack === undefined ? undefined : authorPlace(stack);
  const where = at === undefined ? '' : `, at ${at}`;
  return new CatenaError('module.load_timeout', `the modules did not load within ${seconds(timeoutMs)}${where}`, {
    data: at === undefined ? {} : { at },
    remedy: 'look for a loop or an await at the top level of the module, or raise execution.load_timeout_ms',
  });
}

/** The failure of a call that no worker could make. */
export function noWorkerError(subject: CallSubject, cause: unknown): CatenaError {
  return new CatenaError('execution.no_worker', `${nameOf(subject)} could not be called: no worker could be started`, {
    class: 'retryable',
    cause,
    data: { module: subject.moduleId, step: subject.step },
  });
}

function deed(reason: EndReason, ageMs: number, budget: number): string {
  switch (reason) {
    case 'blocked':
      return `did not yield to its event loop for ${seconds(budget)}`;
    case 'timeout':
      return `did not end within ${seconds(budget)}`;
    case 'out_of_memory':
      return `took more than ${budget} MiB of memory, after ${seconds(ageMs)}`;
    case 'exit':
      return `ended its worker, after ${seconds(ageMs)}`;
  }
}

function seconds(ms: number): string {
  return ms >= 10_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 100) / 10} s`;
}

function nameOf({ moduleId, step, fn }: CallSubject): string {
  if (fn === 'start') return `start of ${moduleId}`;
  if (fn === 'checkInput' || fn === 'openRun') return `the input check of ${moduleId}`;
  return `${fn === 'compute' ? 'run' : fn} of step "${step}" of ${moduleId}`;
}

/** As for what a function throws: another download may help a parse; a start would fail the same way. */
function classOf(fn: CallSubject['fn']): FailureClass {
  return fn === 'start' || fn === 'checkInput' || fn === 'openRun' ? 'fatal' : 'retryable';
}

/** The innermost frame that is neither Node's, nor a package's, nor this library's. */
function authorPlace(stack: readonly StackFrame[]): string | undefined {
  return stack.map(({ place }) => place).find(isOfAuthor);
}

function isOfAuthor(place: string): boolean {
  return place.startsWith('/') && !place.startsWith(OWN_FOLDER) && !place.includes('/node_modules/');
}

const OWN_FOLDER = new URL('../', import.meta.url).pathname;
