/** Whom an answer recommends and whom it warns of: announcements of lists, and labels of advice. */
import { describe, expect, it } from 'vitest';
import { extractAnswer } from './extract-answer.ts';

const BRANDS = ['NordVPN', 'Surfshark', 'PureVPN', '云步', '海澜鞋业', 'Strider'].map((name) => ({ name }));

function advised(text: string, question = '推荐几款') {
  const { brands } = extractAnswer({ text, question, brands: BRANDS });
  const names = (holds: (each: (typeof brands)[number]) => boolean) => brands.filter(holds).map(({ brand }) => brand);
  return { for: names(({ recommended }) => recommended), against: names(({ discouraged }) => discouraged) };
}

describe('the announcement of a list (R6)', () => {
  const list = '\n\n1. **云步**：轻\n2. **海澜鞋业**：耐磨\n';

  it.each([
    '以下是几款性价比比较高的跑鞋：',
    '目前口碑比较好的跑鞋有：',
    '比较适合新手的是这几双：',
    '大家买得比较多的跑鞋：',
    '综合比较下来，值得推荐的有：',
    '跑鞋对比与推荐：',
    'Comparatively cheap shoes:',
    'Compared with last year, prices fell. Shoes to look at:',
    'A quick overview of the best shoes:',
  ])('that advises leaves the list an advice: %s', (intro) => {
    expect(advised(intro + list).for).toEqual(['云步', '海澜鞋业']);
  });

  it.each([
    '各品牌比较如下：',
    '两款跑鞋的性能比较：',
    '参数对比：',
    '以下是概览：',
    'Here is a comparison:',
    'These shoes, compared:',
  ])('that only compares does not: %s', (intro) => {
    expect(advised(intro + list, '有什么区别').for).toEqual([]);
  });
});

describe('a label of advice (R7)', () => {
  it('warns of what stands behind it, not of the item above', () => {
    const bold = '**NordVPN**: fast and private.\n**Surfshark**: cheap.\n\n**Avoid:** PureVPN';
    expect(advised(bold, 'Best VPN?')).toEqual({ for: ['NordVPN', 'Surfshark'], against: ['PureVPN'] });
    expect(advised('1. 云步：轻。\n2. 海澜鞋业：耐磨。\n不推荐：Strider，太贵。')).toEqual({
      for: ['云步', '海澜鞋业'],
      against: ['Strider'],
    });
  });

  it.each([
    ['- NordVPN: fast.\n- Surfshark: cheap.\n\n**Steer clear of:** PureVPN, it logs.', ['PureVPN']],
    ['- NordVPN：快。\n- Surfshark：便宜。\n\n**避坑：** PureVPN', ['PureVPN']],
    ['- NordVPN：快。\n\n谨慎选择：PureVPN、Surfshark', ['Surfshark', 'PureVPN']],
    ['**Skip:** PureVPN; choose NordVPN.', ['PureVPN']],
  ])('names each of those it warns of: %j', (text, against) => {
    expect(advised(text, 'Best VPN?').against).toEqual(against);
  });

  it('for something recommends what stands behind it', () => {
    expect(advised('首选：云步。备选方案看预算。', '怎么选').for).toEqual(['云步']);
  });

  it('that gives reasons or names people is no advice on what follows', () => {
    expect(advised('1. 云步：轻。\n   - 推荐理由：比 Strider 轻\n2. 海澜鞋业：耐磨。').for).toEqual([
      '云步',
      '海澜鞋业',
    ]);
    expect(advised('1. 云步：轻。\n   - 不推荐人群：预算有限者\n2. 海澜鞋业：耐磨。').against).toEqual([]);
  });

  it('within an item that names nobody still speaks of the item', () => {
    expect(advised('1. 云步：轻。\n2. 海澜鞋业：硬。\n   - 不推荐：脚宽的人会疼', '怎么选').against).toEqual([
      '海澜鞋业',
    ]);
  });
});

describe('advice in words', () => {
  it.each([
    ['Strider 就别碰了。', ['Strider']],
    ['没必要为 Strider 多花一倍钱。', ['Strider']],
    ['I would not buy PureVPN.', ['PureVPN']],
    ['Do not bother with PureVPN.', ['PureVPN']],
    ['Think twice about PureVPN.', ['PureVPN']],
  ])('against: %s', (text, against) => {
    expect(advised(text, '怎么选').against).toEqual(against);
  });

  it.each([
    ['预算够的话可以了解云步。', ['云步']],
    ["You can't go wrong with Surfshark.", ['Surfshark']],
    ['NordVPN is perfect for travel.', ['NordVPN']],
    ["I'd get Surfshark.", ['Surfshark']],
  ])('for: %s', (text, wanted) => {
    expect(advised(text, '怎么选').for).toEqual(wanted);
  });
});
