import { describe, expect, it } from 'vitest';
import { parseSize, parseWhole } from './quantities.ts';

describe('a size', () => {
  it.each([
    ['2048', 2_048],
    ['500kB', 500_000],
    ['1.5 MB', 1_500_000],
    ['2GB', 2_000_000_000],
    ['1tb', 1_000_000_000_000],
    ['7B', 7],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseSize(text, '--max-bytes')).toBe(bytes);
  });

  it.each(['', '0', '0.1B', '-5', '20 Mbit', '1MiB', '1e6', 'lots', '99999TB'])('is not %j', (text) => {
    expect(() => parseSize(text, '--max-bytes')).toThrow(expect.objectContaining({ code: 'cli.bad_size' }));
  });
});

describe('a whole number', () => {
  it('is at least what it must be', () => {
    expect(parseWhole('0', '--max-depth', 0)).toBe(0);
    expect(parseWhole(' 25 ', '--max-pages', 1)).toBe(25);
  });

  it.each(['', '0', '-1', '1.5', '1e3', 'ten', '99999999999999999999'])('is not %j, from 1 on', (text) => {
    expect(() => parseWhole(text, '--max-pages', 1)).toThrow(expect.objectContaining({ code: 'cli.bad_number' }));
  });
});
