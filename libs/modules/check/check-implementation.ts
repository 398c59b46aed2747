/** Checks an implementation against its contract at run time, for authors without type checks. */
import { CatenaError } from '../../errors/catena-error.ts';
import type { AnyImplementation } from '../contract/implementation.ts';
import { compileSelector } from '../page/select/compile.ts';
import type { CheckedContract, DeclaredStep } from './check-contract.ts';
import { isRecord } from './is-record.ts';

const FIELDS = { fetch: ['request', 'expect', 'markup', 'concurrency', 'parse', 'givenUp'], compute: ['run'] } as const;
const CALLS = { fetch: ['request', 'parse'], compute: ['run'] } as const;
const MARKUPS: readonly unknown[] = [undefined, 'fast', 'spec', 'xml'];
const EXPECT_FIELDS: readonly string[] = ['status', 'type', 'selector', 'text', 'check'];
const EXPECT_TYPES: readonly unknown[] = [undefined, 'html', 'json', 'text', 'any'];

/** Throws `module.bad_implementation` with everything that is wrong. */
export function checkImplementation(contract: CheckedContract, implementation: AnyImplementation): void {
  const problems = isRecord(implementation)
    ? problemsOf(contract, implementation)
    : ['give an object with start and steps'];
  if (problems.length === 0) return;
  throw new CatenaError(
    'module.bad_implementation',
    `the implementation of ${contract.id} is wrong: ${problems.join('; ')}`,
    { data: { module: contract.id, problems } },
  );
}

function problemsOf(contract: CheckedContract, implementation: Readonly<Record<string, unknown>>): string[] {
  const { start, steps, ...others } = implementation;
  const problems = Object.keys(others).map((name) => `${name}: unknown field; an implementation has start and steps`);
  if (typeof start !== 'function') problems.push('start: write the function that yields the first hops');
  if (!isRecord(steps)) return [...problems, 'steps: give an object with one entry per step'];
  const known = contract.steps.map(({ name }) => name);
  for (const name of Object.keys(steps)) {
    if (!known.includes(name)) problems.push(`step "${name}": the contract declares ${known.join(', ')}`);
  }
  return [...problems, ...contract.steps.flatMap((step) => stepProblems(step, steps[step.name]))];
}

function stepProblems({ name, kind }: DeclaredStep, written: unknown): string[] {
  if (written === undefined) return [`step "${name}": it has no implementation`];
  if (!isRecord(written)) return [`step "${name}": give an object with ${CALLS[kind].join(' and ')}`];
  const fields: readonly string[] = FIELDS[kind];
  const problems = [
    ...CALLS[kind].filter((call) => typeof written[call] !== 'function').map((call) => `write ${call}()`),
    ...Object.keys(written)
      .filter((field) => !fields.includes(field))
      .map((field) => `${field}: unknown field; a ${kind} step has ${fields.join(', ')}`),
    ...(kind === 'fetch' ? expectProblems(written.expect) : []),
    ...['givenUp', 'concurrency']
      .filter((name) => written[name] !== undefined && typeof written[name] !== 'function')
      .map((name) => `${name} must be a function`),
    ...(MARKUPS.includes(written.markup) ? [] : ['markup must be "fast", "spec" or "xml"']),
  ];
  return problems.map((problem) => `step "${name}": ${problem}`);
}

function expectProblems(expectation: unknown): string[] {
  if (expectation === undefined) return [];
  if (!isRecord(expectation)) return ['expect must be an object'];
  const { status, type, selector, text, check } = expectation;
  const problems = Object.keys(expectation)
    .filter((field) => !EXPECT_FIELDS.includes(field))
    .map((field) => `expect.${field}: unknown field; there are ${EXPECT_FIELDS.join(', ')}`);
  if (status !== undefined && !(Array.isArray(status) && status.length > 0 && status.every(isStatus))) {
    problems.push('expect.status must be a list of HTTP statuses');
  }
  if (!EXPECT_TYPES.includes(type)) problems.push('expect.type must be "html", "json", "text" or "any"');
  if (text !== undefined && typeof text !== 'string') problems.push('expect.text must be a string');
  if (check !== undefined && typeof check !== 'function') problems.push('expect.check must be a function');
  const selectors: readonly unknown[] = selector === undefined ? [] : Array.isArray(selector) ? selector : [selector];
  return [...problems, ...selectors.flatMap(selectorProblems)];
}

function isStatus(status: unknown): boolean {
  return Number.isInteger(status) && Number(status) >= 100 && Number(status) <= 599;
}

function selectorProblems(selector: unknown): string[] {
  if (typeof selector !== 'string' || selector === '')
    return ['expect.selector must be a CSS selector, or a list of them'];
  try {
    compileSelector(selector);
    return [];
  } catch (thrown) {
    return [
      `expect.selector ${JSON.stringify(selector)}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    ];
  }
}
