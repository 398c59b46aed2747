import { describe, expect, it } from 'vitest';
import { type CapUse, capProblem, capText, hasCaps, readReached, withReached } from './caps.ts';

const use: CapUse = {
  caps: { pages: 10, items: 5, depth: 2, bytes: 1_000 },
  ...{ pages: 10, items: 7, bytes: 1_234, reached: [], leftOut: 0, itemsLeftOut: 0 },
};

describe('caps', () => {
  it('are whole numbers from 1 on, and a depth may be 0', () => {
    expect(capProblem('pages', 1)).toBeUndefined();
    expect(capProblem('depth', 0)).toBeUndefined();
    for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(capProblem('pages', wrong)).toContain(`${wrong}`);
    expect(capProblem('depth', -1)).toBeDefined();
  });

  it('apply when one of them is given', () => {
    expect([undefined, {}, { pages: undefined } as object, { depth: 0 }].map(hasCaps)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it('are remembered as reached once, in their order', () => {
    expect(withReached('bytes', 'pages')).toBe('pages,bytes');
    expect(withReached('pages,bytes', 'bytes')).toBe('pages,bytes');
    expect(readReached('bytes,pages')).toEqual(['pages', 'bytes']);
    expect(readReached('')).toEqual([]);
  });

  it('say how much was used, and what was left out', () => {
    expect(capText({ ...use, reached: ['pages'], leftOut: 1 })).toBe('10 of 10 pages; 1 hop or request was left out');
    expect(capText({ ...use, reached: ['items', 'depth', 'bytes'], leftOut: 3, itemsLeftOut: 2 })).toBe(
      '7 of 5 items, depth 2, 1234 of 1000 bytes; 3 hops and requests were left out; 2 items were left out',
    );
  });
});
