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

describe('advice in prose', () => {
  it.each<[string, string[]]>([
    ['预算足选云步，预算紧就海澜鞋业。', ['云步', '海澜鞋业']],
    ['追求脚感的话上云步，想省钱看海澜鞋业。', ['云步', '海澜鞋业']],
    ['预算充足直接上云步。', ['云步']],
    ['要我说，闭眼冲云步就行。', ['云步']],
    ['综合来看，云步更值。', ['云步']],
    ['如果只买一双，我会买云步。', ['云步']],
    ['新手入门买海澜鞋业就够了。', ['海澜鞋业']],
    ['想跑马拉松，云步是更稳妥的选择。', ['云步']],
    ['云步是个不错的选择。', ['云步']],
    ['日常通勤穿海澜鞋业就好。', ['海澜鞋业']],
    ['通勤用海澜鞋业足够了，没必要买云步。', ['海澜鞋业']],
    ['我个人投云步一票。', ['云步']],
    ['预算有限的，海澜鞋业性价比最高，可以冲。', ['海澜鞋业']],
    ['看重缓震就云步，看重轻量就海澜鞋业。', ['云步', '海澜鞋业']],
    ['选云步不会错。', ['云步']],
    ['大体重跑者选择云步更合适。', ['云步']],
    ['云步更合适大体重跑者。', ['云步']],
    ['On a budget, get NordVPN; otherwise Strider is the one to buy.', ['NordVPN', 'Strider']],
    ['If you want cushioning, Strider is hard to beat.', ['Strider']],
    ['For most people, NordVPN is your best bet.', ['NordVPN']],
    ['NordVPN is a safe bet for beginners.', ['NordVPN']],
    ['I would lean towards Strider.', ['Strider']],
    ['If money is no object, buy Strider.', ['Strider']],
    ['Start with NordVPN.', ['NordVPN']],
    ['Look at NordVPN first.', ['NordVPN']],
    ['NordVPN should be at the top of your list.', ['NordVPN']],
    ['You will be happy with NordVPN.', ['NordVPN']],
    ['Strider deserves a spot on your shortlist.', ['Strider']],
    ['Beginners should try NordVPN.', ['NordVPN']],
    ['Overall, Strider wins.', ['Strider']],
    ['NordVPN makes the most sense for wide feet.', ['NordVPN']],
    ['Opt for Strider if your knees hurt.', ['Strider']],
    ['Consider Strider if your knees hurt.', ['Strider']],
    ['综上，云步是这个价位里最均衡的选择。', ['云步']],
    ['预算在三百以内就看海澜鞋业。', ['海澜鞋业']],
    ['喜欢软弹的朋友可以冲云步。', ['云步']],
    ['如果你体重偏大，云步更稳妥。', ['云步']],
    ['我的答案是云步。', ['云步']],
    ['想一步到位就买云步。', ['云步']],
    ['不差钱上云步，图便宜海澜鞋业也行。', ['云步', '海澜鞋业']],
    ['论性价比，海澜鞋业胜出。', ['海澜鞋业']],
    ['第一次跑步，海澜鞋业足矣。', ['海澜鞋业']],
    ['送长辈的话，云步很合适。', ['云步']],
    ['云步闭眼买。', ['云步']],
    ['拿不定主意就选云步。', ['云步']],
    ['对新手来说海澜鞋业更友好，先从它开始。', ['海澜鞋业']],
    ['跑量大的，云步优先。', ['云步']],
    ['Pick NordVPN for long runs and Strider for races.', ['NordVPN', 'Strider']],
    ['NordVPN is what I would buy.', ['NordVPN']],
    ['Strider is the better choice for heavy runners.', ['Strider']],
    ['My money is on Strider.', ['Strider']],
    ['Beginners are better off with NordVPN.', ['NordVPN']],
    ['When in doubt, get Strider.', ['Strider']],
    ['NordVPN would be my first choice.', ['NordVPN']],
    ['Give NordVPN a try.', ['NordVPN']],
    ['Strider edges it for me.', ['Strider']],
    ['NordVPN is the sensible buy here.', ['NordVPN']],
    ['You should look at Strider.', ['Strider']],
    ['总体而言，云步是更省钱的那一个，建议入手。', ['云步']],
    ['卧室装海澜鞋业就可以了。', ['海澜鞋业']],
    ['预算宽裕优先考虑云步。', ['云步']],
    ['看重静音，海澜鞋业是首选。', ['海澜鞋业']],
    ['如果家里有老人，买海澜鞋业放心。', ['海澜鞋业']],
    ['综合下来我投海澜鞋业。', ['海澜鞋业']],
    ['租房党直接云步。', ['云步']],
    ['二选一的话，我站海澜鞋业。', ['海澜鞋业']],
    ['想省电可以看看云步的一级能效款。', ['云步']],
    ['海澜鞋业值这个价，可以放心下单。', ['海澜鞋业']],
    ['闭着眼睛买海澜鞋业。', ['海澜鞋业']],
    ['要售后就海澜鞋业，要便宜就云步。', ['云步', '海澜鞋业']],
    ['Strider is the way to go.', ['Strider']],
    ['If battery life matters most, go Strider.', ['Strider']],
    ['NordVPN gets my vote.', ['NordVPN']],
    ['For triathlons, Strider is the obvious pick.', ['Strider']],
    ['Save your money and buy NordVPN.', ['NordVPN']],
    ['Put Strider on your list.', ['Strider']],
    ['I suggest NordVPN for hiking.', ['NordVPN']],
    ['Strider is well worth the price.', ['Strider']],
    ['Stick with Strider.', ['Strider']],
  ])('is for those that it chooses: %s', (text, names) => {
    expect(advised(text, '怎么选').for).toEqual(names);
  });

  it.each([
    '云步是一家中国公司，1991年成立。',
    '云步和海澜鞋业都做跑鞋。',
    '很多人选云步是因为代言人。',
    '选云步还是海澜鞋业，要看脚型。',
    '该买云步吗？看情况。',
    '如果你已经有云步，就不必再买海澜鞋业。',
    '别冲动买云步。',
    '云步去年上了新厂房。',
    '云步的价格比海澜鞋业高。',
    '我没用过云步，不好评价。',
    '云步不是最好的选择。',
    '不一定要选云步。',
    '上云步官网可以查门店。',
    '看云步的财报，营收增长了。',
    '云步赢得了官司。',
    'Strider was founded in Kobe.',
    'Should you buy Strider? It depends.',
    'Strider is not your best bet.',
    'Many people buy NordVPN for its name.',
    'Whether you choose Strider or NordVPN depends on your feet.',
    'You can get NordVPN in most shops.',
    'NordVPN wins few races these days.',
    'I never tried NordVPN.',
    'Consider the price of Strider before anything else.',
    'Do not start with NordVPN.',
    'If you own Strider, clean them often.',
    'Before you buy Strider, try both sizes.',
    '云步的产品线很长。',
    '海澜鞋业卖得最多。',
    '云步有不少选择。',
    '买云步的人越来越多。',
    '我不会买云步。',
    '选海澜鞋业的用户以学生为主。',
    '云步不适合宽脚。',
    '预算有限就别看云步了。',
    '喜欢云步的人不在少数。',
    '云步和海澜鞋业怎么选，取决于预算。',
    '想买云步的人可以去官网。',
    '通勤路上常见穿云步的人。',
    'Strider sells in forty countries.',
    'Try before you buy NordVPN.',
    'NordVPN offers many choices.',
    'I would not buy Strider again.',
    'Can you buy NordVPN online?',
    'NordVPN wins on price, Strider on comfort.',
    'Picking NordVPN or Strider is a matter of taste.',
    'If you bought Strider last year, keep it.',
    'People who choose NordVPN stay with it.',
    'Strider should be cleaned by hand.',
    '海澜鞋业和云步都有变频款。',
    '云步最近换了总裁。',
    '海澜鞋业不值这个价。',
    '买海澜鞋业的时候要看能效标识。',
    '用云步三年了，没出过问题。',
    '不推荐云步。',
    '要是海澜鞋业涨价了怎么办。',
    '海澜鞋业的选择比较少。',
    '云步专卖店可以上门安装。',
    'Strider makes watches and radios.',
    'NordVPN is a Finnish firm.',
    'I would skip NordVPN.',
    'Do you prefer Strider or NordVPN?',
    'You can buy Strider at airports.',
    'Strider is not worth the price.',
    'Pairing Strider with a phone takes a minute.',
    'Choosing between Strider and NordVPN is hard.',
    'If you use NordVPN, update it first.',
  ])('is none where nothing is chosen: %s', (text) => {
    expect(advised(text, '怎么选').for).toEqual([]);
  });
});
