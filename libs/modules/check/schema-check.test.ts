import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CatenaError } from '../../errors/catena-error.ts';
import { checkWith, type Issue, issuesText, kindOf, pathText } from './schema-check.ts';

const refuse = (issues: readonly Issue[]) => new CatenaError('test.refused', issuesText(issues), { data: { issues } });

function schemaOf(validate: StandardSchemaV1['~standard']['validate']): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

describe('a check against a schema', () => {
  it('answers what the schema makes of the value, at once', () => {
    expect(checkWith(z.object({ n: z.coerce.number() }), { n: '7' }, refuse)).toEqual({ n: 7 });
  });

  it('waits only for a schema that answers later', async () => {
    const schema = z.string().refine(async (value) => value !== 'taken', 'is taken');
    const slow = schemaOf(async (value) => schema['~standard'].validate(value));
    await expect(checkWith(slow, 'free', refuse)).resolves.toBe('free');
    await expect(checkWith(slow, 'taken', refuse)).rejects.toMatchObject({ code: 'test.refused' });
  });

  it('lists every issue with its path and the kind of what stood there', () => {
    const schema = z.object({ sku: z.string(), tags: z.array(z.object({ id: z.number() })), gone: z.boolean() });
    const value = { sku: 1, tags: [{ id: 1 }, { id: null }] };
    expect(() => checkWith(schema, value, refuse)).toThrow(
      expect.objectContaining({
        data: {
          issues: [
            expect.objectContaining({ path: 'sku', got: 'number' }),
            expect.objectContaining({ path: 'tags[1].id', got: 'null' }),
            expect.objectContaining({ path: 'gone', got: 'nothing' }),
          ],
        },
      }),
    );
  });

  it('refuses when the schema itself throws, now or later', async () => {
    const throws = schemaOf(() => {
      throw new RangeError('no such table');
    });
    expect(() => checkWith(throws, 1, refuse)).toThrow('the schema itself threw RangeError: no such table');
    const rejects = schemaOf(() => Promise.reject(new Error('offline')));
    await expect(checkWith(rejects, 1, refuse)).rejects.toThrow('the schema itself threw Error: offline');
  });

  it('keeps no more than 50 issues', () => {
    const many = schemaOf(() => ({ issues: Array.from({ length: 500 }, () => ({ message: 'no' })) }));
    expect(() => checkWith(many, 1, (issues) => new CatenaError('test.count', String(issues.length)))).toThrow(/^50$/);
  });
});

it.each([
  [[], ''],
  [['a', 'b', 0, 'c'], 'a.b[0].c'],
  [['odd key', 'x'], '["odd key"].x'],
  [['größe'], 'größe'],
  [[Symbol.iterator], '["Symbol(Symbol.iterator)"]'],
])('writes the path %j as %s', (path, text) => {
  expect(pathText(path)).toBe(text);
});

it.each([
  [undefined, 'nothing'],
  [null, 'null'],
  [[], 'array'],
  [Number.NaN, 'NaN'],
  [new Date(), 'Date'],
  ['x', 'string'],
])('calls %o %s', (value, kind) => {
  expect(kindOf(value)).toBe(kind);
});
