import { describe, expect, it } from 'vitest';
import { extractAnswer } from '../extraction/extract-answer.ts';
import type { AnswerRow } from '../figures/answer-row.ts';
import { diagnosisInput } from './input.ts';
import { furtherCalls } from './spend.ts';

const input = (changes: Readonly<Record<string, unknown>> = {}) =>
  diagnosisInput.parse({
    ...{ brand: '云步', rivals: ['Strider'], questions: ['a', 'b', '云步怎么样'], models: ['m', 'n'], repeats: 4 },
    ...changes,
  });

/** Eight answers to each question, of which so many name the brand. */
function rows(named: Readonly<Record<string, number>>): AnswerRow[] {
  return Object.entries(named).flatMap(([question, count]) =>
    Array.from({ length: 8 }, (_, index) => ({
      ...{ question, model: index % 2 === 0 ? 'm' : 'n', branded: question.includes('云步'), repeat: 1 + (index >> 1) },
      status: 'whole' as const,
      findings: extractAnswer({
        text: index < count ? '推荐云步。' : '看需求。',
        question,
        brands: [{ name: '云步' }],
      }),
    })),
  );
}

describe('further repeats', () => {
  it('are spent on the question whose interval is widest, with all models', () => {
    const calls = furtherCalls(input({ until: 0.2, maxCalls: 30 }), rows({ a: 4, b: 8, 云步怎么样: 8 }));
    expect(calls).toEqual([
      { question: 0, model: 'm', repeat: 5 },
      { question: 0, model: 'n', repeat: 5 },
      { question: 0, model: 'm', repeat: 6 },
      { question: 0, model: 'n', repeat: 6 },
      { question: 0, model: 'm', repeat: 7 },
      { question: 0, model: 'n', repeat: 7 },
    ]);
  });

  it('end when every question is known well enough, or the calls are spent', () => {
    const all = rows({ a: 4, b: 4, 云步怎么样: 8 });
    const enough = furtherCalls(input({ until: 0.2, maxCalls: 1_000 }), all);
    const of = (question: number) => enough.filter((call) => call.question === question).length;
    // ± 20 points of a share of one half take about 21 answers.
    expect([of(0), of(1), of(2)]).toEqual([14, 14, 0]);
    expect(24 + furtherCalls(input({ until: 0.01, maxCalls: 100 }), all).length).toBeLessThanOrEqual(100);
    expect(24 + furtherCalls(input({ until: 0.01 }), all).length).toBe(72);
  });

  it('are none without a wanted precision, or where it is reached', () => {
    expect(furtherCalls(input(), rows({ a: 4, b: 4 }))).toEqual([]);
    expect(furtherCalls(input({ until: 0.5 }), rows({ a: 4, b: 4 }))).toEqual([]);
  });
});
