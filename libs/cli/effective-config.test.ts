import { describe, expect, it } from 'vitest';
import { effectiveConfig, requireSingleNode } from './effective-config.ts';

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
