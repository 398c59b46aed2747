import { describe, expect, it } from 'vitest';
import { brandScores } from '../figures/scores.ts';
import { deepIntelligenceBodySchema } from './bodies.ts';
import { deepIntelligence } from './deep-intelligence.ts';
import { negativeSources } from './negative-sources.ts';
import { callsOf, closedRecord, inputWith, reportFor } from './status.fixture.ts';

const questions = Array.from({ length: 6 }, (_, index) => `推荐几款跑鞋 ${index}`);
const input = inputWith({ questions });
const calls = callsOf(input, (question, model) => {
  if (model === 'qwen') return '1. 云步\n2. 海澜鞋业\n推荐云步。';
  return question.endsWith('0') ? '推荐云步。' : `1. 云步\n2. 海澜鞋业\n${question.endsWith('1') ? '3. Strider' : ''}`;
});
const report = reportFor(input, calls);
const record = closedRecord({}, { input });

describe('deep intelligence (B16)', () => {
  it('is what its schema says', () => {
    const body = deepIntelligence({ record, report });
    expect(deepIntelligenceBodySchema.strict().parse(JSON.parse(JSON.stringify(body)))).toEqual(body);
  });

  it('scores brands by the published formula', () => {
    const { overall_score, brand_scores } = deepIntelligence({ record, report });
    const [own, rival] = brandScores(report.figures.bare.overall.brands);
    expect(overall_score).toBe(own?.score);
    expect(brand_scores.云步?.score).toBe(rival?.score);
    const { parts, score } = brand_scores.海澜鞋业!;
    expect(parts!.visibility + parts!.position + parts!.voice).toBeCloseTo(score!, 1);
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThanOrEqual(100);
  });

  it('compares the brands figure by figure, and says what may be chance', () => {
    const { competitive_analysis: analysis } = deepIntelligence({ record, report });
    expect(analysis.answers).toBe(12);
    // 11 and 12 of 12 answers are too alike to say which of the two is ahead.
    expect(
      analysis.brands.map(({ brand, is_main, ...each }) => [brand, is_main, each.best_place, each.worst_place]),
    ).toEqual([
      ['海澜鞋业', true, 1, 2],
      ['云步', false, 1, 2],
      ['Strider', false, 3, 3],
    ]);
    expect(analysis.brands.map(({ place }) => place)).toEqual([null, null, 3]);
    expect(analysis.brands[0]?.mention_rate).toMatchObject({
      value: 11 / 12,
      numerator: 11,
      denominator: 12,
      too_thin: false,
    });
    expect(analysis.gaps).toMatchObject([
      { rival: '云步', mention_gap: -0.0833, within_noise: true },
      { rival: 'Strider', mention_gap: 0.8333, within_noise: false },
    ]);
    expect(analysis.gaps[0]?.score_gap).toBeLessThan(0);
    expect(analysis.intercepted_by).toMatchObject([
      { question: '推荐几款跑鞋 0', interception: { numerator: 1, denominator: 2 } },
    ]);
  });

  it('has no score where every question names the brand, and nothing breaks', () => {
    const branded = inputWith({ questions: ['海澜鞋业怎么样'] });
    const own = callsOf(branded, () => '海澜鞋业很舒适。');
    const body = deepIntelligence({ record: closedRecord({}, { input: branded }), report: reportFor(branded, own) });
    expect(body).toMatchObject({ overall_score: null, competitive_analysis: { answers: 0 } });
    expect(body.competitive_analysis.brands[0]).toMatchObject({
      place: null,
      mention_rate: { value: null, low: null },
    });
    expect(body.competitive_analysis.gaps[0]).toEqual({
      rival: '云步',
      score_gap: null,
      mention_gap: null,
      within_noise: null,
    });
    expect(deepIntelligenceBodySchema.safeParse(body).success).toBe(true);
  });

  it('takes brands of any name', () => {
    const odd = inputWith({ brand: '__proto__', rivals: ['constructor', '<script>'] });
    const own = callsOf(odd, () => '1. __proto__\n2. constructor');
    const body = deepIntelligence({ record: closedRecord({}, { input: odd }), report: reportFor(odd, own) });
    expect(Object.keys(JSON.parse(JSON.stringify(body.brand_scores)))).toEqual([
      '__proto__',
      'constructor',
      '<script>',
    ]);
    expect(body.overall_score).toBeGreaterThan(0);
  });

  it('reads a run whose input nobody understands any more', () => {
    const body = deepIntelligence({ record: closedRecord({}, { input: { version: 2 } }), report });
    expect(body.overall_score).toBe(report.scores[0]?.score);
  });
});

