import { describe, expect, it } from 'vitest';
import { adoptConfig, adoptedConfig } from './adopted-config.ts';
import { loadConfig } from './load-config.ts';

describe('the configuration of a process', () => {
  it('is what it was told last, and what the environment says until then', () => {
    expect(adoptedConfig().config.brand.providers).toBeUndefined();
    const told = loadConfig({ env: {}, overrides: { 'brand.providers': 'models.yaml' } });
    adoptConfig(told);
    expect(adoptedConfig()).toBe(told);
  });
});
