import { describe, expect, it } from 'vitest';
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
});
