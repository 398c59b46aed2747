import { describe, expect, it } from 'vitest';
import { extractAnswer } from '../extraction/extract-answer.ts';
import type { AnswerRow } from './answer-row.ts';
import { discoveredBrands } from './discovery.ts';

const BRANDS = [{ name: '云步' }, { name: 'Hoka' }];

const row = (text: string, model = 'm'): AnswerRow => ({
  ...{ question: 'q', model, branded: false, repeat: 1, status: 'whole' },
  findings: extractAnswer({ text, question: '', brands: BRANDS }),
});

describe('brands that nobody listed', () => {
  it('are found beside those that somebody did, with their answers and models', () => {
    const rows = [
      row('推荐：\n1. **云步 A1**：轻\n2. **深蓝 S7**：稳\n3. **青山（新款）**：耐磨', 'qwen'),
      row('1. 深蓝 X3：便宜\n2. 云步：轻\n3. Brooks Ghost 15: soft', 'zhipu'),
      row('| 品牌 | 特点 |\n|---|---|\n| Hoka | soft |\n| Brooks Adrenaline | stable |', 'zhipu'),
    ];
    expect(discoveredBrands(rows)).toEqual([
      { name: 'Brooks', answers: 2, of: 3, models: ['zhipu'] },
      { name: '深蓝', answers: 2, of: 3, models: ['qwen', 'zhipu'] },
    ]);
  });

  it('are no criteria, no remarks and no names from lists of other things', () => {
    const rows = Array.from({ length: 3 }, () =>
      row(
        '先看三点：\n1. 缓震性\n2. 价格\n\n推荐：\n- 云步：轻\n- 适合新手的款\n- 注意事项：试穿\n\n来源：\n1. 知乎\n2. 豆瓣',
      ),
    );
    expect(discoveredBrands(rows)).toEqual([]);
  });

  it('are not offered for one answer, nor for questions that name the brand', () => {
    expect(discoveredBrands([row('1. 云步\n2. 深蓝')])).toEqual([]);
    expect(discoveredBrands([row('1. 云步\n2. 深蓝'), { ...row('1. 云步\n2. 深蓝'), branded: true }])).toEqual([]);
  });
});
