import { describe, expect, it } from 'vitest';
import { extractAnswer } from './extract-answer.ts';

/** `甲1 乙2`: the list ranks of those that have one. */
function ranks(text: string): string {
  const brands = ['甲', '乙', '丙', 'Acme'].map((name) => ({ name }));
  return extractAnswer({ text, question: '', brands })
    .brands.flatMap(({ brand, listRank }) => (listRank === null ? [] : [`${brand}${listRank}`]))
    .join(' ');
}

describe('list rank', () => {
  it.each([
    ['Markdown numbers', '1. **甲**：好\n2. **乙**：好'],
    ['numbers all one', '1. 甲\n1. 乙'],
    ['Chinese marks', '1、甲\n2、乙'],
    ['brackets', '（1）甲\n（2）乙'],
    ['full width', '１．甲\n２．乙'],
    ['circled', '① 甲\n② 乙'],
    ['key caps', '1️⃣ 甲\n2️⃣ 乙'],
    ['Chinese numbers', '一、甲\n好\n二、乙\n好'],
    ['ordinals', '第一名：甲\n第二名：乙'],
    ['words', '首选：甲\n其次：乙'],
    ['one line', '首选甲，其次是乙。'],
    ['circled on one line', '推荐①甲②乙'],
    ['headings', '## 甲\n好\n## 乙\n好\n## 总结\n好'],
    ['numbered headings', '### 1. 甲\n\n好\n\n### 2. 乙\n\n好'],
    ['bold numbers', '**1. 甲**\n好\n\n**2. 乙**\n好'],
    ['bullets', '- 甲：好\n- 乙：好'],
    ['bold leads', '**甲**：好\n\n**乙**：好'],
    ['a quote', '> 1. 甲\n> 2. 乙'],
    ['numbers that go on under the next heading', '## 高端\n1. 甲\n好\n## 中端\n2. 乙'],
    ['medals', '🥇 甲\n🥈 乙'],
    ['TOP', 'TOP1 甲\nTOP2 乙'],
    ['a table', '| 品牌 | 好 |\n|---|---|\n| 甲 | 1 |\n| 乙 | 2 |'],
    ['a table with ranks', '| 排名 | 品牌 |\n| :-: | --- |\n| 1 | 甲 |\n| 2 | 乙 |'],
    ['remarks under each item', '1. 甲\n   - 对手：乙\n   - 丙也好\n2. 乙\n   - 好'],
    ['bullets at the margin under numbers', '1. 甲\n- 优点：好\n- 乙更贵\n2. 乙\n- 好'],
    ['paragraphs between', '1. 甲\n\n好的一段。\n\n2. 乙\n\n好。'],
    ['Chinese numbers outside', '一、推荐\n1、甲\n2、乙\n二、总结\n看需求'],
  ])('is read from %s', (_, text) => {
    expect(ranks(text)).toBe('甲1 乙2');
  });

  it('counts items of others: the place is that in the list', () => {
    expect(ranks('1. 张三\n2. 甲\n3. 李四\n4. 乙')).toBe('甲2 乙4');
  });

  it('gives all names of one head the same place', () => {
    expect(ranks('1. 甲、乙（并列）\n2. Acme')).toBe('甲1 乙1 Acme2');
    expect(ranks('- 第一梯队：甲和乙\n- 第二梯队：丙')).toBe('甲1 乙1 丙2');
    expect(ranks('第一名：甲\n第一名：乙\n第三名：丙')).toBe('甲1 乙1 丙3');
  });

  it('is about the head alone, and about every name in it', () => {
    expect(ranks('1. 甲：比乙便宜\n2. 丙（对标乙）：好')).toBe('甲1 丙2');
    expect(ranks('1. 甲 vs 乙：看需求\n2. 丙：好')).toBe('甲1 乙1 丙2');
  });

  it('does not take another list for a ranking', () => {
    expect(ranks('1. 看预算\n2. 看售后，例如甲\n3. 看口碑')).toBe('');
    expect(ranks('不推荐的品牌：\n1. 甲\n2. 乙')).toBe('');
    expect(ranks('甲于2024年发布。1.5亿人用乙。')).toBe('');
  });

  it('prefers the numbered list to a table of comparison', () => {
    expect(ranks('| 品牌 | 价 |\n|---|---|\n| 乙 | 1 |\n| 甲 | 2 |\n\n1. 甲\n2. 乙')).toBe('甲1 乙2');
  });
});
