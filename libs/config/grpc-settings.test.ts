import { describe, expect, it } from 'vitest';
import type { CatenaError } from '../errors/catena-error.ts';
import type { ConfigProblem } from './config-problem.ts';
import { describeConfig } from './describe-config.ts';
import type { Environment } from './environment.ts';
import { hostAndPort, isLoopback } from './listen-address.ts';
import { loadConfig } from './load-config.ts';

function problemsOf(env: Environment): readonly ConfigProblem[] {
  try {
    loadConfig({ env });
  } catch (thrown) {
    return (thrown as CatenaError).data.problems as readonly ConfigProblem[];
  }
  throw new Error('the configuration was taken');
}

const TOKENS = 'reader:r-00000000000hunter2, service:s-00000000000hunter2';

describe('the settings of calls', () => {
  it('are read', () => {
    const { grpc, modules } = loadConfig({
      env: {
        CATENA_GRPC_LISTEN: '0.0.0.0:1',
        CATENA_GRPC_TOKENS: TOKENS,
        CATENA_GRPC_MODULE_PROCESSOR: 'processor:4950',
        CATENA_GRPC_TLS_CERT: 'a.pem',
        CATENA_GRPC_TLS_KEY: 'b.pem',
        CATENA_MODULES_FILES: 'one.ts, two.ts',
      },
    }).config;
    expect(grpc).toMatchObject({
      listen: '0.0.0.0:1',
      tokens: TOKENS,
      moduleProcessor: 'processor:4950',
      errorThreshold: undefined,
      drainMs: 10_000,
      maxMessageBytes: 4_194_304,
      tlsCert: 'a.pem',
      tlsKey: 'b.pem',
      tlsClientAuth: false,
    });
    expect(modules.files).toEqual(['one.ts', 'two.ts']);
    expect(loadConfig({ env: {} }).config.grpc.listen).toBe('127.0.0.1:4950');
  });

  it('of the HTTP API are off, or read', () => {
    expect(loadConfig({ env: {} }).config.api).toMatchObject({ listen: undefined, submissionsPerMinute: 10 });
    const { api } = loadConfig({
      env: {
        CATENA_API_LISTEN: '127.0.0.1:0',
        CATENA_API_ALLOWED_ORIGINS: 'https://shop.test, http://localhost:5173',
        CATENA_API_TRUSTED_PROXIES: 'loopback,10.0.0.0/8',
        CATENA_API_SUBMISSIONS_PER_MINUTE: '0',
      },
    }).config;
    expect(api).toMatchObject({
      listen: '127.0.0.1:0',
      allowedOrigins: ['https://shop.test', 'http://localhost:5173'],
      trustedProxies: ['loopback', '10.0.0.0/8'],
      submissionsPerMinute: 0,
    });
  });

  it('never show a token', () => {
    const env = { CATENA_GRPC_TOKENS: TOKENS, CATENA_GRPC_TOKEN: 's-00000000000hunter2' };
    const rows = describeConfig(loadConfig({ env })).filter(({ key }) => key.startsWith('grpc.token'));
    expect(rows.map(({ value }) => value)).toEqual(['***', '***']);
    for (const tokens of ['admin:r-00000000000hunter2', 'reader:hunter2', 'reader:r-00000000000hunter2,', 'hunter2']) {
      const problems = problemsOf({ CATENA_GRPC_TOKENS: tokens, CATENA_GRPC_TOKEN: 'hunter2' });
      expect(problems.map(({ key }) => key)).toEqual(['grpc.tokens', 'grpc.token']);
      expect(JSON.stringify(problems)).not.toContain('hunter2');
    }
  });

  it.each([
    [{ CATENA_GRPC_LISTEN: '0.0.0.0:1' }, 'grpc.listen', 'is 0.0.0.0:1, which other machines may reach'],
    [{ CATENA_GRPC_LISTEN: '[::]:1' }, 'grpc.listen', 'is [::]:1, which other machines may reach'],
    [{ CATENA_GRPC_LISTEN: 'here' }, 'grpc.listen', 'read "here", expected host:port'],
    [{ CATENA_GRPC_ERROR_THRESHOLD: 'a:1,b' }, 'grpc.error_threshold', 'read "a:1,b", expected host:port, or several'],
    [{ CATENA_GRPC_TLS_CERT: 'a' }, 'grpc.tls_key', 'is not set, but grpc.tls_cert is'],
    [{ CATENA_GRPC_TLS_KEY: 'a' }, 'grpc.tls_cert', 'is not set, but grpc.tls_key is'],
    [{ CATENA_API_LISTEN: '0.0.0.0:1' }, 'api.listen', 'is 0.0.0.0:1, which other machines may reach'],
    [{ CATENA_API_LISTEN: '8080' }, 'api.listen', 'read "8080", expected host:port'],
    [{ CATENA_API_ALLOWED_ORIGINS: 'https://a.test/x' }, 'api.allowed_origins', 'expected origins such as'],
    [{ CATENA_API_ALLOWED_ORIGINS: '*' }, 'api.allowed_origins', 'every page that a browser of this machine shows'],
    [{ CATENA_API_ALLOWED_HOSTS: 'http://a.test' }, 'api.allowed_hosts', 'expected host names or addresses'],
    [{ CATENA_API_TRUSTED_PROXIES: '10.0.0.0/8, me' }, 'api.trusted_proxies', 'expected addresses, networks'],
    [{ CATENA_MODULES_FILES: 'a,,b' }, 'modules.files', 'read "a,,b", expected paths of files, separated by commas'],
  ])('are refused: %j', (env, key, problem) => {
    expect(problemsOf(env)).toEqual([expect.objectContaining({ key, problem: expect.stringContaining(problem) })]);
  });

  it('ask for all that a check of callers needs', () => {
    const problems = problemsOf({ CATENA_GRPC_TLS_CLIENT_AUTH: 'true' });
    expect(problems.map(({ key }) => key)).toEqual(['grpc.tls_ca', 'grpc.tls_cert']);
  });
});

it.each([
  ['127.0.0.1:1', true],
  ['127.8.8.8:1', true],
  ['[::1]:1', true],
  ['localhost:1', true],
  ['0.0.0.0:1', false],
  ['[::]:1', false],
  ['localhost.example:1', false],
  ['127.example:1', false],
  ['10.0.0.1:1', false],
  ['nonsense', false],
])('takes %s for loopback: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

it.each([
  ['host:0', { host: 'host', port: 0 }],
  ['[fd00::1]:65535', { host: 'fd00::1', port: 65_535 }],
  ['host:65536', undefined],
  ['[host]:1', undefined],
  ['a b:1', undefined],
  ['host:1/', undefined],
  ['user@host:1', undefined],
])('reads the address %s', (text, expected) => {
  expect(hostAndPort(text)).toEqual(expected);
});
