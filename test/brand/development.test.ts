import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONTESTANTS } from './contestants.ts';
import { readLabelled } from './labelled-answers.ts';
import { GATES, judge, type Measures } from './measures.ts';

const { answers } = readLabelled(join(import.meta.dirname, 'development', 'answers.jsonl'));
const [extractor, ...naive] = CONTESTANTS.map((contestant) => judge(answers, contestant));

describe('the development half', () => {
  it('has the size and the mix that it claims', () => {
    const share = (pattern: RegExp): number => answers.filter(({ text }) => pattern.test(text)).length / answers.length;
    expect(answers).toHaveLength(80);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(80);
    expect(answers.filter(({ lang }) => lang === 'zh')).toHaveLength(56);
    expect(
      share(/^\s*(?:[-*>]\s*|#+\s*)?\**(?:[1１][.．、)：]|第一|首选|TOP1|一、)|①|🥇|#1 |首选|First,/m),
    ).toBeGreaterThan(0.5);
    expect(share(/\*\*/)).toBeGreaterThan(0.35);
    expect(share(/^\|/m)).toBeGreaterThan(0.04);
  });

  it('has consistent labels: ranks of mention count 1, 2, 3, and nothing is said of who is absent', () => {
    for (const { id, expect: expected } of answers) {
      const labels = Object.values(expected.brands);
      const order = labels.flatMap(({ mention_rank }) => (mention_rank === null ? [] : [mention_rank]));
      expect(
        order.sort((a, b) => a - b),
        id,
      ).toEqual(order.map((_, index) => index + 1));
      for (const { mentioned, mention_rank, list_rank, sentiment, recommended } of labels) {
        expect([mention_rank !== null, sentiment !== null], id).toEqual([mentioned, mentioned]);
        if (!mentioned) expect([list_rank, recommended], id).toEqual([null, false]);
      }
    }
  });

  it.each(Object.entries(GATES))('passes the gate of %s: %f', (name, gate) => {
    expect(extractor?.measures[name as keyof Measures]).toBeGreaterThanOrEqual(gate);
  });

  it('is read better than by the naive ways, in every measure of a gate', () => {
    for (const { measures } of naive) {
      for (const name of Object.keys(GATES) as (keyof Measures)[]) {
        expect(extractor?.measures[name], name).toBeGreaterThan(measures[name] as number);
      }
    }
  });
});

describe('the measures', () => {
  it('fall when an answer is read wrongly', () => {
    const blind = judge(answers, { name: 'blind', read: () => ({ brands: {}, urls: [], named_sources: [] }) });
    expect(blind.measures).toMatchObject({ mentionF1: 0, exactRank: 0, urlF1: 0 });
    const perfect = judge(answers, { name: 'perfect', read: ({ expect: labels }) => labels });
    expect(perfect.measures).toMatchObject({ mentionF1: 1, exactRank: 1, urlF1: 1, sentiment: 1, recommended: 1 });
    expect(perfect.mistakes).toEqual([]);
  });
});
