import { describe, expect, it } from 'vitest';
import type { Brand } from './brand.ts';
import { extractAnswer } from './extract-answer.ts';
import { isOrdinaryWord, ordinaryNames } from './ordinary-words.ts';

function named(text: string, ...brands: readonly Brand[]): string[] {
  const found = extractAnswer({ text, question: '', brands }).brands;
  return found.filter(({ mentioned }) => mentioned).map(({ brand }) => brand);
}

describe('a brand that is an ordinary word (R9)', () => {
  it.each(['理想', '小米', '苹果', '石头', '永久', 'On', 'Notion', 'Away', 'Monday', 'Apple', 'Gap'])(
    'is known as one: %s',
    (name) => {
      expect(isOrdinaryWord(name)).toBe(true);
    },
  );

  it.each(['比亚迪', '华为', '海澜鞋业', '科沃斯', 'Asana', 'Hoka', 'NordVPN', 'vivo X100', '7-Eleven', ''])(
    'is not: %s',
    (name) => {
      expect(isOrdinaryWord(name)).toBe(false);
    },
  );

  it('is asked for its contexts and its case, until they are given', () => {
    expect(ordinaryNames({ name: '理想汽车', aliases: ['理想'] })).toEqual(['理想']);
    expect(ordinaryNames({ name: '理想', negativeContexts: ['理想的'] })).toEqual([]);
    expect(ordinaryNames({ name: 'Notion' })).toEqual(['Notion']);
    expect(ordinaryNames({ name: 'Notion', caseSensitive: true })).toEqual([]);
    expect(ordinaryNames({ name: '比亚迪' })).toEqual([]);
  });

  it('is not mentioned where the word describes something', () => {
    expect(named('这是比较理想的选择。', { name: '理想' })).toEqual([]);
    expect(named('续航不理想，也不是理想状态。', { name: '理想', negativeContexts: ['理想状态'] })).toEqual([]);
    expect(named('买了之后效果很理想。', { name: '理想' })).toEqual([]);
    expect(named('推荐理想 L6，或者理想汽车的其他车型。', { name: '理想' })).toEqual(['理想']);
    expect(named('要不理想、要不蔚来。', { name: '理想' })).toEqual(['理想']);
  });

  it('in Latin letters counts as it is written, or in capitals', () => {
    const notion = { name: 'Notion' };
    expect(named('the notion of work', notion)).toEqual([]);
    expect(named('Use Notion.', notion)).toEqual(['Notion']);
    expect(named('NOTION', notion)).toEqual(['Notion']);
    expect(named('I use notion daily', { ...notion, caseSensitive: false })).toEqual(['Notion']);
    expect(named('available on sale', { name: 'On' })).toEqual([]);
  });

  it('of another kind is found in any case, unless it is asked otherwise', () => {
    expect(named('try nordvpn', { name: 'NordVPN' })).toEqual(['NordVPN']);
    expect(named('try nordvpn', { name: 'NordVPN', caseSensitive: true })).toEqual([]);
    expect(named('use slack', { name: 'slack' })).toEqual(['slack']);
  });
});

describe('traditional letters (R8)', () => {
  it('are the same letters as simplified ones, in names, advice and praise', () => {
    const text = '以下是推薦：\n1. **華為**：續航長，值得購買。\n2. 聯想：價格貴，不推薦。';
    const { brands } = extractAnswer({ text, question: '推薦手機', brands: [{ name: '华为' }, { name: '联想' }] });
    expect(brands).toMatchObject([
      { mentioned: true, listRank: 1, recommended: true, sentiment: 'positive' },
      { mentioned: true, listRank: 2, recommended: false, discouraged: true },
    ]);
    // The evidence is quoted as it was written.
    expect(brands[0]?.evidence?.sentence).toContain('華為');
    expect(named('华为手机', { name: '華為' })).toEqual(['華為']);
  });
});
