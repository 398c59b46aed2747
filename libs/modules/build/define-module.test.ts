import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkContract } from '../check/check-contract.ts';
import type { AnyContract } from '../contract/contract.ts';
import { computeStep, defineModule, fetchStep } from '../index.ts';
import { shop, shopContract } from '../testing/shop.fixture.ts';
import { isModule, isUnimplemented } from './define-module.ts';

const right = { name: 'shop', version: '1.0.0', input: z.object({}), steps: { list: z.object({}) } };

/** What is wrong with a contract that no compiler has seen. */
function problemsOf(contract: unknown): string {
  try {
    checkContract(contract as AnyContract);
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'module.bad_contract', class: 'fatal' });
    return (thrown as Error).message;
  }
  return '';
}

describe('an early opening', () => {
  const early = { atMs: 20_000 };
  const phases = [['list'], ['report']];
  const steps = { list: z.object({}), report: computeStep() };

  it('is a part of the module and of its contract', () => {
    const declared = defineModule({ ...right, steps, phases: [['list'], ['report']], early });
    const module = declared.implement({
      start: ({ go }) => [go.list()],
      steps: { list: { request: () => 'https://a.test', parse: () => [] }, report: { run: () => [] } },
    });
    expect(module.early).toEqual(early);
    expect(module.contract).toMatchObject({ early });
    expect(shop.contract).not.toHaveProperty('early');
  });

  it.each([0, -1, 1.5, Number.NaN, '20s', 86_400_001])('refuses %s as its time', (atMs) => {
    expect(problemsOf({ ...right, steps, phases, early: { atMs } })).toContain(
      'give a whole number of milliseconds above 0, at most 86400000',
    );
  });

  it('refuses what is no declaration, and other fields', () => {
    expect(problemsOf({ ...right, steps, phases, early: 20_000 })).toContain('early: give { atMs }');
    expect(problemsOf({ ...right, steps, phases, early: { ...early, at: 1 } })).toContain('early.at: unknown field');
  });

  it('needs a later phase that begins with a compute step', () => {
    const problem = 'no later phase begins with a compute step';
    expect(problemsOf({ ...right, steps, early })).toContain(problem);
    expect(problemsOf({ ...right, steps, phases: [['report'], ['list']], early })).toContain(problem);
    expect(problemsOf({ ...right, steps, phases, early })).toBe('');
  });
});

describe('a module', () => {
  it('is what its contract says', () => {
    expect(shop).toMatchObject({ id: 'shop@1.0.0', name: 'shop', version: '1.0.0', itemTypes: ['product'] });
    expect(shop.steps.map(({ name, kind, phase, identity }) => [name, kind, phase, identity])).toEqual([
      ['list', 'fetch', 0, 'state'],
      ['detail', 'fetch', 0, 'state'],
    ]);
    expect(shop.phases).toEqual([{ steps: [0, 1], join: { kind: 'settle' }, share: undefined }]);
  });

  it('carries phases, joins and the policy of each step', () => {
    const { steps, phases } = defineModule({
      ...right,
      steps: {
        ask: fetchStep(z.object({}), { identity: 'lineage', retry: { attempts: 5 }, timeoutMs: 9_000, concurrency: 2 }),
        rank: computeStep(undefined, { fallback: false }),
        report: computeStep(z.object({ top: z.number().default(3) })),
      },
      phases: [
        { steps: ['ask'], join: { maxDeadRate: 0.2 }, share: 0.7 },
        { steps: ['rank'], join: 'failFast' },
        ['report'],
      ],
    }).implement({
      start: ({ go }) => [go.ask({})],
      steps: {
        ask: { request: () => 'https://a.test', parse: () => [], expect: { type: 'json' } },
        rank: { run: () => [] },
        report: { run: () => [] },
      },
    });
    expect(phases).toEqual([
      { steps: [0], join: { kind: 'threshold', maxDeadRate: 0.2 }, share: 0.7 },
      { steps: [1], join: { kind: 'failFast' }, share: undefined },
      { steps: [2], join: { kind: 'settle' }, share: undefined },
    ]);
    expect(steps[0]).toMatchObject({
      identity: 'lineage',
      policy: { retry: { attempts: 5 }, timeoutMs: 9_000, concurrency: 2 },
      givesUp: false,
    });
    expect(steps[1]).toMatchObject({ kind: 'compute', phase: 1, policy: { fallback: false } });
    expect(steps[2]?.checkState({})).toEqual({ top: 3 });
  });

  it('is told from other values, and from a contract', () => {
    expect(isModule(shop)).toBe(true);
    expect([{}, null, 'shop', shopContract].some(isModule)).toBe(false);
    expect([shopContract, shop, {}].map(isUnimplemented)).toEqual([true, false, false]);
  });
});

