import { expect, it } from 'vitest';
import { z } from 'zod';
import { factsOf } from '../../calls/facts.ts';
import { ModuleRegistry } from '../../calls/registry.ts';
import { StepKind } from '../../contracts/services.ts';
import { computeStep, defineModule } from '../../modules/index.ts';
import { describeModule, describeModules } from './describe-module.ts';

const input = z.object({ query: z.string(), pages: z.number().default(3) });

const module = (version: string) =>
  defineModule({
    name: 'shop',
    version,
    input,
    steps: { list: z.object({}), rank: computeStep() },
    items: { product: z.object({}) },
    phases: [['list'], ['rank']],
  }).implement({
    *start() {},
    steps: { list: { request: () => 'http://shop.test/', *parse() {} }, rank: { *run() {} } },
  });

/** A module with this schema to show. */
function showing(inputSchema: typeof input | undefined) {
  const shown = module('1.0.0');
  return Object.defineProperty(shown, 'inputSchema', { value: inputSchema }) as typeof shown;
}

it('describes what the contract says', () => {
  expect(describeModule(factsOf(module('1.0.0')))).toMatchObject({
    moduleId: 'shop@1.0.0',
    name: 'shop',
    version: '1.0.0',
    steps: [
      { name: 'list', kind: StepKind.FETCH, phase: 0 },
      { name: 'rank', kind: StepKind.COMPUTE, phase: 1 },
    ],
    phaseCount: 2,
    itemTypes: ['product'],
  });
});

it('describes every version', () => {
  const described = describeModules(new ModuleRegistry([module('2.0.0'), module('1.0.0')]));
  expect(described.map(({ moduleId }) => moduleId)).toEqual(['shop@1.0.0', 'shop@2.0.0']);
});

it('shows the JSON schema of the input where the library of the schema has one', () => {
  const { inputSchema } = describeModule(factsOf(showing(input)));
  expect(JSON.parse(Buffer.from(inputSchema).toString())).toMatchObject({
    type: 'object',
    properties: { query: { type: 'string' }, pages: { default: 3 } },
    required: ['query'],
  });
});

it('shows none for a module that has none to show, or whose schema cannot be written as one', () => {
  const handWritten = { '~standard': { version: 1, vendor: 'me', validate: (value: unknown) => ({ value }) } };
  const unwritable = z.object({ when: z.date() });
  for (const schema of [undefined, handWritten, unwritable]) {
    expect(describeModule(factsOf(showing(schema as typeof input))).inputSchema).toHaveLength(0);
  }
});
