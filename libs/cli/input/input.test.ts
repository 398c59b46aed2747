import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineModule } from '../../modules/build/define-module.ts';
import { computeStep } from '../../modules/contract/contract.ts';
import { readInputFile } from './input-file.ts';
import { parsePairs } from './pairs.ts';
import { parseDuration } from './quantities.ts';
import { typedInput } from './typed-input.ts';

function checkerOf(input: z.ZodType) {
  const module = defineModule({ name: 'm', version: '1.0.0', input, steps: { a: computeStep() } }).implement({
    *start() {},
    steps: { a: { *run() {} } },
  });
  return (given: unknown) => module.checkInput(given);
}

const typed = (schema: z.ZodType, pairs: Record<string, string>, base = {}) =>
  typedInput(base, new Map(Object.entries(pairs)), checkerOf(schema));

describe('the type of --input k=v', () => {
  it('is what the text reads as, where the schema takes that', async () => {
    const schema = z.object({ pages: z.number(), deep: z.boolean(), tags: z.array(z.string()), query: z.string() });
    const given = { pages: '3', deep: 'true', tags: '["a","b"]', query: 'red shoes' };
    expect(await typed(schema, given)).toEqual({ pages: 3, deep: true, tags: ['a', 'b'], query: 'red shoes' });
  });

  it('is text, where the schema wants text', async () => {
    const schema = z.object({ query: z.string(), zip: z.string(), flag: z.string(), pages: z.number() });
    const given = { query: '123', zip: '007', flag: 'null', pages: '2' };
    expect(await typed(schema, given)).toEqual({ query: '123', zip: '007', flag: 'null', pages: 2 });
  });

  it('is text for quotes, which are part of what was typed', async () => {
    expect(await typed(z.object({ query: z.string() }), { query: '"red shoes"' })).toEqual({ query: '"red shoes"' });
  });

  it('is text for numbers that would lose digits', async () => {
    const schema = z.object({ id: z.union([z.number(), z.string()]), huge: z.union([z.number(), z.string()]) });
    expect(await typed(schema, { id: '12345678901234567890', huge: '1e400' })).toEqual({
      id: '12345678901234567890',
      huge: '1e400',
    });
  });

  it('is found for a schema whose issues name no field', async () => {
    const schema = z.union([z.object({ id: z.string() }), z.object({ name: z.string() })]);
    expect(await typed(schema, { id: '5' })).toEqual({ id: '5' });
  });

  it('goes over the fields of a file, and takes odd names', async () => {
    const schema = z.object({ 'odd.name': z.string(), b: z.number() });
    expect(await typed(schema, { 'odd.name': '1' }, { 'odd.name': 'x', b: 2 })).toEqual({ 'odd.name': '1', b: 2 });
  });

  it('leaves an error that is about the value as it was read first', async () => {
    const schema = z.object({ pages: z.number().positive(), query: z.string() });
    await expect(typed(schema, { pages: '-1', query: '5' })).rejects.toMatchObject({
      code: 'module.wrong_input',
      data: { issues: [{ path: 'pages', got: 'number' }] },
    });
  });
});

describe('pairs', () => {
  it('end their key at the first equals sign', () => {
    expect([...parsePairs(['a=b=c', 'd='], '--input')]).toEqual([
      ['a', 'b=c'],
      ['d', ''],
    ]);
  });

  it.each([[['a']], [['=b']], [['a=1', 'a=2']]])('refuse %j', (pairs) => {
    expect(() => parsePairs(pairs, '--input')).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^cli\./) }),
    );
  });
});

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['30', 30_000],
    ['1.5h', 5_400_000],
    ['2m', 120_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text, '--deadline')).toBe(ms);
  });

  it.each(['', '0s', '-1s', '5 parsecs', '1e9d', '99999999999999999d'])('refuses %j', (text) => {
    expect(() => parseDuration(text, '--deadline')).toThrow(expect.objectContaining({ code: 'cli.bad_duration' }));
  });
});

describe('an input file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'catena-input-'));
  const none = Readable.from([]);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('is JSON or YAML, or comes from standard input', async () => {
    expect(await readInputFile(file('a.json', '{"a":1}'), none)).toEqual({ a: 1 });
    expect(await readInputFile(file('a.yaml', 'a: 1\nb: [x]'), none)).toEqual({ a: 1, b: ['x'] });
    expect(await readInputFile('-', Readable.from(['{"a": 2}']))).toEqual({ a: 2 });
  });

  it.each([
    ['a list', 'l.json', '[1]'],
    ['broken JSON', 'b.json', '{'],
    ['broken YAML', 'b.yaml', 'a: [1'],
    ['nothing', 'e.yaml', ''],
  ])('is refused for %s', async (_what, name, text) => {
    await expect(readInputFile(file(name, text), none)).rejects.toMatchObject({ code: 'cli.bad_input_file' });
  });

  it('is refused when it is not there', async () => {
    await expect(readInputFile(join(folder, 'gone.json'), none)).rejects.toThrow(/gone\.json cannot be read/);
  });
});
