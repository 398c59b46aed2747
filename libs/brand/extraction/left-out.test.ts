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
  ])('is the reasoning: %s', (text, names) => {
    expect(mentioned(text)).toEqual(names);
  });

  it.each([
    '推荐华为\n```json\n{"rivals": ["小米"]}\n```',
    '推荐华为\n```\n[{"name": "小米"}]\n```',
    '推荐华为。{"rivals": ["小米"]}',
    '推荐华为\n{\n  "rivals": ["小米"',
  ])('is a tail of JSON: %j', (text) => {
    expect(mentioned(text)).toEqual(['华为']);
  });

  it('keeps a fenced block that is not JSON', () => {
    expect(mentioned('```markdown\n1. 小米\n```')).toEqual(['小米']);
  });

  it('is a URL, but not the words of its link', () => {
    expect(mentioned('见 https://vivo.com/小米 和 www.hubspot.com/x')).toEqual([]);
    expect(mentioned('[vivo官网](https://www.huawei.com)')).toEqual(['vivo']);
  });

  it('is the echo of the question, however it is punctuated, and an announced one', () => {
    expect(mentioned('小米，怎么样！它一般。', '小米怎么样？')).toEqual([]);
    expect(mentioned('您问的是小米手机的质量。华为更好。', '小米质量如何？')).toEqual(['华为']);
    expect(mentioned('You asked about HubSpot. Try vivo.', 'Is HubSpot good?')).toEqual(['vivo']);
    expect(mentioned('小米怎么样要看型号，小米14不错。', '小米怎么样？')).toEqual(['小米']);
  });

  it('is a refusal that quotes the name, up to its turn', () => {
    expect(mentioned('抱歉，我无法确认小米的信息。')).toEqual([]);
    expect(mentioned('我不了解小米这个品牌，但华为很好。')).toEqual(['华为']);
    expect(mentioned("I'm sorry, I don't have any information about HubSpot.")).toEqual([]);
    expect(mentioned('小米无法提供换电服务。')).toEqual(['小米']);
  });
});
