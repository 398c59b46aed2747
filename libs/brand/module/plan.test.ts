import { describe, expect, it } from 'vitest';
import { diagnosisInput } from './input.ts';
import { isBranded, planCalls } from './plan.ts';

const input = (more: object = {}) =>
  diagnosisInput.parse({ brand: '小米', questions: ['推荐手机', '小米好吗'], models: ['qwen', 'zhipu'], ...more });

describe('the calls of a diagnosis', () => {
  it('are every question to every model, as often as it is to be repeated', () => {
    expect(planCalls(input({ repeats: 3 }))).toHaveLength(12);
  });

  it('hold no call twice, whatever is named twice', () => {
    expect(planCalls(input({ questions: ['a', 'a', 'b'], models: ['qwen', 'qwen'] }))).toEqual([
      { question: 0, model: 'qwen', repeat: 1 },
      { question: 2, model: 'qwen', repeat: 1 },
    ]);
  });

  it('are branded when their question names the brand, and not when it means something else', () => {
    const withPorridge = input({ brand: { name: '小米', negativeContexts: ['小米粥'] } });
    expect(isBranded('小米好吗', withPorridge)).toBe(true);
    expect(isBranded('小米粥怎么煮', withPorridge)).toBe(false);
    expect(isBranded('推荐手机', withPorridge)).toBe(false);
  });
});
