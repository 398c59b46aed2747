import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { CatenaError } from '../../errors/catena-error.ts';
import { checkWith, type Issue, issuesText } from './schema-check.ts';
import { checkGivenInput, inputFields, unknownToAll } from './unknown-fields.ts';

/** A module with this input. */
function moduleOf(schema: StandardSchemaV1) {
  const refuse = (issues: readonly Issue[]) =>
    new CatenaError('module.wrong_input', `wrong: ${issuesText(issues)}`, { data: { module: 'shop@1.0.0', issues } });
  return { id: 'shop@1.0.0', checkInput: (input: unknown) => checkWith(schema, input, refuse) };
}

async function refusal(schema: StandardSchemaV1, input: unknown): Promise<string> {
  const module = moduleOf(schema);
  const checker = { id: module.id, checkInput: (given: unknown) => inputFields(module, given) };
  return checkGivenInput(checker, input).then(
    () => 'accepted',
    (thrown: CatenaError) => `${thrown.code} ${thrown.message}`,
  );
}

const SHOP = z.object({ base: z.string(), pages: z.coerce.number().default(3), sort: z.string().optional() });

describe('a field that the schema does not know', () => {
  test('is refused with the nearest name', async () => {
    expect(await refusal(SHOP, { base: 'b', pgaes: 1 })).toBe(
      'module.wrong_input the input of shop@1.0.0 is wrong: pgaes: is not a field of it; did you mean "pages"? (got number)',
    );
  });

  test('is refused with the other fields if no name is near', async () => {
    expect(await refusal(SHOP, { base: 'b', colour: 'red' })).toContain(
      'colour: is not a field of it; others are pages, sort',
    );
  });

  test('is refused when the field that it resembles is given too', async () => {
    expect(await refusal(SHOP, { base: 'b', pages: 1, Pages: 2 })).toContain('did you mean "pages"?');
  });

  test('is refused in nested objects, lists and tuples, by its path', async () => {
    const schema = z.object({
      where: z.object({ city: z.string().optional() }),
      list: z.array(z.object({ sku: z.string().optional() })),
      pair: z.tuple([z.object({ from: z.number().optional() }), z.number()]),
    });
    const text = await refusal(schema, {
      where: { citty: 'x' },
      list: [{ sku: 'a' }, { skuu: 'b' }],
      pair: [{ form: 1 }, 2],
    });
    expect(text).toContain('where.citty: is not a field of it; did you mean "city"?');
    expect(text).toContain('list[1].skuu: is not a field of it; did you mean "sku"?');
    expect(text).toContain('pair[0].form: is not a field of it');
    expect(text).not.toContain('list[0]');
  });

  test('is refused in the member of a union that accepted the value', async () => {
    const schema = z.object({
      how: z.discriminatedUnion('by', [
        z.object({ by: z.literal('page'), page: z.number().optional() }),
        z.object({ by: z.literal('date'), from: z.string().optional() }),
      ]),
    });
    expect(await refusal(schema, { how: { by: 'date', fron: 'x' } })).toContain(
      'how.fron: is not a field of it; did you mean "from"?',
    );
  });

  test('is refused by a module without any input', async () => {
    expect(await refusal(z.object({}), { pages: 1 })).toContain('pages: is not a field of it');
    expect(await refusal(z.object({}), {})).toBe('accepted');
  });

  test('that a strict schema refuses by itself gets the nearest name too', async () => {
    expect(await refusal(z.strictObject({ pages: z.number().optional() }), { pgaes: 1 })).toContain(
      'pgaes: is not a field of it; did you mean "pages"? (got number)',
    );
  });

  test('of a strict object in a union is named, not the union', async () => {
    const schema = z.object({
      brand: z.union([z.string(), z.strictObject({ name: z.string(), domains: z.array(z.string()).optional() })]),
    });
    expect(await refusal(schema, { brand: { name: 'Acme', domain: ['a.example'] } })).toContain(
      'brand.domain: is not a field of it; did you mean "domains"?',
    );
  });

  test('is refused for a schema of another library', async () => {
    const schema: StandardSchemaV1 = {
      '~standard': {
        version: 1,
        vendor: 'other',
        validate: (value) => {
          const { pages } = value as { pages?: number };
          return { value: { pages } };
        },
      },
    };
    expect(await refusal(schema, { pgaes: 1 })).toContain('did you mean "pages"?');
  });
});

describe('a field is known', () => {
  const accepted: readonly (readonly [string, StandardSchemaV1, unknown])[] = [
    ['of a record', z.object({ tags: z.record(z.string(), z.number()) }), { tags: { any: 1 } }],
    ['of a loose object', z.looseObject({ a: z.number().optional() }), { other: { deep: 1 } }],
    [
      'of a value that is passed on as a whole',
      z.object({ extra: z.unknown(), more: z.any() }),
      { extra: { a: { b: 1 } }, more: [{ c: 1 }] },
    ],
    ['of any JSON', z.object({ extra: z.json() }), { extra: { a: { b: 1 } } }],
    [
      'of either part of an intersection',
      z.intersection(z.object({ a: z.number() }), z.object({ b: z.number() })),
      { a: 1, b: 2 },
    ],
    [
      'that a transformation reads under another name',
      z.preprocess((given) => ({ pages: (given as { p: number }).p }), z.object({ pages: z.number() })),
      { p: 1 },
    ],
    ['that a refinement reads', z.object({ a: z.number().optional() }).refine((given) => given !== null), { a: 1 }],
    ['of an asynchronous schema', z.object({ a: z.number() }).refine(async () => true), { a: 1 }],
    [
      'of an input that the schema clones',
      z.preprocess((given) => structuredClone(given), z.object({ a: z.number() })),
      { a: 1, other: 2 },
    ],
  ];
  test.each(accepted)('%s', async (_name, schema, input) => {
    expect(await refusal(schema, input)).toBe('accepted');
  });
});

test('a field is known to a task if one of its modules knows it', async () => {
  const one = moduleOf(z.object({ base: z.string() }));
  const other = moduleOf(z.object({ pages: z.number().optional() }));
  const unknown = async (input: unknown) => {
    const fields = await Promise.all([one, other].map((module) => inputFields(module, input)));
    return unknownToAll(fields).map(({ path }) => path);
  };
  expect(await unknown({ base: 'b', pages: 1 })).toEqual([]);
  expect(await unknown({ base: 'b', pgaes: 1 })).toEqual(['pgaes']);
});

test('an input that contains itself is looked at once', async () => {
  const input: Record<string, unknown> = { base: 'b' };
  input.extra = input;
  expect(await refusal(SHOP.extend({ extra: z.unknown() }), input)).toBe('accepted');
});

test('names of JavaScript itself are no fields', async () => {
  expect(await refusal(SHOP, JSON.parse('{"base":"b","__proto__":{"x":1}}'))).toContain(
    '__proto__: is not a field of it',
  );
  expect(await refusal(SHOP, { base: 'b', constructor: 1 })).toContain('constructor: is not a field of it');
});