describe('negative sources', () => {
  const source = (url: string, attitude: 'positive' | 'neutral' | 'negative') => ({ url, site_name: '知乎', attitude });
  const data = (mentioned: boolean, ...cited: ReturnType<typeof source>[]) => ({
    ...{ brand_mentioned: mentioned, rank: mentioned ? 1 : null, sentiment: 0, interception: false },
    cited_sources: cited,
  });
  const base = { ...report.results[0]!, question: 'q' };

  it('are pages in negative sentences of answers that mention the brand, once per answer', () => {
    const [a, b] = ['https://www.zhihu.com/p/1', 'https://bad.example.com/x'];
    const results = [
      { ...base, model: 'm', data: data(true, source(a, 'negative'), source(a, 'negative'), source(b, 'positive')) },
      { ...base, model: 'n', data: data(true, source(a, 'negative'), source(b, 'negative')) },
      { ...base, model: 'o', data: data(false, source(b, 'negative')) },
      { ...base, model: 'p', data: null },
    ];
    expect(negativeSources({ results })).toEqual([
      { url: a, site_name: '知乎', domain: 'zhihu.com', answers: 2, models: ['m', 'n'], questions: ['q'] },
      { url: b, site_name: '知乎', domain: 'example.com', answers: 1, models: ['n'], questions: ['q'] },
    ]);
  });
});

it('lists that grow with the questions have their first hundred entries, and their number', () => {
  const questions = Array.from({ length: 120 }, (_, index) => `推荐几款跑鞋 ${index}`);
  const input = inputWith({ questions, models: ['qwen'] });
  const report = reportFor(
    input,
    callsOf(input, () => '推荐云步。'),
  );
  const { competitive_analysis } = deepIntelligence({ record: closedRecord(), report });
  expect(competitive_analysis.intercepted_questions).toBe(120);
  expect(competitive_analysis.intercepted_by).toHaveLength(100);
});

describe('answers that were cut off (R2)', () => {
  it('leave no score, no place and no advice but to hear them out, and every body says so', () => {
    const two = inputWith({ models: ['qwen', 'zhipu'] });
    const cut = callsOf(two, () => ({ cut: '1. 云步：好。\n2. Strider：好。\n' }));
    const body = deepIntelligence({ record: closedRecord({}, { input: two }), report: reportFor(two, cut) });
    expect(deepIntelligenceBodySchema.strict().parse(body)).toEqual(body);
    expect(body).toMatchObject({
      ...{ partial: true, final: true, revision: 1, coverage: { calls: 2, whole: 0, partial: 2, failed: 0 } },
      ...{ overall_score: null, overall_score_low: 0 },
    });
    expect(body.overall_score_high).toBeGreaterThan(50);
    const [own] = body.competitive_analysis.brands;
    expect(own).toMatchObject({ place: null, best_place: 1, worst_place: 3 });
    expect(own?.mention_rate).toMatchObject({ value: null, least: 0, most: 1, unknown: 2 });
    expect(body.competitive_analysis.gaps.map(({ score_gap, within_noise }) => [score_gap, within_noise])).toEqual([
      [null, true],
      [null, true],
    ]);
    expect(body.recommendations.map(({ rule }) => rule)).toEqual(['low_coverage', 'too_few_answers']);
  });

  it('nobody mentioned: no brand has a place (R13)', () => {
    const quiet = callsOf(input, () => '看需求。');
    const body = deepIntelligence({ record, report: reportFor(input, quiet) });
    expect(body.competitive_analysis.brands.map(({ place }) => place)).toEqual([null, null, null]);
    expect(body.competitive_analysis.brands.map(({ best_place }) => best_place)).toEqual([null, null, null]);
  });
});
