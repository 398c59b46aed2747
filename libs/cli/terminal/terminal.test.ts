import { describe, expect, it } from 'vitest';
import { CatenaError } from '../../errors/catena-error.ts';
import {
  countOf,
  formatCount,
  formatDuration,
  formatElapsed,
  formatRate,
  formatTable,
  oneLine,
  padEnd,
  padStart,
} from './format.ts';
import { paintFor } from './io.ts';
import { describeError } from './print-error.ts';

describe('formats', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [59_940, '59.9 s'],
    [59_980, '1m 00s'],
    [125_000, '2m 05s'],
    [3_599_900, '1h 00m'],
    [7_500_000, '2h 05m'],
  ])('%d ms reads %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('group and count', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567');
    expect([countOf(1, 'retry', 'retries'), countOf(2, 'retry', 'retries')]).toEqual(['1 retry', '2 retries']);
    expect([formatRate(0.44), formatRate(1_234.5)]).toEqual(['0.4', '1,235']);
  });

  it('align columns and keep lines whole', () => {
    expect(
      formatTable(
        [
          ['a', 'bb', ''],
          ['ccc', 'd', 'e'],
        ],
        ' ',
      ),
    ).toBe(' a    bb\n ccc  d   e\n');
    expect(oneLine('a\n\tb\u001b[31m', 4)).toBe('a b…');
  });

  it('count columns, not characters: a Chinese one takes two, an accent none', () => {
    expect(
      formatTable([
        ['海澜', 'x'],
        ['e\u0301', 'y'],
        ['👩‍👩‍👧', 'z'],
      ]),
    ).toBe('海澜  x\ne\u0301     y\n👩‍👩‍👧    z\n');
    expect(oneLine('海澜之家', 8)).toBe('海澜之家');
    expect(oneLine('海澜之家', 7)).toBe('海澜之…');
    expect(oneLine('海澜之家', 6)).toBe('海澜…');
    expect(oneLine('a👩‍👩‍👧b', 3)).toBe('a…');
    expect([padEnd('海', 4), padStart('海', 4)]).toEqual(['海  ', '  海']);
  });

  it.each([
    [0, '0:00'],
    [65_400, '1:05'],
    [3_599_999, '59:59'],
    [3_723_000, '1:02:03'],
  ])('%d ms have passed reads %s', (ms, text) => {
    expect(formatElapsed(ms)).toBe(text);
  });
});

describe('colours', () => {
  it('are for terminals, unless NO_COLOR is set', () => {
    expect(paintFor({ isTTY: true }, {})('red', 'x')).toBe('\u001b[31mx\u001b[39m');
    expect(paintFor({ isTTY: true }, { NO_COLOR: '1' })('red', 'x')).toBe('x');
    expect(paintFor({ isTTY: true }, { TERM: 'dumb' })('red', 'x')).toBe('x');
    expect(paintFor({}, {})('red', 'x')).toBe('x');
  });
});

describe('errors', () => {
  const plain = { paint: (_colour: string, text: string) => text, debug: false, json: false };

  it('say what happened and what to do, without a stack', () => {
    const error = new CatenaError('store.locked', 'a.db is in use', { remedy: 'wait' });
    expect(describeError(error, plain)).toBe('error: a.db is in use\n  try: wait\n');
  });

  it('show their stack and causes on request', () => {
    const error = new CatenaError('a.b', 'outer', { cause: new Error('inner') });
    const text = describeError(error, { ...plain, debug: true });
    expect(text).toMatch(/outer[\s\S]*terminal\.test\.ts[\s\S]*caused by Error: inner/);
  });

  it('are one JSON object for machines', () => {
    const text = describeError(new CatenaError('a.b', 'x\ny'), { ...plain, json: true });
    expect(JSON.parse(text)).toEqual({ event: 'error', code: 'a.b', message: 'x\ny', data: {} });
  });

  it('that nobody planned for ask to be reported', () => {
    expect(describeError(new TypeError('boom'), plain)).toMatch(/^error: TypeError: boom\n {2}try: .*--debug/);
  });
});
