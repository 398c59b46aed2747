import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, originalSpan } from './fold.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      'é',
      'e',
      '\u0301',
      'ｶ',
      'ﾞ',
      'ㄱ',
      'ㅏ',
      '㉠',
      'ᅡ',
      'ß',
      'ς',
      'İ',
      '①',
      'Ａ',
      '\u200b',
      '\u00ad',
      '小',
    ),
  }),
);

describe('fold', () => {
  it.each([
    ['ＯＰＰＯ　小米１４', 'oppo 小米14'],
    ['Straße ΣΑΣ', 'strasse σασ'],
    ['e\u0301', 'é'],
    ['小\u200b米 i\u00adPhone', '小米 iphone'],
    ['①㈱', '1(株)'],
  ])('makes %j comparable', (source, folded) => {
    expect(fold(source).text).toBe(folded);
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(text, (source) => {
        const once = fold(source).text;
        expect(fold(once).text).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });

  it('maps every unit back to the characters that it came from', () => {
    fc.assert(
      fc.property(text, (source) => {
        const folded = fold(source);
        expect(folded.starts).toHaveLength(folded.text.length);
        for (let at = 0; at < folded.text.length; at += 1) {
          const { start, end } = originalSpan(folded, at, at + 1);
          expect(start).toBeLessThan(end);
          expect(fold(source.slice(start, end)).text).toContain(folded.text.charAt(at));
          if (at > 0) expect(start).toBeGreaterThanOrEqual(folded.starts[at - 1] as number);
        }
      }),
    );
  });

  it('gives back what was looked for: the span of a found word folds to that word', () => {
    const source = '我觉得ＶＩＶＯ和Ｍａｔｅ不错';
    const folded = fold(source);
    const at = folded.text.indexOf('vivo');
    const { start, end } = originalSpan(folded, at, at + 4);
    expect(source.slice(start, end)).toBe('ＶＩＶＯ');
    expect(originalSpan(folded, at, at)).toEqual({ start, end: start });
  });

  it('cuts marks upon marks, which would take quadratic time', () => {
    const folded = fold(`a${'\u0301\u0323'.repeat(500_000)}b`);
    expect(folded.text.length).toBeLessThan(40);
    expect(folded.text.endsWith('b')).toBe(true);
  });
});
