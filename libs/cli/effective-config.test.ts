import { describe, expect, it } from 'vitest';
import { effectiveConfig, requireSingleNode, sourcesOfExtensions } from './effective-config.ts';

const files = { set: ['nats.url=nats://127.0.0.1', 'store.url=postgres://127.0.0.1/catena'] };

describe('the configuration of a command that works in one process', () => {
  it('is refused when it asks for a distributed deployment', () => {
    const env = { CATENA_CACHE_REDIS: 'redis://127.0.0.1' };
    expect(() => requireSingleNode(effectiveConfig({ env, extensions: [] }, files))).toThrow(
      'cache.redis is set, but this command works in one process on a file',
    );
  });

  it('is taken otherwise, options over what the environment says', () => {
    const loaded = effectiveConfig({ env: { CATENA_STORE_PATH: 'a.db' }, extensions: [] }, { db: 'b.db' });
    requireSingleNode(loaded);
    expect(loaded.config.store.path).toBe('b.db');
  });
});

describe('where a command line says that extensions stand', () => {
  const named = (...args: string[]) => sourcesOfExtensions({ env: {}, args });

  it.each([
    [['run', 'a.ts'], undefined, undefined],
    [['greet', '--set', 'lease_ms=1', '--set', 'extensions.files=a.ts,b.ts'], undefined, 'a.ts,b.ts'],
    [['greet', '--set=extensions.files=a.ts', '--config=c.yaml'], 'c.yaml', 'a.ts'],
    [['--set', 'extensions.files=a.ts', 'greet', '--set', 'extensions.files=b.ts'], undefined, 'b.ts'],
    [['greet', '--config', 'c.yaml', '--config'], 'c.yaml', undefined],
  ])('is read off %j', (args, file, files) => {
    expect(named(...args)).toEqual({ env: {}, file, overrides: { 'extensions.files': files } });
  });
});
