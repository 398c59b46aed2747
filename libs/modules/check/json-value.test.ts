import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyJson, NotJson, TooMuchJson } from './json-value.ts';

function problemOf(value: unknown): { message: string; path: readonly PropertyKey[] } {
  try {
    copyJson(value);
  } catch (thrown) {
    if (thrown instanceof NotJson) return { message: thrown.message, path: thrown.path };
    throw thrown;
  }
  throw new Error('it was taken for JSON');
}

describe('a JSON copy', () => {
  it('reads back as the same value, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(copyJson(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('shares nothing with its source', () => {
    const source = { list: [{ page: 1 }] };
    const copied = copyJson(source);
    source.list[0]!.page = 2;
    expect(copied).toEqual({ list: [{ page: 1 }] });
  });

  it('leaves undefined fields out', () => {
    expect(Object.keys(copyJson({ a: undefined, b: 1 }) as object)).toEqual(['b']);
  });

  it('keeps a key called __proto__ as a key', () => {
    const copied = copyJson(JSON.parse('{"__proto__":{"admin":true}}'));
    expect(Object.getPrototypeOf(copied)).toBe(Object.prototype);
    expect(JSON.stringify(copied)).toBe('{"__proto__":{"admin":true}}');
  });

  it.each([
    ['a Date', { at: new Date(0) }, ['at'], 'toISOString'],
    ['NaN', { price: Number.NaN }, ['price'], 'NaN is not a number that JSON can hold'],
    ['infinity', [1, Number.POSITIVE_INFINITY], [1], 'Infinity'],
    ['a bigint', { id: 1n }, ['id'], 'String(value)'],
    ['a function', { f: () => 1 }, ['f'], 'a function is not JSON'],
    ['a symbol', Symbol('x'), [], 'a symbol'],
    ['undefined', undefined, [], 'undefined'],
    ['undefined in an array, which would become null', { a: [undefined] }, ['a', 0], 'undefined'],
    ['a Map', { m: new Map() }, ['m'], 'Object.fromEntries'],
    ['a Set', { s: new Set() }, ['s'], '[...set]'],
    ['a URL', { u: new URL('https://x.test') }, ['u'], 'url.href'],
    ['bytes', { b: new Uint8Array(2) }, ['b'], 'base64'],
    ['numbers of one type', { n: new Float64Array(2) }, ['n'], 'Array.from'],
    ['a promise', { p: Promise.resolve(1) }, ['p'], 'await it first'],
    ['an instance of a class', { e: new Error('x') }, ['e'], 'an Error is not JSON'],
  ])('refuses %s and says where it is', (_name, value, path, message) => {
    const problem = problemOf(value);
    expect(problem.path).toEqual(path);
    expect(problem.message).toContain(message);
  });

  it('refuses a value that refers to itself, without recurring for ever', () => {
    const cycle: Record<string, unknown> = { name: 'x' };
    cycle.self = cycle;
    expect(problemOf(cycle)).toEqual({ message: 'it refers to itself, which JSON cannot', path: ['self'] });
    let deep: unknown = 1;
    for (let level = 0; level < 200; level += 1) deep = [deep];
    expect(problemOf(deep)).toEqual({ message: 'nested more than 100 levels deep', path: [0, 0, 0] });
  });

  it('refuses a value that cannot be read, and says where reading it failed', () => {
    const refuse = () => {
      throw new RangeError('no');
    };
    expect(
      problemOf({
        a: {
          get price() {
            return refuse();
          },
        },
      }),
    ).toEqual({
      message: 'reading it threw RangeError: no',
      path: ['a', 'price'],
    });
    expect(problemOf([new Proxy({}, { ownKeys: refuse })])).toMatchObject({ path: [0] });
    expect(problemOf([new Proxy({}, { getPrototypeOf: refuse })])).toMatchObject({ path: [0] });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(problemOf({ proxy })).toMatchObject({ path: ['proxy'] });
  });

  it('ends as soon as a value has more JSON than is allowed, however small it is in memory', () => {
    let shared: unknown = 'x';
    for (let level = 0; level < 60; level += 1) shared = { left: shared, right: shared };
    expect(() => copyJson(shared)).toThrow(TooMuchJson);
    expect(() => copyJson(new Array(1e8))).toThrow(TooMuchJson);
    expect(() => copyJson({ ['k'.repeat(200)]: 1 }, 100)).toThrow('it has more than 100 characters of JSON');
    expect(copyJson('x'.repeat(98), 100)).toHaveLength(98);
  });
});
