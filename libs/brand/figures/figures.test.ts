import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractAnswer } from '../extraction/extract-answer.ts';
import type { AnswerRow } from './answer-row.ts';
import { brandFigures } from './brand-figures.ts';
import { coverageOf } from './coverage.ts';
import { mean, netScore, rate, wilson } from './figure.ts';
import { runFigures } from './figure-tables.ts';
import { brandScore } from './scores.ts';
import { sourceFigures } from './source-figures.ts';

const BRANDS = [
  { name: '甲牌', domains: ['jia.com'] },
  { name: '乙牌', domains: ['yi.com'] },
];

function row(text: string | null, over: Partial<AnswerRow> = {}): AnswerRow {
  const findings = text === null ? null : extractAnswer({ text, question: '', brands: BRANDS });
  return {
    question: 'q',
    model: 'm',
    branded: false,
    repeat: 0,
    status: text === null ? 'failed' : 'whole',
    findings,
    ...over,
  };
}

describe('a figure', () => {
  it('has the Wilson interval of its share', () => {
    // Newcombe 1998, table I, method 3: 81 of 263 and 0 of 20.
    const { low, high } = wilson(81, 263);
    expect(low).toBeCloseTo(0.2553, 4);
    expect(high).toBeCloseTo(0.3662, 4);
    expect(wilson(0, 20).low).toBe(0);
    expect(wilson(0, 20).high).toBeCloseTo(0.1611, 4);
    expect(wilson(20, 20).high).toBe(1);
  });

  it('lies in its interval, and the interval in 0 to 1', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(1_000), (a, b) => {
        const { value, low, high } = rate(Math.min(a, b), Math.max(a, b, 1));
        expect(low).toBeLessThanOrEqual(value as number);
        expect(high).toBeGreaterThanOrEqual(value as number);
        expect(low as number).toBeGreaterThanOrEqual(0);
        expect(high as number).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('says that it is too thin below ten answers, and has no value out of none', () => {
    expect([rate(5, 9).tooThin, rate(5, 10).tooThin]).toEqual([true, false]);
    expect(rate(0, 0)).toMatchObject({ value: null, low: null, high: null, tooThin: true });
    expect(mean([])).toMatchObject({ value: null, numerator: 0, denominator: 0 });
    expect(mean([2])).toMatchObject({ value: 2, low: null });
    expect(mean([1, 3])).toMatchObject({ value: 2, numerator: 4, denominator: 2 });
    expect(netScore(3, 1, 4)).toMatchObject({ value: 0.5, numerator: 2, denominator: 4 });
  });
});

describe('the figures of a brand', () => {
  const rows = [
    row('1. 甲牌：好用\n2. 乙牌：稳定'),
    row('1. 乙牌：流畅，见 https://www.yi.com/a\n2. 甲牌：差，见 https://jia.com/b'),
    row('推荐乙牌。参考 https://www.zhihu.com/q/1'),
    row('看需求。', { status: 'partial' }),
    row(null, { model: 'n' }),
  ];

  it('count answers; failed calls are coverage and no zeros', () => {
    const figures = brandFigures(rows, '甲牌', ['jia.com']);
    const counts = (name: keyof typeof figures) => {
      const figure = figures[name];
      return typeof figure === 'string' ? figure : [figure.numerator, figure.denominator];
    };
    expect(counts('mentionRate')).toEqual([2, 4]);
    expect(counts('firstMentionRate')).toEqual([1, 4]);
    expect(counts('averageRank')).toEqual([3, 2]);
    expect(counts('top3Rate')).toEqual([2, 4]);
    expect(counts('shareOfVoice')).toEqual([2, 5]);
    expect(counts('citationRate')).toEqual([1, 2]);
    expect(counts('sentiment')).toEqual([0, 2]);
    expect(counts('interception')).toEqual([1, 4]);
    expect(coverageOf(rows)).toMatchObject({
      calls: 5,
      whole: 3,
      partial: 1,
      failed: 1,
      answered: { numerator: 4, denominator: 5 },
    });
  });

  it('know whose the sources are', () => {
    const { domains, byOwnership, sourcedAnswers } = sourceFigures(rows, '甲牌', BRANDS);
    expect(domains.map(({ domain, ownership, category }) => [domain, ownership, category])).toEqual([
      ['jia.com', 'owned', 'other'],
      ['yi.com', 'rival', 'other'],
      ['zhihu.com', 'third_party', 'community'],
    ]);
    expect(byOwnership.owned).toMatchObject({ numerator: 1, denominator: 3 });
    expect(sourcedAnswers).toMatchObject({ numerator: 2, denominator: 4 });
  });

  it('X9: keep bare and branded questions apart', () => {
    const { bare, branded } = runFigures([...rows, row('甲牌不错', { branded: true, question: 'b' })], BRANDS);
    expect(bare.overall.brands[0]?.mentionRate.denominator).toBe(4);
    expect(branded.overall.brands[0]?.mentionRate).toMatchObject({ numerator: 1, denominator: 1 });
    expect(bare.byModel.map(({ model }) => model)).toEqual(['m', 'n']);
    expect(branded.byQuestion.map(({ question }) => question)).toEqual(['b']);
  });

  it('B16: make a score of 0 to 100 whose parts add up', () => {
    const all = (text: string) =>
      brandScore(
        brandFigures(
          Array.from({ length: 12 }, () => row(text)),
          '甲牌',
        ),
        2,
      );
    expect(all('1. 甲牌：好用，流畅，稳定').score).toBe(100);
    expect(all('1. 乙牌：好用').score).toBe(0);
    expect(brandScore(brandFigures([row(null)], '甲牌'), 2)).toMatchObject({ score: null, tooThin: true });
    const { score, parts } = brandScore(brandFigures(rows, '甲牌'), 2);
    const sum = Object.values(parts ?? {}).reduce((total, part) => total + part, 0);
    expect(score).toBeCloseTo(sum, 1);
    // 40 · 2/4 + 25 · (1/4 + 2/4)/2 + 15 · (0.4/0.9) · 1.5 + 20 · 1/2
    expect(sum).toBeCloseTo(20 + 9.375 + 10 + 10, 6);
  });
});
