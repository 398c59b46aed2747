import { describe, expect, it } from 'vitest';
import { vendorNameOf } from '../codecs/vendors/vendors.ts';
import { parseRegistry, readRegistry } from './provider-registry.ts';

const QWEN = `
providers:
  - name: qwen
    codec: openai-chat
    baseUrl: https://dashscope.aliyuncs.com/compatible-mode/v1
    model: qwen-plus
    keyReference: DASHSCOPE_API_KEY
`;

describe('a registry of providers', () => {
  it('is read from YAML, with defaults for what is left out', () => {
    const registry = parseRegistry(QWEN, 'providers.yaml');
    expect(registry.names).toEqual(['qwen']);
    expect(registry.find('qwen')).toMatchObject({ model: 'qwen-plus', search: false, extraBody: {} });
  });

  it.each([
    ['a: [', 'brand.bad_registry'],
    ['providers: []', 'providers: '],
    [QWEN.replace('codec: openai-chat', 'codec: grpc'), 'providers.0.codec'],
    [`${QWEN}    colour: red\n`, 'colour'],
    [QWEN + QWEN.replace('providers:\n', '').slice(1), 'two providers are called "qwen"'],
  ])('that is wrong says where (%#)', (text, says) => {
    expect(() => parseRegistry(text, 'providers.yaml')).toThrow(
      expect.objectContaining({ code: 'brand.bad_registry' }) as Error,
    );
    if (says !== 'brand.bad_registry') expect(() => parseRegistry(text, 'providers.yaml')).toThrow(says);
  });

  it('never repeats a key that somebody wrote into it', () => {
    const text = QWEN.replace('DASHSCOPE_API_KEY', '"sk-123456 is my key"');
    expect(() => parseRegistry(text, 'providers.yaml')).toThrow(/^(?!.*sk-123456)/s);
  });

  it('that is not there says so', () => {
    expect(() => readRegistry('/nowhere/providers.yaml')).toThrow('cannot be read');
  });

  it('names what it has when asked for a model that it has not', () => {
    expect(() => parseRegistry(QWEN, 'providers.yaml').find('gpt')).toThrow('has no model "gpt"');
  });

  const entry = (more: string, codec = 'openai-chat', url = 'https://dashscope.aliyuncs.com/compatible-mode/v1') =>
    QWEN.replace('openai-chat', codec).replace(/baseUrl: .*/, `baseUrl: ${url}`) + more;

  it.each([
    [
      'a search that returns no sources',
      entry('    search: true\n'),
      /0\.search: dashscope .* use the codec dashscope-native/,
    ],
    [
      'a search that the vendor has not',
      entry('    search: true\n', 'openai-chat', 'https://api.deepseek.com'),
      /no web search/,
    ],
    [
      'a stream that would lose the pages of the search',
      entry('    search: true\n    streaming: true\n', 'openai-chat', 'https://open.bigmodel.cn/api/paas/v4'),
      /0\.streaming: zhipu .* whole bodies only/,
    ],
    [
      'a degree of thinking that the vendor has not',
      entry('    thinking: medium\n'),
      /0\.thinking: dashscope has off, on/,
    ],
    [
      'a tier of service where there are none',
      entry('    serviceTier: priority\n'),
      /0\.serviceTier: dashscope has no tiers/,
    ],
    ['a price without a day as its day', entry('    pricesAsOf: yesterday\n'), /0\.pricesAsOf/],
  ])('is refused for %s', (_what, text, says) => {
    expect(() => parseRegistry(text, 'providers.yaml')).toThrow(says);
  });

  it('knows the vendor by its host, by its format, or by what the entry says', () => {
    const vendorOf = (text: string) => vendorNameOf(parseRegistry(text, 'providers.yaml').find('qwen'));
    expect(vendorOf(QWEN)).toBe('dashscope');
    expect(vendorOf(entry('', 'openai-chat', 'https://proxy.test/v1'))).toBe('other');
    expect(vendorOf(entry('', 'anthropic-messages', 'https://proxy.test/v1'))).toBe('anthropic');
    expect(vendorOf(entry('    vendor: zhipu\n', 'openai-chat', 'https://proxy.test/v1'))).toBe('zhipu');
    // A host that only looks like a vendor's is not its own.
    expect(vendorOf(entry('', 'openai-chat', 'https://notdeepseek.com/v1'))).toBe('other');
  });
});
