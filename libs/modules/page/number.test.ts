import { describe, expect, it } from 'vitest';
import { readNumber } from './number.ts';

describe('a number', () => {
  it.each<[string, string | undefined, number]>([
    ['12', undefined, 12],
    ['  1,234.50 ', undefined, 1_234.5],
    ['1234567', undefined, 1_234_567],
    ['-3.5', undefined, -3.5],
    ['−3', undefined, -3],
    ['+7', undefined, 7],
    ['.5', undefined, 0.5],
    ['0', undefined, 0],
    ['-0', undefined, 0],
    ['0.00', undefined, 0],
    ['1.234,50', 'de', 1_234.5],
    ['12,-', 'de', 12],
    ['1.234.567', 'de', 1_234_567],
    ['1\u202f234,5', 'fr', 1_234.5],
    ['1 234,5', 'fr', 1_234.5],
    ['1\u00a0234', 'ru', 1_234],
    ['1’234.50', 'de-CH', 1_234.5],
    ["1'234.50", 'de-CH', 1_234.5],
    ['12,34,567.8', 'en-IN', 1_234_567.8],
    ['$1,234.50', undefined, 1_234.5],
    ['-$5', undefined, -5],
    ['$-5', undefined, -5],
    ['US$ 12', undefined, 12],
    ['EUR 12.50', undefined, 12.5],
    ['12,50 €', 'de', 12.5],
    ['12,50 EUR', 'de', 12.5],
    ['CHF 1’200.-', 'de-CH', 1_200],
    ['1 299 kr.', 'sv', 1_299],
    ['49,99 zł', 'pl', 49.99],
    ['R$ 1.299,90', 'pt-BR', 1_299.9],
    ['¥1,200', 'ja', 1_200],
    ['1,200円', 'ja', 1_200],
    ['１２３４', 'ja', 1_234],
    ['￥１，２３４', 'ja', 1_234],
    ['3.5万', 'zh', 35_000],
    ['1.1万', 'zh', 11_000],
    ['1.2亿', 'zh', 120_000_000],
    ['1亿2000万', 'zh', 120_000_000],
    ['2万3000', 'zh', 23_000],
    ['3.5万元', 'zh', 35_000],
    ['¥ 3.5 万', 'zh', 35_000],
    ['1億5000萬', 'zh-TW', 150_000_000],
    ['2만 원', 'ko', 20_000],
    ['١٬٢٣٤٫٥', 'ar-EG', 1_234.5],
    ['12', 'ar-EG', 12],
  ])('%s in %s is %d', (text, locale, value) => {
    expect(readNumber(text, locale)).toBe(value);
  });

  it.each<[string, string | undefined]>([
    ['', undefined],
    [' ', undefined],
    ['-', undefined],
    ['.', undefined],
    ['$', undefined],
    ['EUR', undefined],
    ['sold out', undefined],
    ['12 pieces', undefined],
    ['In stock: 12', undefined],
    ['1.234,50', 'en'],
    ['1,23', 'en'],
    ['1,2345', 'en'],
    ['1,234.50', 'de'],
    ['1.5', 'de'],
    ['12.', 'en'],
    ['1.2.3', 'en'],
    ['12-15', 'en'],
    ['12 15', 'en'],
    ['1e5', 'en'],
    ['0x10', 'en'],
    ['NaN', 'en'],
    ['Infinity', 'en'],
    ['50 %', 'en'],
    ['万', 'zh'],
    ['1万2亿', 'zh'],
    ['1万2万', 'zh'],
    ['--5', 'en'],
  ])('%s in %s is none, and is neither 0 nor NaN', (text, locale) => {
    expect(() => readNumber(text, locale)).toThrow(
      expect.objectContaining({
        code: 'parse.not_a_number',
        class: 'retryable',
        remedy: expect.stringContaining('locale'),
      }),
    );
  });

  it('loses no digits', () => {
    expect(readNumber('9007199254740991')).toBe(9_007_199_254_740_991);
    expect(() => readNumber('1234567890123456789')).toThrow('more digits than a number holds');
    expect(() => readNumber('0.12345678901234567')).toThrow('more digits than a number holds');
  });

  it('is not searched for in a long text', () => {
    expect(() => readNumber(`1${' '.repeat(1_000_000)}1`)).toThrow('longer than 100 characters');
  });

  it('needs a locale that exists', () => {
    expect(() => readNumber('1', 'not a locale')).toThrow(expect.objectContaining({ code: 'module.wrong_argument' }));
  });
});
