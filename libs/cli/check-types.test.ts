import { describe, expect, it } from 'vitest';
import { checkTypes, readErrors } from './check-types.ts';

const own = new URL('../modules/index.ts', import.meta.url).pathname;

describe('what the type checker says', () => {
  it('is given by file and line, with the lines that explain it', () => {
    const output =
      "mod.ts(11,21): error TS2322: Type 'string' is not assignable.\n  Types differ.\nmod.ts(12,1): error TS1: x\n";
    expect(readErrors(output, '/tmp/base')).toEqual([
      "mod.ts:11:21: Type 'string' is not assignable. (TS2322)\n  Types differ.",
      'mod.ts:12:1: x (TS1)',
    ]);
  });

  it('is left out where it is about this library', () => {
    expect(readErrors(`${own}(1,1): error TS1: x\n  more\n`, '/tmp/base')).toEqual([]);
  });

  it('is kept where it is about no file', () => {
    expect(readErrors("error TS6053: File 'x.ts' not found.\n", '/tmp/base')).toEqual([
      "error TS6053: File 'x.ts' not found.",
    ]);
  });
});

it('knows what Node has: a join that takes its items together is no error', async () => {
  expect(await checkTypes('examples/join/join.ts')).toEqual([]);
});
