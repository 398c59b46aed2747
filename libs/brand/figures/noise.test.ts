import { describe, expect, it } from 'vitest';
import { extractAnswer } from '../extraction/extract-answer.ts';
import type { AnswerRow } from './answer-row.ts';
import { noiseOf } from './noise.ts';

const BRANDS = [{ name: '甲牌', domains: [] }];

function rows(repeats: number, texts: (question: number, repeat: number) => string): AnswerRow[] {
  return Array.from({ length: 6 * repeats }, (_, index) => {
    const [question, repeat] = [Math.floor(index / repeats), index % repeats];
    const findings = extractAnswer({ text: texts(question, repeat), question: '', brands: BRANDS });
    return { question: `q${question}`, model: 'm', branded: false, repeat: repeat + 1, status: 'whole', findings };
  });
}

describe('the noise of a run', () => {
  it('is nothing where repeats say the same, however much questions differ', () => {
    const [own] =
      noiseOf(
        rows(4, (question) => (question % 2 === 0 ? '推荐甲牌。' : '看需求。')),
        BRANDS,
      ) ?? [];
    expect(own?.halves.mentionRate).toBe(0);
  });

  it('is what two halves differ by where repeats differ', () => {
    const [own] =
      noiseOf(
        rows(4, (_question, repeat) => (repeat % 2 === 0 ? '推荐甲牌。' : '看需求。')),
        BRANDS,
      ) ?? [];
    expect(own?.halves.mentionRate).toBeGreaterThan(0.05);
    expect(own?.halves.mentionRate).toBeLessThan(0.5);
    expect(own?.halves.citationRate).toBeNull();
  });

  it('is not known without repeats', () => {
    expect(
      noiseOf(
        rows(1, () => '推荐甲牌。'),
        BRANDS,
      ),
    ).toBeUndefined();
  });
});
