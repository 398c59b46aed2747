import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractAnswer } from '../extraction/extract-answer.ts';
import type { AnswerRow } from './answer-row.ts';
import { brandFigures } from './brand-figures.ts';
import { coverageOf } from './coverage.ts';
import { type Figure, figureOf, overlap, rate, wilson } from './figure.ts';
import { runFigures } from './figure-tables.ts';
import { FIGURE_NAMES, known } from './observation.ts';
import { resample } from './resampling.ts';
import { brandScores } from './scores.ts';
import { seededRandom } from './seeded-random.ts';
import { sourceFigures } from './source-figures.ts';

const BRANDS = [
  { name: '甲牌', domains: ['jia.com'] },
  { name: '乙牌', domains: ['yi.com'] },
];

function row(text: string | null, over: Partial<AnswerRow> = {}): AnswerRow {
  const isWhole = (over.status ?? 'whole') === 'whole';
  return {
    question: 'q',
    model: 'm',
    branded: false,
    repeat: 0,
    status: text === null ? 'failed' : 'whole',
    findings: text === null ? null : extractAnswer({ text, question: '', brands: BRANDS, isWhole }),
    ...over,
  };
}

const cut = (text: string, over: Partial<AnswerRow> = {}) => row(text, { status: 'partial', ...over });

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
    const ranks = (...values: readonly number[]) => values.map((part) => known({ part, of: 1 }));
    expect([rate(5, 9).tooThin, rate(5, 10).tooThin]).toEqual([true, false]);
    expect(rate(0, 0)).toMatchObject({ value: null, low: null, high: null, tooThin: true });
    expect(figureOf([], 'rank')).toMatchObject({ value: null, least: null, numerator: 0, denominator: 0 });
    expect(figureOf(ranks(2), 'rank')).toMatchObject({ value: 2, low: null });
    expect(figureOf(ranks(1, 3), 'rank')).toMatchObject({ value: 2, numerator: 4, denominator: 2, low: 1 });
    expect(figureOf(ranks(1, 1, 1, -1), 'net')).toMatchObject({ value: 0.5, numerator: 2, denominator: 4 });
  });
});

