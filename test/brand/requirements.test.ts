/**
 * Each requirement of the brand diagnosis (B1–B48), each trap (X1–X10) and each field case (R1–R15) has a test that names it in its title, or a
 * behaviour of a vendor's stand-in.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isTypeScript, readSourceTree, sourceFile } from '../architecture/source-tree.ts';
import { BEHAVIOURS } from '../vendors/table.ts';
import { numbersIn, testTitles } from './test-titles.ts';

const REQUIREMENTS = 48;
const TRAPS = 10;
const FIELD_CASES = 15;

const wanted = [...numbered('B', REQUIREMENTS), ...numbered('X', TRAPS), ...numbered('R', FIELD_CASES)];

describe('the requirements', () => {
  // Suites that run over several adapters stand in files that no test runner looks for.
  const files = readSourceTree(join(import.meta.dirname, '../..')).filter(isTypeScript);
  const numbersOf = (these: typeof files) => these.flatMap(({ tokens }) => testTitles(tokens).flatMap(numbersIn));
  const named = new Set([...numbersOf(files), ...BEHAVIOURS.flatMap(({ name }) => numbersIn(name))]);

  it('are each named by a test', () => {
    expect(wanted.filter((number) => !named.has(number))).toEqual([]);
  });

  it('are not more than there are: a number that nobody knows is a slip', () => {
    expect([...named].filter((number) => !wanted.includes(number))).toEqual([]);
  });

  it('of the consistency monitor are tested without servers, so wherever anything is tested (B48)', () => {
    const unit = numbersOf(files.filter(({ path }) => /\.test\.ts$/.test(path) && !path.endsWith('.system.test.ts')));
    expect(['B44', 'B45', 'B46', 'B47'].filter((number) => !unit.includes(number))).toEqual([]);
  });
});

describe('the titles of tests', () => {
  const titlesIn = (text: string) => testTitles(sourceFile('a.test.ts', text).tokens);

  it('are found with and without tables, types and nesting', () => {
    expect(
      titlesIn(`
        describe('one', () => { it('two', async () => { expect(it.each).toBe('no'); }); });
        it.each([['x', 'y(']])('three %s', () => {});
        it.each<[A, B<C>]>(
          rows.map(([a]) => a),
        )("four", () => {});
        test(\`five\`, () => {});
        describe.each(ROWS)('six', () => {});
        it.concurrent('seven', () => {});
      `),
    ).toEqual(['one', 'two', 'three %s', 'four', 'five', 'six', 'seven']);
  });

  it('of tests that are not run do not count, nor does what only looks like one', () => {
    expect(
      titlesIn(`
        it.skip('one', () => {}); it.todo('two'); describe.skip('three', () => {}); it.runIf(false)('four', () => {});
        // it('five', () => {});
        const text = "it('six')"; regex.test('seven'); it(title, () => {});
      `),
    ).toEqual([]);
  });

  it('name numbers singly and in ranges', () => {
    expect(numbersIn('a call (B24, B28) and X5')).toEqual(['B24', 'B28', 'X5']);
    expect(numbersIn('B39–B41, B44-B46')).toEqual(['B39', 'B40', 'B41', 'B44', 'B45', 'B46']);
    expect(numbersIn('vivoX100, CB12, B123, 0.B1, B2B')).toEqual([]);
  });
});

function numbered(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
}
