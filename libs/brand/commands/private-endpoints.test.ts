import { describe, expect, it } from 'vitest';
import { parseRegistry } from '../module/provider-registry.ts';
import { privateEndpoints, requireAllowed, withEndpoints } from './private-endpoints.ts';

const registry = parseRegistry(
  `providers:\n${Object.entries({
    here: 'http://localhost:11434/v1',
    six: 'http://[::1]:11434/v1',
    box: 'http://gpu-box:8000/v1',
    lan: 'https://models.corp.internal/v1',
    cloud: 'https://api.deepseek.com',
  })
    .map(([name, url]) => `  - { name: ${name}, codec: openai-chat, baseUrl: "${url}", model: m }`)
    .join('\n')}\n`,
  'test',
);

const NAMES: Readonly<Record<string, readonly string[]>> = {
  localhost: ['127.0.0.1', '::1'],
  'gpu-box': ['192.168.1.7'],
  'api.deepseek.com': ['10.0.0.1'],
};
const asked: string[] = [];
const resolve = async (name: string): Promise<readonly string[]> => {
  asked.push(name);
  const found = NAMES[name];
  if (found === undefined) throw new Error('ENOTFOUND');
  return found;
};

describe('the endpoints of models at private addresses', () => {
  it('are the chosen ones at an address or at a name of a private network', async () => {
    const found = await privateEndpoints(registry, ['here', 'six', 'box'], resolve);
    expect(withEndpoints(['10.9.0.0/16'], found)).toEqual(['10.9.0.0/16', '127.0.0.1', '::1', '192.168.1.7']);
  });

  it('do not open what a public name leads to: whoever answers for it has not configured anything', async () => {
    asked.length = 0;
    expect(await privateEndpoints(registry, ['cloud'], resolve)).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('with a name that nobody knows open nothing, and are no failure here', async () => {
    expect(withEndpoints([], await privateEndpoints(registry, ['lan'], resolve))).toEqual([]);
  });

  it('that a setting refuses are said before any call, unless they are allowed', async () => {
    const box = await privateEndpoints(registry, ['box'], resolve);
    expect(() => requireAllowed(['10.0.0.0/8'], box)).toThrow(
      expect.objectContaining({
        code: 'brand.private_model',
        message: 'box is at http://gpu-box:8000/v1, and http.deny_private_targets refuses 192.168.1.7',
        remedy: expect.stringContaining('--set http.allowed_private_targets=10.0.0.0/8,192.168.1.7') as string,
      }),
    );
    expect(() => requireAllowed(['192.168.0.0/16'], box)).not.toThrow();
  });
});