describe('the figures of a brand', () => {
  const rows = [
    row('1. 甲牌：好用\n2. 乙牌：稳定'),
    row('1. 乙牌：流畅，见 https://www.yi.com/a\n2. 甲牌：差，见 https://jia.com/b'),
    row('推荐乙牌。参考 https://www.zhihu.com/q/1'),
    row('看需求。'),
    row(null, { model: 'n' }),
  ];

  it('count answers; failed calls are coverage and no zeros', () => {
    const figures = brandFigures(rows, '甲牌', { domains: ['jia.com'] });
    const counts = (name: (typeof FIGURE_NAMES)[number]) => [figures[name].numerator, figures[name].denominator];
    expect(counts('mentionRate')).toEqual([2, 4]);
    expect(counts('firstMentionRate')).toEqual([1, 4]);
    expect(counts('averageRank')).toEqual([3, 2]);
    expect(counts('top3Rate')).toEqual([2, 4]);
    expect(counts('shareOfVoice')).toEqual([2, 5]);
    expect(counts('citationRate')).toEqual([1, 2]);
    expect(counts('recommendationRate')[1]).toBe(4);
    expect(counts('positive')).toEqual([1, 2]);
    expect(counts('negative')).toEqual([1, 2]);
    expect(counts('sentiment')).toEqual([0, 2]);
    expect(counts('interception')).toEqual([1, 4]);
    for (const name of FIGURE_NAMES) {
      const { value, least, most, unknown } = figures[name];
      expect({ value, least, most, unknown }, name).toEqual({ value, least: value, most: value, unknown: 0 });
    }
    expect(coverageOf(rows)).toMatchObject({
      ...{ calls: 5, whole: 4, partial: 0, failed: 1 },
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
});

describe('an answer that was cut off (R1)', () => {
  const bounds = ({ value, least, most, unknown }: Figure) => ({ value, least, most, unknown });

  it('says nothing about a brand that it had not named: the figure is a bound', () => {
    const figures = brandFigures([row('1. 甲牌：好'), cut('选鞋先看脚型，'), cut('1. 甲牌：好。\n')], '甲牌');
    expect(bounds(figures.mentionRate)).toEqual({ value: null, least: 2 / 3, most: 1, unknown: 1 });
    expect(figures.mentionRate).toMatchObject({ numerator: 2, denominator: 3 });
    expect(bounds(figures.firstMentionRate)).toEqual({ value: null, least: 2 / 3, most: 1, unknown: 1 });
    expect(bounds(figures.averageRank)).toEqual({ value: null, least: 1, most: 5 / 3, unknown: 2 });
    expect(bounds(figures.shareOfVoice)).toEqual({ value: null, least: 2 / 4, most: 1, unknown: 2 });
  });

  it('keeps what it has said: a brand that it named, the place of a list item, which brand came first', () => {
    const figures = brandFigures([cut('1. 乙牌：好。\n2. 甲牌：也好。\n')], '甲牌');
    expect(bounds(figures.mentionRate)).toMatchObject({ value: 1, unknown: 0 });
    expect(bounds(figures.averageRank)).toMatchObject({ value: 2, unknown: 0 });
    expect(bounds(figures.top3Rate)).toMatchObject({ value: 1, unknown: 0 });
    expect(bounds(figures.firstMentionRate)).toMatchObject({ value: 0, unknown: 0 });
    expect(bounds(figures.interception)).toMatchObject({ value: 0, unknown: 0 });
  });

  it('has no opinion: advice, sentiment, interception and sources are known at the end only', () => {
    const { recommendationRate, sentiment, citationRate } = brandFigures([cut('推荐甲牌，口碑好。')], '甲牌');
    expect(bounds(recommendationRate)).toMatchObject({ value: null, least: 0, most: 1 });
    expect(bounds(sentiment)).toMatchObject({ value: null, least: -1, most: 1 });
    expect(bounds(citationRate)).toMatchObject({ value: null, least: 0, most: 1 });
    expect(bounds(brandFigures([cut('推荐乙牌。')], '甲牌').interception)).toMatchObject({ least: 0, most: 1 });
  });

  it('does not name a brand whose name the cut may have broken out of another word', () => {
    const brands = [
      { name: 'On' },
      { name: '小米', negativeContexts: ['小米粥'] },
      { name: '华为' },
      { name: '华为云' },
    ];
    const named = (text: string) =>
      extractAnswer({ text, question: '', brands, isWhole: false })
        .brands.filter(({ mentioned }) => mentioned)
        .map(({ brand }) => brand);
    expect(named('Shop at On')).toEqual([]);
    expect(named('Shop at On, or')).toEqual(['On']);
    expect(named('早餐喝小米')).toEqual([]);
    expect(named('推荐华为')).toEqual([]);
    expect(named('推荐华为手机')).toEqual(['华为']);
    const urls = (text: string) =>
      extractAnswer({ text, question: '', brands, isWhole: false }).sources.map(({ url }) => url);
    expect(urls('见 https://a.com/1 和 https://www.shoes-revi')).toEqual(['https://a.com/1']);
  });

  it('gives bounds that hold whatever would have followed, for every figure', () => {
    const tails = ['推荐乙牌。', '见 https://jia.com/b 。', '不推荐甲牌。', '丙牌一般。', '甲牌口碑差。'];
    const list = fc.shuffledSubarray(['甲牌', '乙牌', '丙牌'], { minLength: 0 });
    const answer = fc
      .tuple(list, fc.array(fc.constantFrom(...tails), { maxLength: 3 }))
      .map(([items, tail]) => [...items.map((item, at) => `${at + 1}. ${item}：好用，轻便。`), '', ...tail].join('\n'));
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(answer, share), { minLength: 1, maxLength: 6 }), (answers) => {
        const whole = answers.map(([text]) => row(text));
        const heard = answers.map(([text, part]) => (part === 1 ? row(text) : cut(text.slice(0, part * text.length))));
        for (const brand of ['甲牌', '乙牌']) {
          const basis = { domains: ['jia.com'], worstRank: 3 };
          const [truth, told] = [brandFigures(whole, brand, basis), brandFigures(heard, brand, basis)];
          for (const name of FIGURE_NAMES) {
            const { value } = truth[name];
            if (value === null) continue;
            expect(told[name].least, name).toBeLessThanOrEqual(value + 1e-9);
            expect(told[name].most, name).toBeGreaterThanOrEqual(value - 1e-9);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the interval of a figure', () => {
  const of = (...values: readonly number[]) => values.map((part) => known({ part, of: 1 }));
  const width = ({ low, high }: Figure): number => (high ?? 0) - (low ?? 0);

  it('is wider where the answers to each question are alike: they are fewer than they look', () => {
    const alike = Array.from({ length: 40 }, (_, index) => Number(index < 20));
    const mixed = Array.from({ length: 40 }, (_, index) => index % 2);
    const questions = alike.map((_, index) => `q${Math.floor(index / 10)}`);
    const one = figureOf(of(...alike), 'share', resample(questions));
    const other = figureOf(of(...mixed), 'share', resample(questions));
    expect(one.value).toBe(other.value);
    expect(width(one)).toBeGreaterThan(1.5 * width(other));
  });

  it('is never narrower than that of independent answers: four of four are not certainly all', () => {
    const questions = ['a', 'b', 'c', 'd'];
    expect(figureOf(of(1, 1, 1, 1), 'share', resample(questions)).low).toBeCloseTo(wilson(4, 4).low, 10);
  });

  it('is the same every time, and covers the true share of what it was drawn from', () => {
    const questions = Array.from({ length: 12 }, (_, index) => `q${index}`).flatMap((each) => [each, each, each, each]);
    const drawn = (seed: number) => {
      const random = seededRandom(seed);
      // Each question has a share of its own around one half.
      const shares = Array.from({ length: 12 }, random);
      return questions.map((_, index) => Number((shares[Math.floor(index / 4)] ?? 0) > random()));
    };
    const figure = figureOf(of(...drawn(1)), 'share', resample(questions));
    expect(figureOf(of(...drawn(1)), 'share', resample(questions))).toEqual(figure);
    const covered = Array.from({ length: 200 }, (_, seed) => {
      const { low, high } = figureOf(of(...drawn(seed)), 'share', resample(questions));
      return (low ?? 1) <= 0.5 && (high ?? 0) >= 0.5;
    }).filter(Boolean).length;
    expect(covered).toBeGreaterThanOrEqual(180);
  });

  it('overlaps another when they have a point in common', () => {
    expect(overlap({ low: 0, high: 0.5 }, { low: 0.5, high: 1 })).toBe(true);
    expect(overlap({ low: 0, high: 0.4 }, { low: 0.5, high: 1 })).toBe(false);
    expect(overlap({ low: 0.2, high: 0.3 }, { low: 0, high: 1 })).toBe(true);
    expect(overlap({ low: null, high: null }, { low: 0, high: 1 })).toBeNull();
  });
});

describe('the scores', () => {
  const scored = (rows: readonly AnswerRow[]) =>
    brandScores(['甲牌', '乙牌'].map((brand) => brandFigures(rows, brand)));
  const times = (count: number, text: string, over: Partial<AnswerRow> = {}) =>
    Array.from({ length: count }, (_, index) => row(text, { question: `q${index % 6}`, ...over }));

  it('B16: are 0 to 100, and their parts add up', () => {
    expect(scored(times(12, '1. 甲牌：好用'))).toMatchObject([{ score: 100 }, { score: 0 }]);
    expect(scored([row(null)])).toMatchObject([{ score: null, least: null, place: null, tooThin: true }, {}]);
    const rows = [row('1. 甲牌\n2. 乙牌'), row('1. 乙牌\n2. 甲牌'), row('推荐乙牌。'), row('看需求。')];
    const [{ score, parts } = { score: null, parts: null }] = scored(rows);
    const sum = Object.values(parts ?? {}).reduce((total, part) => total + part, 0);
    expect(score).toBeCloseTo(sum, 1);
    // 50 · 2/4 + 30 · (1/4 + 2/4)/2 + 20 · (0.4/0.9) · 1.5
    expect(sum).toBeCloseTo(25 + 11.25 + 40 / 3, 6);
  });

  it('are not known while answers that were cut off may change them (R2)', () => {
    const [own] = scored([cut('1. 丙牌：好。\n2. 丁牌：好。\n'), cut('1. 丙牌：好。\n2. 丁牌：好。\n')]);
    expect(own).toMatchObject({ score: null, parts: null, least: 0, place: null });
    expect(own?.most).toBeGreaterThan(50);
  });

  it('give a place only as far as the intervals allow one, and none when nobody is mentioned (R13)', () => {
    expect(scored(times(30, '1. 甲牌：好用')).map(({ place }) => place)).toEqual([
      { best: 1, worst: 1 },
      { best: 2, worst: 2 },
    ]);
    const close = [...times(15, '1. 甲牌\n2. 乙牌'), ...times(15, '1. 乙牌\n2. 甲牌')];
    expect(scored(close).map(({ place }) => place)).toEqual([
      { best: 1, worst: 2 },
      { best: 1, worst: 2 },
    ]);
    expect(scored(times(12, '看需求。')).map(({ place }) => place)).toEqual([null, null]);
  });

  it('order no brands while answers that were cut off may turn the order round', () => {
    const leading = times(30, '1. 甲牌：好用');
    const unheard = times(30, '先看需求，', { status: 'partial' });
    expect(scored([...leading, ...unheard]).map(({ place }) => place)).toEqual([
      { best: 1, worst: 2 },
      { best: 1, worst: 2 },
    ]);
  });
});
