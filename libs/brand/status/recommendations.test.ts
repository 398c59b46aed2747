import { describe, expect, it } from 'vitest';
import type { DiagnosisInput } from '../module/input.ts';
import type { CallItem, SourceItem } from '../module/items.ts';
import type { ReadPage } from '../module/report.ts';
import type { NegativeSource } from './negative-sources.ts';
import { RECOMMENDATION_RULES } from './recommendation-rules.ts';
import { RECOMMENDATION_WORDS } from './recommendation-words.ts';
import { recommendationsOf } from './recommendations.ts';
import { callsOf, inputWith, reportFor } from './status.fixture.ts';

const NAMES_ALL = '1. 海澜鞋业\n2. 云步\n3. Strider';
const questions = Array.from({ length: 6 }, (_, index) => `推荐几款跑鞋 ${index}`);

interface Given {
  readonly input?: Readonly<Record<string, unknown>>;
  readonly answer?: Parameters<typeof callsOf>[1];
  readonly sources?: readonly ReadPage[];
  readonly negative?: readonly NegativeSource[];
}

function recommended({ input: changes = {}, answer = () => NAMES_ALL, sources = [], negative = [] }: Given) {
  const input: DiagnosisInput = inputWith({ questions, ...changes });
  const calls: CallItem[] = callsOf(input, answer);
  return recommendationsOf({ report: reportFor(input, calls, sources), input, negative, isLast: true });
}

function rules(given: Given): string[] {
  return recommended(given).map(({ rule }) => rule);
}

function page(url: string, brands: string[], status: SourceItem['status'] = 'read'): ReadPage {
  return { url, answers: 2, status, title: '', brands, error: null };
}