describe('a wrong contract', () => {
  it.each<[string, object]>([
    ['name "Shop!"', { name: 'Shop!' }],
    ['name "a@b"', { name: 'a@b' }],
    ['name undefined', { name: undefined }],
    ['version "1"', { version: '1' }],
    ['version "01.0.0"', { version: '01.0.0' }],
    ['input: give a schema', { input: { query: 'string' } }],
    ['steps: declare at least one', { steps: {} }],
    ['steps: give an object', { steps: [] }],
    ['step "list": give a schema', { steps: { list: {} } }],
    ['step "0"', { steps: { 0: z.object({}) } }],
    ['step "next page"', { steps: { 'next page': z.object({}) } }],
    ['step "start": the name is reserved', { steps: { start: z.object({}) } }],
    ['step "then": the name is reserved', { steps: Object.fromEntries([['then', z.object({})]]) }],
    ['item "product": give a schema', { items: { product: 'string' } }],
    ['item "a-b"', { items: { 'a-b': z.object({}) } }],
    ['stpes: unknown field; a contract has', { stpes: {} }],
    [
      'there is no option execution.memory;',
      { steps: { list: fetchStep(z.object({}), { execution: { memory: 1 } as never }) } },
    ],
    ['execution.timeoutMs must be', { steps: { list: fetchStep(z.object({}), { execution: { timeoutMs: 0 } }) } }],
    ['there is no option timeout;', { steps: { list: { ...fetchStep(z.object({})), options: { timeout: 1 } } } }],
    ['timeoutMs must be a number', { steps: { list: fetchStep(z.object({}), { timeoutMs: -1 }) } }],
    ['retry.attempts must be a whole', { steps: { list: fetchStep(z.object({}), { retry: { attempts: 0 } }) } }],
    ['concurrency must be a whole', { steps: { list: fetchStep(z.object({}), { concurrency: 0.5 }) } }],
    ['its first argument is not a schema', { steps: { list: { ...fetchStep(z.object({})), schema: {} } } }],
    ['phases: give a list', { phases: [] }],
    ['phase 0: give a list of step names', { phases: ['list'] }],
    ['phase 1: it has no steps', { phases: [['list'], []] }],
    ['phases: there is no step "lst"', { phases: [['lst', 'list']] }],
    ['phases: step "list" is in no phase', { phases: [['lst']] }],
    ['phases: step "list" is listed more than once', { phases: [['list'], ['list']] }],
    ['phase 0: join must be "settle"', { phases: [{ steps: ['list'], join: 'sometimes' }] }],
    ['phase 0: join has neither', { phases: [{ steps: ['list'], join: {} }] }],
    ['phase 0: maxDeadRate must be', { phases: [{ steps: ['list'], join: { maxDeadRate: 50 } }] }],
    ['phase 0: maxDead must be', { phases: [{ steps: ['list'], join: { maxDead: -1 } }] }],
    ['phase 0: share must be', { phases: [{ steps: ['list'], share: 0 }] }],
    [
      'phases: their shares add up to 1.2',
      {
        steps: { a: z.object({}), b: z.object({}) },
        phases: [
          { steps: ['a'], share: 0.6 },
          { steps: ['b'], share: 0.6 },
        ],
      },
    ],
    [
      'step "report" opens phase 1 with an empty state',
      {
        steps: { list: z.object({}), report: computeStep(z.object({ top: z.number() })) },
        phases: [['list'], ['report']],
      },
    ],
  ])('%s', (problem, change) => {
    expect(problemsOf({ ...right, ...change })).toContain(problem);
  });

  it('is refused with everything that is wrong with it at once', () => {
    const message = problemsOf({ ...right, name: '', version: 'x', steps: { start: 1 } });
    expect(message.split('; ').length).toBeGreaterThanOrEqual(4);
  });

  it('may be no object at all', () => {
    expect(problemsOf(undefined)).toContain('a contract is an object');
    expect(problemsOf([])).toContain('a contract is an object');
  });
});

describe('a wrong implementation', () => {
  const start = () => [];
  const list = { request: () => 'https://a.test', parse: () => [] };

  it.each<[string, unknown]>([
    ['give an object with start and steps', undefined],
    ['start: write the function', { steps: { list, report: { run: start } } }],
    ['steps: give an object', { start }],
    ['step "report": it has no implementation', { start, steps: { list } }],
    ['step "lst": the contract declares list, report', { start, steps: { lst: list, list, report: { run: start } } }],
    ['step "list": write parse()', { start, steps: { list: { request: start }, report: { run: start } } }],
    [
      'step "report": parse: unknown field; a compute step has run',
      { start, steps: { list, report: { run: start, parse: start } } },
    ],
    [
      'step "list": run: unknown field; a fetch step has',
      { start, steps: { list: { ...list, run: start }, report: { run: start } } },
    ],
    ['markup must be', { start, steps: { list: { ...list, markup: 'parse5' }, report: { run: start } } }],
    ['finish: unknown field; an implementation has', { start, finish: start, steps: { list, report: { run: start } } }],
    ...([
      ['expect.selector "a[": ', { selector: 'a[' }],
      ['expect.selector must be a CSS selector', { selector: ['a', ''] }],
      ['expect.status must be a list', { status: 200 }],
      ['expect.type must be', { type: 'text/html' }],
      ['expect.text must be a string', { text: /x/ }],
      ['expect.check must be a function', { check: 'x' }],
      ['expect.select: unknown field; there are', { select: 'a' }],
      ['expect must be an object', 'html'],
    ].map(([problem, expectation]) => [
      problem,
      { start, steps: { list: { ...list, expect: expectation }, report: { run: start } } },
    ]) as [string, unknown][]),
  ])('%s', (problem, implementation) => {
    const contract = defineModule({ ...right, steps: { list: z.object({}), report: computeStep() } });
    expect(() => contract.implement(implementation as never)).toThrow(
      expect.objectContaining({
        code: 'module.bad_implementation',
        class: 'fatal',
        message: expect.stringContaining(problem),
      }),
    );
  });
});
