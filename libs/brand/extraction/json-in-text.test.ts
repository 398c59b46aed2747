import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonObjectsIn, readJson } from './json-in-text.ts';

describe('JSON in prose', () => {
  it.each([
    ['好的：{"a": [1, {"b": "}"}]} 完', { a: [1, { b: '}' }] }, false],
    ["{'a': True, 'b': None,}", { a: true, b: null }, true],
    ['{"a": "x", "b": [1, 2', { a: 'x', b: [1, 2] }, true],
    ['{"a"：+0.8，"b": "：+1"}', { a: 0.8, b: '：+1' }, true],
    ['```json\n{"a": 1}\n```', { a: 1 }, false],
  ])('is read from %s', (text, value, repaired) => {
    expect(readJson(text)).toEqual({ ok: true, value, repaired });
  });

  it('that is none is an answer too, never an exception', () => {
    expect(readJson('nothing here')).toEqual({ ok: false, error: 'there is no { or [', raw: 'nothing here' });
    expect(readJson('['.repeat(100_000)).ok).toBe(false);
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'a', '：', '+', '1', '\n') }),
        (text) => {
          expect(typeof readJson(text).ok).toBe('boolean');
        },
      ),
    );
  });

  it('is told from prose with braces', () => {
    const text = '集合{甲, 乙}。{"a": {"b": 1}}尾{"c":';
    expect(jsonObjectsIn(text).map(({ start, end }) => text.slice(start, end))).toEqual(['{"a": {"b": 1}}', '{"c":']);
  });
});
