import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BrandFinding, extractAnswer } from './extract-answer.ts';
import { geoData } from './geo-data.ts';
import { expectProportion, UNITS } from './hostile-answers.fixture.ts';

const BRANDS = ['小米', '华为', 'vivo'].map((name) => ({ name }));

function read(text: string, question = '手机哪个好？') {
  const findings = extractAnswer({ text, question, brands: BRANDS });
  const of = (name: string) => findings.brands.find(({ brand }) => brand === name) as BrandFinding;
  return { ...findings, of };
}

describe('reading an answer', () => {
  it('gives the sentence and the places that prove each mention', () => {
    const text = '手机很多。我推荐华为，华为拍照好！其他一般。';
    const { evidence, mentions } = read(text).of('华为');
    expect(evidence?.sentence).toBe('我推荐华为，华为拍照好！');
    expect(text.slice(evidence?.start, evidence?.end)).toBe(evidence?.sentence);
    expect(mentions.map(({ start, end }) => text.slice(start, end))).toEqual(['华为', '华为']);
  });

  it('says which rank it used, and null for a brand that is absent', () => {
    const { of } = read('vivo 不错。\n\n1. 华为\n2. 小米');
    expect(of('小米')).toMatchObject({ listRank: 2, mentionRank: 3, rank: 2, rankSource: 'list' });
    expect(of('vivo')).toMatchObject({ listRank: null, mentionRank: 1, rank: 1, rankSource: 'mention' });
    expect(read('没有').of('vivo')).toMatchObject({ mentioned: false, rank: null, rankSource: null, sentiment: null });
  });

  it.each([
    ['不推荐小米，推荐华为', false, true],
    ["I don't recommend 小米. Go with 华为.", false, true],
    ['小米不值得购买；首选华为', false, true],
    ['小米慎买，华为值得入手', false, true],
  ])('takes a warning as a mention that is no recommendation: %s', (text, xiaomi, huawei) => {
    const { of } = read(text);
    expect(of('小米')).toMatchObject({
      mentioned: true,
      recommended: xiaomi,
      discouraged: true,
      sentiment: 'negative',
    });
    expect(of('华为')).toMatchObject({ mentioned: true, recommended: huawei, discouraged: false });
  });

  it.each([
    ['手机推荐哪个？', '- 送长辈：小米，字大\n- 送孩子：华为', true],
    ['小米好吗？', '- 送长辈：小米，字大\n- 送孩子：华为', false],
    ['手机推荐哪个？', '各品牌对比：\n- 小米：2010年成立\n- 华为：1987年成立', false],
    ['手机推荐哪个？', '对比：\n\n| 排名 | 品牌 |\n|---|---|\n| 1 | 小米 |\n| 2 | 华为 |', true],
    ['手机推荐哪个？', '看重影像选小米。', true],
    ['手机推荐哪个？', '小米胜在外观。', false],
  ])('takes a place in a list of advice as a recommendation: %s %j is %s', (question, text, is) => {
    expect(read(text, question).of('小米').recommended).toBe(is);
  });

  it.each([
    ['小米没有明显缺点', 'positive'],
    ['小米不够稳定', 'negative'],
    ['小米续航差，但价格实惠、性能强劲', 'positive'],
    ['华为优于小米', 'negative'],
    ['小米比华为更流畅', 'positive'],
    ['小米是一家公司', 'neutral'],
    ['小米灵活性不足', 'negative'],
    ['小米 is not reliable', 'negative'],
    ['小米 has no drawbacks', 'positive'],
  ])('reads negation, contrast and comparison: %s is %s', (text, sentiment) => {
    expect(read(text).of('小米').sentiment).toBe(sentiment);
  });

  it('X10: a claim of sources in the model’s own JSON is never a citation', () => {
    const text = '推荐华为，见 https://a.com/1。\n```json\n{"cited_sources": [{"url": "https://b.com/2"}]}\n```';
    const findings = extractAnswer({
      text,
      question: '',
      brands: BRANDS,
      citations: [{ url: 'https://c.com/3', title: 'C' }],
    });
    expect(findings.sources.map(({ grade, url }) => [grade, url])).toEqual([
      ['cited', 'https://c.com/3'],
      ['linked', 'https://a.com/1'],
      ['claimed', 'https://b.com/2'],
    ]);
    const sources = geoData(findings, '华为', text, true).cited_sources.map(({ url }) => url);
    expect(sources).toEqual(['https://c.com/3', 'https://a.com/1']);
  });

  it('a page behind a redirect of the vendor counts for the site of the page', () => {
    const url = 'https://vertexaisearch.cloud.google.com/grounding-api-redirect/AUZ1';
    const citations = [{ url, title: 'zhihu.com', site: 'zhihu.com' }];
    const { sources } = extractAnswer({ text: '推荐华为', question: '', brands: BRANDS, citations });
    expect(sources).toMatchObject([{ grade: 'cited', url, domain: 'zhihu.com', siteName: '知乎' }]);
  });

  it('keeps each source once, in its best grade', () => {
    const text = '据知乎、小红书，见 https://www.zhihu.com/q/1/ 与 www.zhihu.com/q/1?utm_source=x#a';
    const { sources } = extractAnswer({
      text,
      question: '',
      brands: [],
      citations: [{ url: 'https://zhihu.com/q/1' }],
    });
    expect(sources.map(({ grade, siteName }) => `${grade} ${siteName}`)).toEqual([
      'cited 知乎',
      'named 知乎',
      'named 小红书',
    ]);
  });

  it('B30: gives mention, rank, sentiment, cited sources with attitude, and interception', () => {
    const text = '1. 华为：口碑好，见 https://a.com/1\n2. vivo：流畅';
    const findings = extractAnswer({ text, question: '', brands: BRANDS });
    expect(geoData(findings, '华为', text, true)).toEqual({
      brand_mentioned: true,
      rank: 1,
      sentiment: 1,
      cited_sources: [{ url: 'https://a.com/1', site_name: 'a.com', attitude: 'positive' }],
      interception: false,
    });
    expect(geoData(findings, '小米', text, true)).toMatchObject({
      brand_mentioned: false,
      rank: null,
      sentiment: 0,
      interception: true,
    });
    const neutral = '华为于1987年成立。';
    const none = extractAnswer({ text: neutral, question: '', brands: BRANDS });
    expect(geoData(none, '小米', neutral, true).interception).toBe(false);
  });

  it('X9: one answer serves every brand: what is read of one does not depend on which others are asked for', () => {
    const text = '1. 华为：好\n2. 小米：差\n\nvivo 一般';
    const alone = extractAnswer({ text, question: '', brands: [{ name: '小米' }] }).brands[0];
    expect(read(text).of('小米')).toMatchObject({ listRank: alone?.listRank, sentiment: alone?.sentiment });
  });

  it('is not moved by a paragraph about something else, and swaps ranks when items are swapped', () => {
    const items = ['**小米**：好用', '**华为**：稳定', '**vivo**：流畅'];
    const list = (order: readonly number[]): string =>
      order.map((item, index) => `${index + 1}. ${items[item]}`).join('\n');
    const order = fc.shuffledSubarray([0, 1, 2], { minLength: 2 });
    fc.assert(
      fc.property(order, fc.constantFrom('', '今天天气晴。', 'The sky is blue.'), (chosen, aside) => {
        const { of } = read(`${aside}\n\n${list(chosen)}\n\n${aside}`);
        chosen.forEach((item, index) => {
          expect(of(BRANDS[item]?.name as string)).toMatchObject({ listRank: index + 1, mentionRank: index + 1 });
        });
      }),
    );
  });
});

describe('hostile answers', () => {
  it('never throw, whatever they hold', () => {
    const piece = fc.constantFrom(
      ...[
        '小米',
        'vivo',
        '1. ',
        '- ',
        '\n',
        '\n\n',
        '**',
        '|',
        '|---|\n',
        '{"a":',
        '}',
        '<think>',
        '</think>',
        '```json\n',
      ],
      ...[
        'https://',
        'a.com/',
        '（',
        ')',
        '不推荐',
        '首选',
        '其次',
        '①',
        '\ud800',
        '\u0301',
        '据',
        '：',
        '，',
        '。',
        'but ',
      ],
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(text, text, (answer, question) => {
        const findings = extractAnswer({ text: answer, question, brands: BRANDS, citations: [{ url: question }] });
        for (const { mentions, listRank, mentionRank } of findings.brands) {
          expect(mentions.length > 0).toBe(mentionRank !== null);
          expect(listRank === null || mentionRank !== null).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each(UNITS)('of a hundred kilobytes of %j take steps in proportion to their length', (unit) => {
    expectProportion(unit, 100_000);
  });
});
