import { describe, expect, it } from 'vitest';
import { extractAnswer } from './extract-answer.ts';

function mentioned(text: string, question = '哪个牌子好？'): string[] {
  const brands = ['小米', '华为', 'vivo', 'HubSpot'].map((name) => ({ name }));
  return extractAnswer({ text, question, brands })
    .brands.filter((finding) => finding.mentioned)
    .map(({ brand }) => brand);
}

describe('what is left out', () => {
  it.each([
    ['<think>先想小米</think>推荐华为', ['华为']],
    ['先想小米</think>推荐华为', ['华为']],
    ['推荐华为<think>还有小米', ['华为']],
    ['< THINKING >小米</ thinking >华为', ['华为']],
    ['<think>小米<think>vivo</think>HubSpot</think>华为', ['华为']],
  ])('is the reasoning: %s', (text, names) => {
    expect(mentioned(text)).toEqual(names);
  });

  it.each([
    '推荐华为\n```json\n{"rivals": ["小米"]}\n```',
    '推荐华为\n```\n[{"name": "小米"}]\n```',
    '推荐华为。{"rivals": ["小米"]}',
    '推荐华为\n{\n  "rivals": ["小米"',
    "推荐华为 {'rivals': '小米'}",
    '推荐华为\n```json\n[{"name": "小米"',
  ])('is a tail of JSON: %j', (text) => {
    expect(mentioned(text)).toEqual(['华为']);
  });

  it('ends broken JSON with its fence', () => {
    expect(mentioned('```json\n{"a": "小米}\n```\n推荐华为 {"b": "vivo"}')).toEqual(['华为']);
  });

  it('keeps a fenced block that is not JSON', () => {
    expect(mentioned('```markdown\n1. 小米\n```')).toEqual(['小米']);
    expect(mentioned('```json\n["小米", "华为"]\n```')).toEqual(['小米', '华为']);
    expect(mentioned('{小米：好}，{1, 2, vivo}')).toEqual(['小米', 'vivo']);
  });

  it('is a URL, but not the words of its link', () => {
    expect(mentioned('见 https://vivo.com/hubspot 和 www.hubspot.com/x')).toEqual([]);
    expect(mentioned('[vivo官网](https://www.hubspot.com)，[价格](小米.html)')).toEqual(['vivo']);
    expect(mentioned('[https://vivo.com](https://hubspot.com)')).toEqual([]);
    expect(mentioned('hubspot.com')).toEqual(['HubSpot']);
  });

  it('is the echo of the whole question, however it is punctuated', () => {
    expect(mentioned('小米，怎么样！它一般。', '小米怎么样？')).toEqual([]);
    expect(mentioned('“ＩＳ HubSpot **good**” – try vivo.', 'Is HubSpot good?')).toEqual(['vivo']);
    expect(mentioned('You asked about HubSpot. Try vivo.', 'Is HubSpot good?')).toEqual(['vivo', 'HubSpot']);
    expect(mentioned('小米怎么样要看型号，小米14不错。', '小米怎么样？')).toEqual(['小米']);
  });

  it.each([
    '抱歉，我无法确认小米的信息。',
    '关于小米，没有查到可靠的资料。',
    '小米的售后数据我无法核实。',
    '“对小米这个品牌不了解。”',
    '暂无关于小米的数据；',
    "I'm sorry, I don't have any information about HubSpot.",
    'I can’t confirm what HubSpot costs.',
    "I don't know HubSpot.",
    'As for HubSpot, I could not find any figures.',
    'There is no reliable data on HubSpot.',
    'Unable to verify HubSpot.',
  ])('is a sentence in which the answerer does not know: %s', (text) => {
    expect(mentioned(text)).toEqual([]);
  });

  it.each([
    ['我不了解小米这个品牌，但华为很好。', ['华为']],
    ['华为很好，但小米我无法确认。', ['华为']],
    ['不过小米我没有查到；华为更好', ['华为']],
    ["I don't know HubSpot, however vivo is good", ['vivo']],
  ])('ends at a contrast: %s', (text, names) => {
    expect(mentioned(text)).toEqual(names);
  });

  it.each([
    '小米无法提供换电服务。',
    '很多用户不了解小米。',
    '如果您不了解小米，可以先试用。',
    '小米很少有人评测。',
    'HubSpot is rarely tested.',
    'HubSpot cannot provide phone support.',
    'Buyers do not know HubSpot.',
  ])('is no statement about somebody else: %s', (text) => {
    expect(mentioned(text)).toHaveLength(1);
  });
});
