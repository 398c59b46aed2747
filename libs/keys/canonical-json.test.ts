import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, MAX_JSON_DEPTH } from './canonical-json.ts';

class Money {
  readonly cents = 1;
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

describe('canonical JSON', () => {
  it.each([
    [null, 'null'],
    [true, 'true'],
    [-0, '0'],
    [1e21, '1e+21'],
    [0.1, '0.1'],
    ['', '""'],
    ['a"b\\c\n\u0001', '"a\\"b\\\\c\\n\\u0001"'],
    ['\ud800', '"\\ud800"'],
    ['😀 é 平', '"😀 é 平"'],
    [[], '[]'],
    [[1, [2, 'x']], '[1,[2,"x"]]'],
    [{}, '{}'],
    [{ b: 1, a: { d: [], c: null } }, '{"a":{"c":null,"d":[]},"b":1}'],
    [{ 10: 'x', 9: 'y', é: 1, Z: 2, a: 3 }, '{"10":"x","9":"y","Z":2,"a":3,"é":1}'],
    [{ gone: undefined, kept: 0 }, '{"kept":0}'],
    [JSON.parse('{"__proto__":{"x":1}}'), '{"__proto__":{"x":1}}'],
    [Object.create(null), '{}'],
  ])('writes %j as %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('takes plain objects of another realm', () => {
    expect(canonicalJson(runInNewContext('({ b: [1], a: 2 })'))).toBe('{"a":2,"b":[1]}');
  });

  it.each([
    [undefined, '$', 'undefined'],
    [{ a: [1, undefined] }, '$.a[1]', 'undefined'],
    [{ a: { 'b c': Number.NaN } }, '$.a["b c"]', 'NaN'],
    [[Number.POSITIVE_INFINITY], '$[0]', 'Infinity'],
    [{ n: 1n }, '$.n', 'a bigint'],
    [{ f: () => 1 }, '$.f', 'a function'],
    [{ s: Symbol('s') }, '$.s', 'a symbol'],
    [{ when: new Date(0) }, '$.when', 'an instance of Date'],
    [{ m: new Map() }, '$.m', 'an instance of Map'],
    [{ m: new Money() }, '$.m', 'an instance of Money'],
    [[new Uint8Array(1)], '$[0]', 'an instance of Uint8Array'],
  ])('refuses %o and names the place', (value, path, found) => {
    expect(() => canonicalJson(value)).toThrow(
      expect.objectContaining({ code: 'keys.not_json', class: 'fatal', data: { path, found } }),
    );
  });

  it('refuses a hole in an array', () => {
    const holed = [1, 2, 3];
    delete holed[1];
    expect(() => canonicalJson(holed)).toThrow('$[1] is undefined');
  });

  it('refuses a value that contains itself instead of recurring for ever', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(() => canonicalJson(cycle)).toThrow(/nested deeper than 200 levels, or part of itself/);
  });

  it('takes nesting up to its limit and refuses the next level', () => {
    expect(canonicalJson(nested(MAX_JSON_DEPTH))).toHaveLength(2 * MAX_JSON_DEPTH + 1);
    expect(() => canonicalJson(nested(MAX_JSON_DEPTH + 1))).toThrow('nested deeper');
    expect(() => canonicalJson(nested(100_000))).toThrow('nested deeper');
  });

  it('is JSON that reads back as the same value, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('gives one text for all orders of the same keys', () => {
    const entries = fc.uniqueArray(fc.tuple(fc.string(), fc.integer()), { selector: ([key]) => key });
    fc.assert(
      fc.property(entries, fc.infiniteStream(fc.nat()), (pairs, order) => {
        const shuffled = [...pairs].sort(() => (order.next().value % 2 === 0 ? 1 : -1));
        expect(canonicalJson(Object.fromEntries(shuffled))).toBe(canonicalJson(Object.fromEntries(pairs)));
      }),
    );
  });
});
