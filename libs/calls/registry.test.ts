import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ModuleDefinition } from '../modules/contract/definition.ts';
import { defineModule } from '../modules/index.ts';
import { ModuleRegistry } from './registry.ts';
import { compareVersions } from './version.ts';

function moduleOf(name: string, version: string): ModuleDefinition {
  return defineModule({ name, version, input: z.object({}), steps: { list: z.object({}) } }).implement({
    start: () => [],
    steps: { list: { request: () => [], parse: () => [] } },
  });
}

describe('the registry', () => {
  const registry = new ModuleRegistry(
    ['1.2.0', '1.10.0', '1.9.3', '2.0.0-rc.1'].map((version) => moduleOf('shop', version)),
  );
  registry.add(moduleOf('news', '0.1.0-beta.2'));
  registry.add(moduleOf('news', '0.1.0-beta.10'));

  it('holds versions side by side', () => {
    expect(registry.resolve('shop@1.2.0').version).toBe('1.2.0');
    expect(registry.resolve('shop@2.0.0-rc.1').version).toBe('2.0.0-rc.1');
  });

  it('takes the highest release of a name, and a prerelease only if there is nothing else', () => {
    expect(registry.resolve('shop').version).toBe('1.10.0');
    expect(registry.resolve('news').version).toBe('0.1.0-beta.10');
  });

  it('lists what it holds, the best of each last', () => {
    expect(registry.ids()).toEqual([
      'news@0.1.0-beta.2',
      'news@0.1.0-beta.10',
      'shop@2.0.0-rc.1',
      'shop@1.2.0',
      'shop@1.9.3',
      'shop@1.10.0',
    ]);
  });

  it.each(['shp', 'shop@9.9.9', '', '@', 'shop@'])('names the known ones when asked for "%s"', (reference) => {
    expect(registry.find(reference)).toBeUndefined();
    expect(() => registry.resolve(reference)).toThrow(
      expect.objectContaining({ code: 'module.unknown', remedy: expect.stringContaining('shop@1.10.0') }),
    );
  });

  it('says so when it is empty', () => {
    expect(() => new ModuleRegistry().resolve('shop')).toThrow(
      expect.objectContaining({ remedy: 'no module is registered' }),
    );
  });

  it('takes the same module twice, but no second one of the same id', () => {
    const module = moduleOf('twice', '1.0.0');
    const one = new ModuleRegistry([module, module]);
    const served = one.resolve('twice');
    one.add(module);
    expect(one.ids()).toEqual(['twice@1.0.0']);
    expect(() => one.add(moduleOf('twice', '1.0.0'))).toThrow(expect.objectContaining({ code: 'module.duplicate' }));
    expect(one.resolve('twice')).toBe(served);
  });
});

it('orders versions as Semantic Versioning does', () => {
  const ordered = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.10',
    '1.2.0',
    '10.0.0',
  ];
  expect(ordered.toReversed().sort(compareVersions)).toEqual(ordered);
  expect(compareVersions('1.0.0-rc.1', '1.0.0-rc.1')).toBe(0);
});
