import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Brand } from './brand.ts';
import { fold } from './fold.ts';
import { brandMatcher, findMentions } from './match-brands.ts';

function found(text: string, ...brands: readonly (Brand | string)[]): string[] {
  const given = brands.map((brand) => (typeof brand === 'string' ? { name: brand } : brand));
  return findMentions(brandMatcher(given), fold(text)).map(
    ({ brand, start, end }) => `${given[brand]?.name}=${text.slice(start, end)}`,
  );
}

describe('finding brands', () => {
  it('takes the longest name first: 华为云 is not 华为', () => {
    expect(found('华为云和华为', '华为', '华为云')).toEqual(['华为云=华为云', '华为=华为']);
    expect(found('阿里云盘和阿里', '阿里', '阿里云', '阿里云盘')).toEqual(['阿里云盘=阿里云盘', '阿里=阿里']);
  });

  it('goes from left to right where names overlap', () => {
    expect(found('新东方甄选', '新东方', '东方甄选')).toEqual(['新东方=新东方']);
  });

  it('takes a context that is itself a given brand for that brand', () => {
    const huawei = { name: '华为', negativeContexts: ['华为云'] };
    expect(found('华为云', huawei, '华为云')).toEqual(['华为云=华为云']);
    expect(found('华为云', '华为云', huawei)).toEqual(['华为云=华为云']);
  });

  it('tells accents apart, but not apostrophes, widths, cases, simplified and traditional letters', () => {
    expect(found('華為', '华为')).toEqual(['华为=華為']);
    expect(found('Nescafe, NESCAFE\u0301', 'Nescafé')).toEqual(['Nescafé=NESCAFE\u0301']);
    expect(found('Levi’s, ＬＥＶＩ＇Ｓ', "levi's")).toHaveLength(2);
    expect(found("Levi's", 'Levi’s')).toHaveLength(1);
  });

  it.each([
    ['我用vivo手机', true],
    ['vivo™', true],
    ['vivo®X', true],
    ['vivo-X', true],
    ['vivo，OPPO', true],
    ['_vivo_', true],
    ['**vivo**', true],
    ['vivo的', true],
    ["vivo's", true],
    ['①vivo', true],
    ['vivo²', true],
    ['ｖｉｖｏ', true],
    ['invivo', false],
    ['vivos', false],
    ['vivofit', false],
    ['évivo', false],
  ])('sees a boundary of a Latin name in %s: %s', (text, is) => {
    expect(found(text, 'vivo')).toHaveLength(is ? 1 : 0);
  });

  it.each([
    ['vivoX100', 'vivo', true],
    ['vivo100', 'vivo', true],
    ['vivoX Fold3', 'vivo', true],
    ['iPhone15', 'iPhone', true],
    ['iQOO13', 'iQOO', true],
    ['vivoABC1', 'vivo', false],
    ['360N7', '360', true],
    ['3600', '360', false],
    ['小米145', '小米14', false],
    ['A68', 'A6', false],
    ['good 5', 'go', false],
    ['monday', 'mon', false],
    ['Oxford', 'Ford', false],
    ['zooms', 'zoom', false],
  ])('lets a model number follow in %s, and nothing else: %s %s', (text, name, is) => {
    expect(found(text, name)).toHaveLength(is ? 1 : 0);
  });

  it('keeps the boundary strict where no model may follow', () => {
    expect(found('vivoX100', { name: 'vivo', trailingModel: false })).toEqual([]);
  });

  it('lets a negative context take the place of the name, and one beside it take it away', () => {
    const xiaomi = { name: '小米', negativeContexts: ['小米粥'] };
    expect(found('小米粥配小米手机', xiaomi)).toEqual(['小米=小米']);
    const apple = { name: 'Apple', negativeContexts: ['pie', 'crab'] };
    expect(found('apple pie, crab apple, Apple', apple)).toEqual(['Apple=Apple']);
  });

  it('finds aliases, and gives a spelling that two brands share to the first', () => {
    expect(found('BYD', { name: '比亚迪', aliases: ['BYD'] }, { name: '弗迪', aliases: ['byd'] })).toEqual([
      '比亚迪=BYD',
    ]);
    expect(found('任何', '', { name: ' ', aliases: ['\u200b'] })).toEqual([]);
  });

  it('never lets two mentions overlap, and always points at a spelling that was given', () => {
    const unit = fc.constantFrom('华', '为', '云', 'v', 'i', 'o', 'V', '１', ' ', '，', '\u0301');
    const names = fc.array(fc.string({ unit, minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(names, fc.string({ unit, maxLength: 60 }), (brands, text) => {
        const given = brands.map((name) => ({ name }));
        let last = 0;
        for (const { brand, start, end } of findMentions(brandMatcher(given), fold(text))) {
          expect(start).toBeGreaterThanOrEqual(last);
          last = end;
          expect(fold(text.slice(start, end)).text).toContain(fold((brands[brand] as string).trim()).text);
        }
      }),
    );
  });
});
