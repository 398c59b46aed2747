import { describe, expect, it } from 'vitest';
import { callTimeoutMs, complexityOf, familyOf, tableTimeoutMs } from './timeouts.ts';

describe('timeouts', () => {
  it.each([
    [0, 'simple'],
    [19, 'simple'],
    [20, 'normal'],
    [49, 'normal'],
    [50, 'complex'],
  ])('X8: %i characters are %s', (chars, complexity) => {
    expect(complexityOf('问'.repeat(chars))).toBe(complexity);
    expect(complexityOf('🚗'.repeat(chars))).toBe(complexity);
  });

  it.each([
    ['doubao', [15, 30, 60]],
    ['qwen', [10, 20, 45]],
    ['deepseek', [15, 30, 60]],
    ['zhipu', [10, 20, 45]],
    ['some-new-model', [10, 20, 45]],
  ])('B26: the row of %s is %j seconds', (model, seconds) => {
    expect([1, 20, 50].map((chars) => tableTimeoutMs(model, 'x'.repeat(chars)) / 1_000)).toEqual(seconds);
  });

  it('B26: knows a family by the names of its models, unless configuration says which', () => {
    expect(['豆包', 'qwen-max', 'DeepSeek-V3', 'glm-4', '通义千问'].map((name) => familyOf(name))).toEqual([
      'doubao',
      'qwen',
      'deepseek',
      'zhipu',
      'qwen',
    ]);
    expect(familyOf('ep-20260101', 'doubao')).toBe('doubao');
  });

  it('X7, R5: a call may take all that is left of the deadline, and the table’s time where there is none', () => {
    const qwen = { name: 'qwen', family: undefined };
    expect(callTimeoutMs(qwen, '十一个字的一个问题吗', 17_000)).toBe(17_000);
    expect(callTimeoutMs(qwen, '十一个字的一个问题吗', 2_000)).toBe(2_000);
    expect(callTimeoutMs(qwen, '十一个字的一个问题吗', -5)).toBe(0);
    expect(callTimeoutMs(qwen, '十一个字的一个问题吗', undefined)).toBe(10_000);
  });
});
