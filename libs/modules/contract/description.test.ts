import { expect, it } from 'vitest';
import { z } from 'zod';
import { computeStep, defineModule } from '../index.ts';
import { codeDigest, contractDifferences, contractDigest, contractText } from './description.ts';

const step = z.object({ page: z.number() });

function textOf(changes: object = {}): string {
  const contract = {
    ...{ name: 'shop', version: '1.0.0', input: z.object({ base: z.string() }) },
    steps: { list: computeStep(step), detail: computeStep(step) },
    items: { product: z.object({ sku: z.string() }) },
    ...changes,
  };
  const nothing = { *run() {} };
  const steps = Object.fromEntries(Object.keys(contract.steps).map((name) => [name, nothing]));
  const module = defineModule(contract).implement({ *start() {}, steps } as never);
  return contractText(module.contract!);
}

it('the same contract gives the same digest, whenever it is defined', () => {
  expect(contractDigest(textOf())).toBe(contractDigest(textOf()));
  expect(contractDifferences(textOf(), textOf())).toEqual([]);
});

it('steps in another order are another contract, since nodes name steps by their position (O9)', () => {
  const swapped = { steps: { detail: computeStep(step), list: computeStep(step) } };
  expect(contractDigest(textOf(swapped))).not.toBe(contractDigest(textOf()));
  expect(contractDifferences(textOf(), textOf(swapped))).toEqual([
    'steps.0.name was "list" and is "detail"',
    'steps.1.name was "detail" and is "list"',
  ]);
});

it.each([
  ['a step that is gone', { steps: { list: computeStep(step) } }, /^steps\.1\.name is gone: it was "detail"$/],
  [
    'a state',
    { steps: { list: computeStep(z.object({ page: z.string() })), detail: computeStep(step) } },
    /page\.type was "number" and is "string"/,
  ],
  [
    'an item',
    { items: { product: z.object({ sku: z.string(), price: z.number() }) } },
    /^items\.product\.properties\.price\.type is new/,
  ],
  ['the input', { input: z.object({}) }, /^input\./],
  [
    'phases',
    { phases: [['list'], ['detail']], steps: { list: computeStep(step), detail: computeStep() } },
    /^phases\./,
  ],
])('a change of %s is named', (_what, changes, line) => {
  expect(contractDifferences(textOf(), textOf(changes))).toContainEqual(expect.stringMatching(line));
});

it('a long list of differences is cut, and says how many more there are', () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`item${at}`, z.object({})]));
  const lines = contractDifferences(textOf({ items: {} }), textOf({ items: many }));
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toMatch(/^and \d+ more$/);
});

it('the digest of code depends on names and contents, not on their order', () => {
  const one = codeDigest(
    new Map([
      ['a.ts', '1'],
      ['b.ts', '2'],
    ]),
  );
  expect(
    codeDigest(
      new Map([
        ['b.ts', Buffer.from('2')],
        ['a.ts', Buffer.from('1')],
      ]),
    ),
  ).toBe(one);
  expect(
    codeDigest(
      new Map([
        ['a.ts', '12'],
        ['b.ts', ''],
      ]),
    ),
  ).not.toBe(one);
  expect(
    codeDigest(
      new Map([
        ['a.ts', '2'],
        ['b.ts', '1'],
      ]),
    ),
  ).not.toBe(one);
});
