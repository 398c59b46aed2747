import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { median, medianRatio } from './medians.ts';
import { namesIn, whole } from './options.ts';
import { withSection } from './page.ts';
import { summarize } from './profile.ts';
import { differences } from './rows.ts';
import { ROOT } from './scratch.ts';
import { figure, table } from './table.ts';

describe('the comparison of rows', () => {
  const rows = [
    { sku: 'a', price: 1 },
    { sku: 'b', price: 2 },
    { sku: 'c', price: 3 },
  ];

  it('finds nothing in the same rows in another order', () => {
    expect(differences(rows.toReversed(), rows)).toEqual([]);
  });

  it('names rows that are missing, doubled, unknown or different', () => {
    expect(differences(rows.slice(1), rows)).toEqual(['a is missing']);
    expect(differences([...rows, rows[1]], rows)).toEqual(['b is one too many']);
    expect(differences([...rows, { sku: 'd', price: 4 }], rows)).toEqual(['d is one too many']);
    expect(differences([{ sku: 'a', price: 9 }, ...rows.slice(1)], rows)).toEqual([
      'a is {"sku":"a","price":9} instead of {"sku":"a","price":1}',
    ]);
    expect(differences([], rows, 1)).toEqual(['a is missing', 'and 2 more']);
  });

  it('does not take an empty crawl for a good one', () => {
    expect(differences([], rows)).toHaveLength(3);
  });
});

describe('figures', () => {
  it('are medians, of ratios round by round', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([1, 2, 3, 10])).toBe(2.5);
    // The medians themselves are 20 and 10; in each round alone the ratio was another.
    expect(medianRatio([10, 20, 40], [10, 10, 10])).toBe(2);
    expect(medianRatio([10, 20, 90], [5, 20, 30])).toBe(2);
    expect(figure(medianRatio([1], []))).toBe('–');
  });

  it('stand in tables that are Markdown', () => {
    expect(table(['who', 'pages/s'], [['floor', figure(1_234.5)]])).toBe(
      ['| who   | pages/s |', '| ----- | ------: |', '| floor |   1,235 |'].join('\n'),
    );
  });
});

describe('the page of benchmarks', () => {
  const page = 'A\n<!-- begin speed -->\nold\n<!-- end speed -->\nB\n<!-- begin flat -->\nkept\n<!-- end flat -->\n';

  it('changes in one section only', () => {
    expect(withSection(page, 'speed', 'new')).toBe(page.replace('\nold\n', '\n\nnew\n\n'));
  });

  it('refuses a section that it does not have', () => {
    expect(() => withSection(page, 'profile', 'new')).toThrow(/no section/);
  });
});

describe('options', () => {
  it('are whole numbers and known names, or refused with what is right', () => {
    expect(whole('rounds', '3')).toBe(3);
    for (const text of ['', '0', '1.5', 'three', '-1']) expect(() => whole('rounds', text)).toThrow(/--rounds/);
    expect(namesIn('only', 'a, b', ['a', 'b', 'c'])).toEqual(['a', 'b']);
    expect(() => namesIn('only', 'a,x', ['a', 'b'])).toThrow(/"x": there are a, b/);
  });
});

describe('the summary of a profile', () => {
  const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 9 });
  const file = (path: string): string => `file://${join(ROOT, path)}`;
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(idle)', '') },
      { id: 2, callFrame: frame('parse', file('node_modules/htmlparser2/dist/Parser.js')) },
      { id: 3, callFrame: frame('claim', file('libs/coordination/sqlite/claims.ts')) },
      { id: 4, callFrame: frame('exec', '') },
      { id: 5, callFrame: frame('', file('node_modules/@scope/name/index.js')) },
      { id: 6, callFrame: frame('parse', file('node_modules/htmlparser2/dist/Parser.js')) },
    ],
    samples: [1, 2, 3, 4, 5, 6],
    timeDeltas: [9_000_000, 1_000_000, 500_000, 250_000, 125_000, 1_000_000],
  };

  it('adds self time up by package, folder and function, without idle time', () => {
    const { busySeconds, groups, functions } = summarize(profile);
    expect(busySeconds).toBe(2.875);
    expect(groups).toEqual([
      { name: 'htmlparser2', seconds: 2 },
      { name: 'libs/coordination', seconds: 0.5 },
      { name: 'native functions', seconds: 0.25 },
      { name: '@scope/name', seconds: 0.125 },
    ]);
    expect(functions.map(({ name }) => name)).toEqual([
      'parse htmlparser2/dist/Parser.js:10',
      'claim libs/coordination/sqlite/claims.ts:10',
      'exec',
      '(anonymous) @scope/name/index.js:10',
    ]);
  });
});
