import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, startCli } from '../cli.fixture.ts';
import { serviceEnvironment } from './options.ts';

const CHAINS = join(import.meta.dirname, '../../../test/fixtures/modules/three-steps.ts');

describe('catena dev', () => {
  it.each([
    ['a number of processes that is none', ['--processes', 'many'], /from 1 to 16/],
    ['a module that is not there', ['nothing.ts'], /there is no file/],
    ['a setting that is none', ['--set', 'leese_ms=1'], /lease_ms/],
    ['an address for everybody without tokens', ['--listen', '0.0.0.0:4950'], /grpc\.tokens/],
    ['a path with a comma', ['a,b.ts'], /comma/],
  ])('refuses %s before it starts anything', async (_what, args, message) => {
    expect(await runCli(['dev', ...args])).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  });
});

describe('catena serve', () => {
  it('runs the stages with what the options say, over the environment', async () => {
    let given: Readonly<Record<string, string | undefined>> = {};
    const call = startCli(
      ['serve', CHAINS, '--listen', '127.0.0.1:7', '--set', 'lease_ms=9000', '--config', 'x.yaml'],
      {
        env: { CATENA_LEASE_MS: '1', CATENA_NATS_URL: 'nats://127.0.0.1' },
        serve: async (env) => {
          given = env;
          return 5;
        },
      },
    );
    expect(await call.code).toBe(5);
    expect(given).toEqual({
      CATENA_LEASE_MS: '9000',
      CATENA_NATS_URL: 'nats://127.0.0.1',
      CATENA_MODULES_FILES: CHAINS,
      CATENA_GRPC_LISTEN: '127.0.0.1:7',
      CATENA_CONFIG: resolve('x.yaml'),
    });
  });

  it('is told by options where the HTTP API answers and which file it works at', () => {
    const env = serviceEnvironment({ env: {}, extensions: [] }, [], { api: '127.0.0.1:8', db: 'a.db' });
    expect(env).toEqual({ CATENA_API_LISTEN: '127.0.0.1:8', CATENA_STORE_PATH: 'a.db' });
  });

  it('refuses what is no setting', () => {
    expect(() => serviceEnvironment({ env: {}, extensions: [] }, [], { set: ['nonsense=1'] })).toThrow(
      'there is no setting nonsense',
    );
  });
});