describe('recommendations (B16)', () => {
  it('are none when nothing stands out', () => {
    expect(recommended({})).toEqual([]);
  });

  it('begin with asking again when calls failed, urgently when most did', () => {
    const failing = (share: number) => (question: string) =>
      Number(question.slice(-1)) < share ? ({ fails: 'timeout' } as const) : NAMES_ALL;
    expect(recommended({ answer: failing(2) })[0]).toMatchObject({
      rule: 'low_coverage',
      priority: 'medium',
      numbers: { whole: 8, partial: 0, failed: 4, pending: 0, calls: 12 },
      reason: '12 个回答中完整的 8 个，被截断 0 个，失败 4 个：未听到的部分可能改变任何数字。',
    });
    expect(recommended({ answer: failing(4) })[0]).toMatchObject({ rule: 'low_coverage', priority: 'high' });
    expect(rules({ answer: failing(1) })).not.toContain('low_coverage');
  });

  it('ask for more when there are too few answers to compare', () => {
    const found = recommended({ input: { questions: questions.slice(0, 4) } });
    expect(found).toMatchObject([{ rule: 'too_few_answers', numbers: { answers: 8, enough: 10 } }]);
    expect(rules({ input: { questions: questions.slice(0, 5) } })).toEqual([]);
  });

  it('say first that answers were cut off, and advise nothing that their rest may contradict (R2)', () => {
    const cutOff = (question: string) => ({
      cut: `关于${question}，可以从脚型看起，1. 云步：好。\n2. Strider：好。\n`,
    });
    expect(rules({ answer: cutOff })).toEqual(['low_coverage', 'too_few_answers']);
    const urgent = (question: string, model: string) =>
      model === 'zhipu' && Number(question.slice(-1)) < 3 ? cutOff(question) : '推荐云步。';
    expect(rules({ answer: urgent })[0]).toBe('low_coverage');
    expect(rules({ answer: urgent })).toContain('intercepted');
    expect(rules({ answer: urgent })).not.toContain('not_visible');
  });

  it('name the rivals where the brand is in no answer', () => {
    const found = recommended({ answer: () => '1. 云步\n2. Strider' });
    expect(found[0]).toMatchObject({ rule: 'not_visible', priority: 'high', subjects: ['云步', 'Strider'] });
    expect(found[0]?.reason).toBe('12 个回答中没有一个提到海澜鞋业，而提到了云步、Strider。');
  });

  it('name a rival that is ahead by more than chance, and none that may be', () => {
    const named = (share: number) => (question: string) =>
      Number(question.slice(-1)) < share ? NAMES_ALL : '只有云步。';
    expect(recommended({ answer: named(1) })).toContainEqual(
      expect.objectContaining({
        rule: 'behind_rival',
        subjects: ['云步'],
        numbers: { mentioned: 2, answers: 12, rival_mentioned: 12 },
      }),
    );
    expect(rules({ answer: named(5) })).not.toContain('behind_rival');
  });

  it('name the questions in which a rival is recommended instead', () => {
    const answer = (question: string) => (question.endsWith('3') ? '推荐云步。' : NAMES_ALL);
    expect(recommended({ answer })).toContainEqual(
      expect.objectContaining({
        rule: 'intercepted',
        priority: 'medium',
        subjects: ['推荐几款跑鞋 3'],
        numbers: { intercepted: 2, answers: 12 },
      }),
    );
    expect(recommended({ answer: () => '推荐云步。' })).toContainEqual(
      expect.objectContaining({ rule: 'intercepted', priority: 'high' }),
    );
  });

  it('take up what is said against the brand, in bare or in branded questions', () => {
    const bad = '海澜鞋业质量很差，容易开胶，不推荐。';
    expect(rules({ answer: () => bad })).toContain('negative_sentiment');
    const branded = (question: string) => (question === '海澜鞋业怎么样' ? bad : NAMES_ALL);
    const input = { questions: [...questions, '海澜鞋业怎么样'], models: ['a', 'b', 'c', 'd', 'e'] };
    expect(recommended({ input, answer: branded })).toContainEqual(
      expect.objectContaining({ rule: 'negative_sentiment', numbers: { negative: 5, positive: 0, mentioned: 5 } }),
    );
    // Two answers may be negative by chance.
    expect(rules({ input: { ...input, models: ['a', 'b'] }, answer: branded })).not.toContain('negative_sentiment');
  });

  it('name cited pages that name a rival and not the brand, among those that were read', () => {
    const sources = [
      page('https://a.example.com/1', ['云步']),
      page('https://b.example.com/2', ['海澜鞋业', '云步']),
      page('https://c.example.com/3', []),
      page('https://d.example.com/4', ['云步'], 'failed'),
    ];
    expect(recommended({ sources })).toMatchObject([
      { rule: 'absent_from_sources', subjects: ['https://a.example.com/1'], numbers: { pages: 1, citations: 2 } },
    ]);
  });

  it('name models that never mention the brand while others do', () => {
    const answer = (_question: string, model: string) => (model === 'zhipu' ? '只有云步。' : NAMES_ALL);
    expect(recommended({ answer })).toContainEqual(
      expect.objectContaining({ rule: 'invisible_to_model', subjects: ['zhipu'], numbers: { models: 1, answers: 6 } }),
    );
  });

  it('speak of own pages only when they are known', () => {
    const answer = () => `${NAMES_ALL}\n见 https://www.zhihu.com/p/1 。`;
    expect(rules({ answer })).not.toContain('own_pages_not_cited');
    const input = { brand: { name: '海澜鞋业', domains: ['hailan.example.com'] } };
    expect(recommended({ input, answer })).toContainEqual(
      expect.objectContaining({ rule: 'own_pages_not_cited', subjects: ['hailan.example.com'] }),
    );
  });

  it('come last where the brand is named late', () => {
    const rivals = ['云步', 'Strider', 'Aerun'];
    const answer = () => '1. 云步\n2. Strider\n3. Aerun\n4. 海澜鞋业';
    expect(recommended({ input: { rivals }, answer }).at(-1)).toMatchObject({
      rule: 'low_rank',
      priority: 'low',
      numbers: { average_rank: 4, mentioned: 12 },
    });
  });

  it('name pages that are cited against the brand, five at most', () => {
    const negative = Array.from({ length: 7 }, (_, index) => ({
      ...{ site_name: '', domain: null, answers: 1, models: [], questions: [] },
      url: `https://n.example.com/${index}`,
    }));
    const [found] = recommended({ negative });
    expect(found).toMatchObject({ rule: 'negative_sources', numbers: { pages: 7, citations: 7 } });
    expect(found?.subjects).toHaveLength(5);
  });

  it('speak the language of the run, or else of its questions', () => {
    const answer = () => '1. 云步\n2. Strider';
    expect(recommended({ answer })[0]?.text).toContain('让海澜鞋业');
    expect(recommended({ answer, input: { language: 'en' } })[0]?.text).toContain('Make 海澜鞋业 known');
    expect(recommended({ answer, input: { questions: ['which running shoes'] } }).at(0)?.text).toMatch(/^Make/);
  });

  it('put the urgent ones first', () => {
    const order = ['high', 'medium', 'low'];
    const found = recommended({ answer: () => '推荐云步。', sources: [page('https://a.example.com/1', ['云步'])] });
    const places = found.map(({ priority }) => order.indexOf(priority));
    expect(places.length).toBeGreaterThan(2);
    expect(places).toEqual([...places].sort());
  });

  it('have words for every rule in both languages, which name each number that they are given', () => {
    const numbers = new Proxy({}, { get: (_target, name) => `«${String(name)}»` }) as Record<string, number>;
    for (const rule of RECOMMENDATION_RULES) {
      const [en, zh] = (['en', 'zh'] as const).map((language) => {
        return [false, true].map((isPreliminary) => {
          const facts = { brand: 'B', numbers, subjects: ['S'], isPreliminary };
          const { text, reason } = RECOMMENDATION_WORDS[language][rule](facts);
          expect(text.length, rule).toBeGreaterThan(5);
          return [...`${text}${reason}`.matchAll(/«\w+»/g)].map(([name]) => name).sort();
        });
      });
      expect(zh, rule).toEqual(en);
      expect(en?.[0]?.length, rule).toBeGreaterThan(0);
    }
  });
});
