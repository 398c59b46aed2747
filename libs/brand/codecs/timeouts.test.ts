import { describe, expect, it } from 'vitest';
import { complexityOf, effectiveTimeoutMs, familyOf, tableTimeoutMs } from './timeouts.ts';

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

  it('X7: a call has the table’s time or what the deadline leaves after the reserve', () => {
    expect(effectiveTimeoutMs(15_000, 20_000)).toBe(15_000);
    expect(effectiveTimeoutMs(30_000, 20_000)).toBe(17_000);
    expect(effectiveTimeoutMs(10_000, 5_000)).toBe(2_000);
    expect(effectiveTimeoutMs(10_000, 2_000)).toBe(0);
    expect(effectiveTimeoutMs(10_000, 5_000, 0)).toBe(5_000);
  });
});
