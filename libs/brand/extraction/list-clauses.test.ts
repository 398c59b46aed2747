import { describe, expect, it } from 'vitest';
import { extractAnswer } from './extract-answer.ts';

const BRANDS = ['甲牌', '乙牌', '丙牌', 'Alfa'].map((name) => ({ name }));

function ranks(text: string): string {
  return extractAnswer({ text, question: '推荐什么？', brands: BRANDS })
    .brands.flatMap(({ brand, listRank }) => (listRank === null ? [] : [`${brand}${listRank}`]))
    .join(' ');
}

describe('the clauses of a rank in a list', () => {
  it.each([
    ['1.', '1. 甲牌：好\n2. 乙牌：好', '甲牌1 乙牌2'],
    ['1、', '1、甲牌\n2、乙牌', '甲牌1 乙牌2'],
    ['1)', '1) 甲牌\n2) 乙牌', '甲牌1 乙牌2'],
    ['①', '① 甲牌\n② 乙牌', '甲牌1 乙牌2'],
    ['1️⃣', '1️⃣ 甲牌\n2️⃣ 乙牌', '甲牌1 乙牌2'],
    ['一、', '一、甲牌\n二、乙牌', '甲牌1 乙牌2'],
    ['第一名', '第一名：甲牌，好\n第二名：乙牌', '甲牌1 乙牌2'],
    ['第一', '第一，甲牌\n第二，乙牌', '甲牌1 乙牌2'],
    ['First', 'First, Alfa is nice\nSecond, 乙牌', '乙牌2 Alfa1'],
    ['First:', 'First: Alfa\nSecond: 乙牌', '乙牌2 Alfa1'],
    ['bold numbered', '**1. 甲牌**\n好\n\n**2. 乙牌**\n好', '甲牌1 乙牌2'],
    ['heading numbered', '### 1. 甲牌\n好\n### 2. 乙牌\n好', '甲牌1 乙牌2'],
    ['inline ordinals', '首选甲牌；其次是乙牌；第三是丙牌。', '甲牌1 乙牌2 丙牌3'],
    ['inline ordinals clause', '首选甲牌，拍照好，其次是乙牌，再次丙牌。', '甲牌1 乙牌2 丙牌3'],
    ['ordinals per line', '首选甲牌，便宜。\n其次是乙牌，好。\n第三是丙牌。', '甲牌1 乙牌2 丙牌3'],
    ['single ordinal no list', '首选甲牌。乙牌也行。', ''],
    ['ordinals inside other items', '- 拍照：首选甲牌，其次是乙牌\n- 续航：丙牌', '甲牌1 乙牌2'],
    ['headings no nr', '## 甲牌\n好\n## 乙牌\n好', '甲牌1 乙牌2'],
    ['bullets', '- 甲牌：好\n- 乙牌：好', '甲牌1 乙牌2'],
    ['bullets counts others', '- 丁牌：好\n- 乙牌：好', '乙牌2'],
    ['table', '| 品牌 | 价 |\n|---|---|\n| 甲牌 | 1 |\n| 乙牌 | 2 |', '甲牌1 乙牌2'],
    ['table rank col', '| 排名 | 品牌 |\n|---|---|\n| 2 | 甲牌 |\n| 1 | 乙牌 |', '甲牌2 乙牌1'],
    ['table rank last col', '| 品牌 | 价 | 排名 |\n|---|---|---|\n| 甲牌 | 9 | 2 |\n| 乙牌 | 8 | 1 |', '甲牌2 乙牌1'],
    ['table brand second column', '| 用途 | 品牌 |\n|---|---|\n| 送礼 | 甲牌 |\n| 自用 | 乙牌 |', '甲牌1 乙牌2'],
    ['table first col any row', '| 品牌 | 对手 |\n|---|---|\n| 丁牌 | 甲牌 |\n| 乙牌 | 丙牌 |', '乙牌2'],
    ['table header names nothing', '| 项目 | 甲牌 | 乙牌 |\n|---|---|---|\n| 价格 | 1 | 2 |\n| 续航 | 3 | 4 |', ''],
    ['number goes on over text', '1. 甲牌：好\n\n说几句。\n- 子弹\n- 子弹二\n\n## 标题\n\n2. 乙牌', '甲牌1 乙牌2'],
    ['numbering restarts', '1. 看预算\n2. 看口碑\n\n1. 甲牌\n2. 乙牌', '甲牌1 乙牌2'],
    ['bullets go on over text and blank', '- 甲牌：好\n\n随便说说，很长的一段。\n\n- 乙牌：好', '甲牌1 乙牌2'],
    ['heading ends bullets', '- 甲牌：好\n- 乙牌\n\n## 另外\n- 丙牌\n- 丁牌', '甲牌1 乙牌2'],
    ['numbered ends bullets', '- 甲牌\n- 乙牌\n1. 其他\n2. 另外\n- 丙牌', '甲牌1 乙牌2'],
    ['indented never', '1. 预算\n   - 甲牌\n   - 乙牌\n2. 口碑\n   - 丙牌', ''],
    ['head bold span', '1. **甲牌** 乙牌对手：好\n2. **丙牌**', '甲牌1 丙牌2'],
    ['bold label w colon inside', '1. **首选：甲牌**\n2. **次选：乙牌**', '甲牌1 乙牌2'],
    ['head ends at colon', '1. 甲牌：胜过乙牌\n2. 丙牌', '甲牌1 丙牌2'],
    ['head ends at comma', '1. 甲牌，胜过乙牌\n2. 丙牌', '甲牌1 丙牌2'],
    ['head ends at fullstop', '1. 甲牌。乙牌次之\n2. 丙牌', '甲牌1 丙牌2'],
    ['head spaced dash', '1. Alfa - better than 乙牌\n2. 丙牌', '丙牌2 Alfa1'],
    ['long dash', '1. 甲牌——胜过乙牌\n2. 丙牌', '甲牌1 丙牌2'],
    ['brackets no head', '1. 某某（甲牌）：好\n2. 乙牌', '乙牌2'],
    ['brackets no head2', '1. 甲牌（对标丙牌）：好\n2. 乙牌', '甲牌1 乙牌2'],
    ['rank label', '- 首选：甲牌\n- 其次：乙牌', '甲牌1 乙牌2'],
    ['rank label en', '- Best overall: Alfa\n- Runner-up: 乙牌\n- Also good: 丙牌', '乙牌2 丙牌3 Alfa1'],
    ['label end of short label', '- 综合首选：甲牌\n- 性价比首选：乙牌', '甲牌1 乙牌2'],
    ['label en best', '1. Best for travel: Alfa\n2. Best budget: 乙牌', '乙牌2 Alfa1'],
    ['other label', '1. 送长辈：甲牌\n2. 送朋友：乙牌', ''],
    ['other label 2', '1. 价格：甲牌便宜\n2. 续航：乙牌好', ''],
    ['other label 3', '1. 预算有限：甲牌\n2. 追求性能：乙牌', ''],
    ['numbered label rank', '1. 性价比之选：甲牌\n2. 高端之选：乙牌', ''],
    ['main list most brands', '1. 甲牌\n2. 丁牌\n\n- 甲牌\n- 乙牌\n- 丙牌', '甲牌1 乙牌2 丙牌3'],
    ['tie numbered first', '- 乙牌\n- 甲牌\n\n1. 甲牌\n2. 乙牌', '甲牌1 乙牌2'],
    [
      'tie bullets before table',
      '| 品牌 | 价 |\n|---|---|\n| 乙牌 | 1 |\n| 甲牌 | 2 |\n\n- 甲牌\n- 乙牌',
      '甲牌1 乙牌2',
    ],
    ['tie first in text', '- 乙牌\n- 甲牌\n\n## 甲牌\n好\n## 乙牌\n好', '甲牌2 乙牌1'],
    ['only main list', '1. 甲牌\n2. 乙牌\n\n- 丙牌\n- 丁牌', '甲牌1 乙牌2'],
    ['printed repeats', '1. 甲牌\n2. 乙牌\n2. 丙牌\n4. Alfa', '甲牌1 乙牌2 丙牌2 Alfa4'],
    ['all the same', '1. 甲牌\n1. 乙牌\n1. 丙牌', '甲牌1 乙牌2 丙牌3'],
    ['starts at 3', '3. 甲牌\n4. 乙牌', '甲牌3 乙牌4'],
    ['descending', '3. 甲牌\n2. 乙牌\n1. 丙牌', '甲牌3 乙牌2 丙牌1'],
    ['two brands in a head', '1. 甲牌和乙牌\n2. 丙牌', '甲牌1 乙牌1 丙牌2'],
    ['vs head', '1. 甲牌 vs 乙牌：看需求\n2. 丙牌', '甲牌1 乙牌1 丙牌2'],
    ['smallest', '1. 甲牌 A\n2. 乙牌\n3. 甲牌 B', '甲牌1 乙牌2'],
    ['single item no list', '1. 甲牌', ''],
    ['sources list', '1. 甲牌\n2. 乙牌\n\n参考来源：\n1. 丙牌官网\n2. 知乎', '甲牌1 乙牌2'],
    ['sources list only', '说甲牌。\n\n参考来源：\n1. 甲牌官网\n2. 知乎', ''],
    ['sources list md', '## Sources\n1. Alfa site\n2. G2', ''],
  ])('%s: %j is %j', (_, text, expected) => {
    expect(ranks(text)).toBe(expected);
  });
});
