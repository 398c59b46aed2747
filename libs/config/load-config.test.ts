import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest';
import type { CatenaError } from '../errors/catena-error.ts';
import type { ConfigProblem } from './config-problem.ts';
import type { ConfigSources } from './load-config.ts';
import { loadConfig } from './load-config.ts';
import { SETTING_KEYS } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'catena-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileWith(text: string): string {
  files += 1;
  const path = join(folder, `${files}.yaml`);
  writeFileSync(path, text);
  return path;
}

function load(sources: Partial<ConfigSources> = {}) {
  return loadConfig({ env: {}, ...sources });
}

function problemsOf(sources: Partial<ConfigSources>): readonly ConfigProblem[] {
  try {
    load(sources);
  } catch (thrown) {
    const { code, data } = thrown as CatenaError;
    expect(code).toBe('config.invalid');
    return data.problems as readonly ConfigProblem[];
  }
  throw new Error('the configuration was taken');
}

const DISTRIBUTED = {
  CATENA_CACHE_REDIS: 'redis://localhost',
  CATENA_NATS_URL: 'nats://localhost',
  CATENA_STORE_URL: 'postgres://localhost/catena',
};

describe('sources', () => {
  it('are the defaults when nothing is set', () => {
    const { config, mode, origins } = load();
    expect(mode).toBe('single_node');
    expect(config).toMatchObject({
      leaseMs: 30_000,
      maxYieldsPerParse: 100_000,
      blobThresholdBytes: 524_288,
      cache: { redis: undefined },
      store: { url: undefined, path: '.catena/catena.db' },
      retry: { attempts: 3, baseDelayMs: 1_000, maxDelayMs: 60_000, crashBudget: 4 },
      limits: { requestsPerSecond: 10, concurrencyPerHost: 8 },
      robots: { enabled: true },
      thresholds: { moduleRate: 0.5, moduleMinExecutions: 20, moduleErrors: undefined },
      http: { connectTimeoutMs: 10_000, headersTimeoutMs: 30_000, totalTimeoutMs: 60_000, maxBodyBytes: 16_777_216 },
    });
    expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
  });

  it('go over each other: defaults, file, environment, command line', () => {
    const file = fileWith(
      '# a comment\ndownload_concurrency: 2\nretry:\n  attempts: 4\nlease_ms: 5000\nparser_concurrency: 7\n',
    );
    const { config, origins } = load({
      file,
      env: { CATENA_RETRY_ATTEMPTS: '5', CATENA_LEASE_MS: '6000', CATENA_PARSER_CONCURRENCY: '' },
      overrides: { lease_ms: '7000', 'log.level': undefined },
    });
    expect(config).toMatchObject({
      downloadConcurrency: 2,
      retry: { attempts: 5 },
      leaseMs: 7_000,
      parserConcurrency: 7,
    });
    expect(origins).toMatchObject({
      download_concurrency: `${file} line 2`,
      'retry.attempts': 'CATENA_RETRY_ATTEMPTS',
      lease_ms: 'command line',
      parser_concurrency: `${file} line 6`,
      'log.level': 'default',
    });
  });

  it('take a file from CATENA_CONFIG unless the command line names another', () => {
    const one = fileWith('lease_ms: 1111');
    const other = fileWith('lease_ms: 2222');
    expect(load({ env: { CATENA_CONFIG: one } }).config.leaseMs).toBe(1_111);
    expect(load({ env: { CATENA_CONFIG: one }, file: other }).config.leaseMs).toBe(2_222);
  });

  it('take a value from the file that a variable with _FILE names, without its line end', () => {
    const path = fileWith('postgres://catena:secret@db.test/catena\n');
    const { config, origins } = load({ env: { ...DISTRIBUTED, CATENA_STORE_URL: '', CATENA_STORE_URL_FILE: path } });
    expect(config.store.url).toBe('postgres://catena:secret@db.test/catena');
    expect(origins['store.url']).toBe('CATENA_STORE_URL_FILE');
    expect(problemsOf({ env: { CATENA_LEASE_MS_FILE: fileWith('soon') } })).toMatchObject([
      { key: 'lease_ms', origin: 'CATENA_LEASE_MS_FILE' },
    ]);
  });

  it('take dotted names in a file as well as nested ones, and names without a value as not set', () => {
    const { config } = load({ file: fileWith('retry.attempts: 9\ncache:\n  redis:\nnats: {}\n') });
    expect(config.retry.attempts).toBe(9);
    expect(config.cache.redis).toBeUndefined();
  });

  it('take an empty file', () => {
    expect(load({ file: fileWith('# nothing\n') }).config.retry.attempts).toBe(3);
  });

  it('give a frozen tree, typed by the settings', () => {
    const { config } = load();
    expect(Object.isFrozen(config) && Object.isFrozen(config.retry)).toBe(true);
    expectTypeOf(config.retry.baseDelayMs).toEqualTypeOf<number>();
    expectTypeOf(config.cache.redis).toEqualTypeOf<string | undefined>();
    expectTypeOf(config.log.format).toEqualTypeOf<'auto' | 'json' | 'pretty'>();
  });
});

describe('the mode', () => {
  it('is distributed as soon as cache.redis is set', () => {
    expect(load({ env: DISTRIBUTED }).mode).toBe('distributed');
  });

  it('decides whether private targets are refused by default', () => {
    expect(load().config.http.denyPrivateTargets).toBe(false);
    expect(load({ env: DISTRIBUTED }).config.http.denyPrivateTargets).toBe(true);
    const allowed = { ...DISTRIBUTED, CATENA_HTTP_DENY_PRIVATE_TARGETS: 'false' };
    expect(load({ env: allowed }).config.http.denyPrivateTargets).toBe(false);
  });

  it('refuses private addresses in one process that takes work from others, unless a source allows them', () => {
    const deniesPrivateTargets = true;
    expect(load({ deniesPrivateTargets }).config.http.denyPrivateTargets).toBe(true);
    const env = { CATENA_HTTP_DENY_PRIVATE_TARGETS: 'false' };
    expect(load({ env, deniesPrivateTargets }).config.http.denyPrivateTargets).toBe(false);
  });

  it('reads networks, and refuses names', () => {
    const env = { CATENA_HTTP_ALLOWED_PRIVATE_TARGETS: '127.0.0.1, 10.0.0.0/8,fd00::/8' };
    expect(load({ env }).config.http.allowedPrivateTargets).toEqual(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
    const wrong = { CATENA_HTTP_ALLOWED_UNTRUSTED_TARGETS: 'localhost' };
    expect(problemsOf({ env: wrong }).map(({ key }) => key)).toEqual(['http.allowed_untrusted_targets']);
  });

  it('asks for everything that a distributed deployment needs', () => {
    expect(problemsOf({ env: { CATENA_CACHE_REDIS: 'redis://h' } }).map(({ key }) => key)).toEqual([
      'nats.url',
      'store.url',
    ]);
  });

  it('does not ignore an address silently', () => {
    expect(problemsOf({ env: { CATENA_NATS_URL: 'nats://h' } })).toEqual([
      {
        key: 'nats.url',
        origin: 'CATENA_NATS_URL',
        problem: 'is set, but cache.redis is not: one process would not use it',
        remedy: 'set cache.redis too, or unset nats.url',
      },
    ]);
  });
});

describe('errors', () => {
  it('are reported all at once, each with its key, what was read, from where, and what to do', () => {
    const file = fileWith('retry:\n  attempts: many\n  atempts: 3\nlease_ms: 0\n');
    const sources = {
      file,
      env: { CATENA_LOG_LEVEL: 'loud', CATENA_LEESE_MS: '1' },
      overrides: { parser_concurrency: 1.5 },
    };
    const problems = problemsOf(sources);
    expect(problems).toEqual([
      {
        key: 'CATENA_LEESE_MS',
        origin: 'environment',
        problem: 'is no setting',
        remedy: 'did you mean CATENA_LEASE_MS?',
      },
      {
        key: 'retry.attempts',
        origin: `${file} line 2`,
        problem: 'read "many", expected an integer from 1 to 1000',
        remedy: 'set an integer from 1 to 1000, or remove it for the default 3',
      },
      {
        key: 'retry.atempts',
        origin: `${file} line 3`,
        problem: 'is no setting',
        remedy: 'did you mean retry.attempts?',
      },
      {
        key: 'lease_ms',
        origin: `${file} line 4`,
        problem: 'read 0, expected an integer of at least 1000',
        remedy: 'set an integer of at least 1000, or remove it for the default 30000',
      },
      {
        key: 'log.level',
        origin: 'CATENA_LOG_LEVEL',
        problem: 'read "loud", expected one of trace, debug, info, warn, error, silent',
        remedy: 'set one of trace, debug, info, warn, error, silent, or remove it for the default info',
      },
      {
        key: 'parser_concurrency',
        origin: 'command line',
        problem: 'read 1.5, expected an integer of at least 1',
        remedy: 'set an integer of at least 1, or remove it for the default 16',
      },
    ]);
    expect(() => load(sources)).toThrow(
      'the configuration has 6 errors:\n  CATENA_LEESE_MS (environment): is no setting; did',
    );
  });

  it.each([
    ['retry.attempts: [1]', 'retry.attempts', 'read a list, expected an integer from 1 to 1000'],
    [
      'lease_ms: &x 5000\nsweep_interval_ms: *x',
      'sweep_interval_ms',
      'read an alias, expected an integer of at least 10',
    ],
    ['robots.enabled: 1', 'robots.enabled', 'read 1, expected true or false'],
    ['lease_ms: 99999999999999999999', 'lease_ms', 'read 100000000000000000000, expected an integer of at least 1000'],
    ['http.user_agent: "a\\nb: c"', 'http.user_agent', 'read "a\\nb: c", expected one line of printable ASCII text'],
    ['thresholds.module_rate: .nan', 'thresholds.module_rate', 'read null, expected a number from 0 to 1'],
    ['retry: 3', 'retry', 'is no setting'],
    ['? [a]\n: 3', '(not a name)', 'is no setting'],
    ['__proto__: 3', '__proto__', 'is no setting'],
    ['retry.base_delay_ms: 70000', 'retry.max_delay_ms', 'is 60000, less than retry.base_delay_ms, 70000'],
    ['sweep_interval_ms: 30000', 'lease_ms', 'is 30000, not more than sweep_interval_ms, 30000'],
  ])('name what is wrong in %j', (text, key, problem) => {
    expect(problemsOf({ file: fileWith(text) })).toEqual([expect.objectContaining({ key, problem })]);
  });

  it.each([
    ['lease_ms: [', 'line 1:'],
    ['lease_ms: 5000\nlease_ms: 6000', 'line 2: Map keys must be unique'],
    ['- a\n- b', 'the file is not a map of settings'],
    ['just text', 'the file is not a map of settings'],
  ])('name the file and the line for the unreadable %j', (text, problem) => {
    const file = fileWith(text);
    expect(problemsOf({ file })[0]).toMatchObject({ key: file, problem: expect.stringContaining(problem) });
  });

  it('name a file that was asked for and is not there, or is a folder', () => {
    expect(problemsOf({ file: join(folder, 'gone.yaml') })[0]?.problem).toBe('the file does not exist');
    expect(problemsOf({ env: { CATENA_CONFIG: folder } })[0]?.problem).toMatch(/^the file cannot be read: /);
  });

  it('name a variable whose file cannot be read, and one that says the same as another', () => {
    const gone = join(folder, 'gone');
    expect(problemsOf({ env: { CATENA_GRPC_TOKEN_FILE: gone } })).toMatchObject([
      { key: 'CATENA_GRPC_TOKEN_FILE', problem: expect.stringContaining(`${gone}, which cannot be read: ENOENT`) },
    ]);
    const twice = { CATENA_LEASE_MS: '30000', CATENA_LEASE_MS_FILE: fileWith('30000') };
    expect(problemsOf({ env: twice })).toMatchObject([
      { key: 'CATENA_LEASE_MS_FILE', problem: 'and CATENA_LEASE_MS both set lease_ms' },
    ]);
    expect(problemsOf({ env: { CATENA_NONE_FILE: gone } })).toMatchObject([{ key: 'CATENA_NONE_FILE' }]);
  });

  it('never show a password', () => {
    const file = fileWith('store.password: hunter2\nnats.url: https://bob:hunter2@h/\n"hunter2: [');
    const unreadable = () => load({ file });
    expect(unreadable).toThrow('line 3');
    expect(unreadable).not.toThrow('hunter2');
    const env = {
      CATENA_CACHE_REDIS: 'http://bob:hunter2@h',
      CATENA_NATS_URL: 'bob:hunter2@h',
      CATENA_SECRET: 'hunter2',
    };
    expect(problemsOf({ env })).toHaveLength(3);
    expect(JSON.stringify(problemsOf({ env }))).not.toContain('hunter2');
  });

  it('say nothing about how a wrong value goes with others', () => {
    const env = { CATENA_CACHE_REDIS: 'nonsense', CATENA_NATS_URL: 'nats://h' };
    expect(problemsOf({ env }).map(({ key }) => key)).toEqual(['cache.redis']);
  });

  it('leave alone what Kubernetes says of services whose names begin as ours do', () => {
    const links = {
      CATENA_INGRESS_SERVICE_HOST: '10.0.0.7',
      CATENA_INGRESS_SERVICE_PORT: '4950',
      CATENA_INGRESS_SERVICE_PORT_GRPC_API: '4950',
      CATENA_INGRESS_PORT: 'tcp://10.0.0.7:4950',
      CATENA_INGRESS_PORT_4950_TCP: 'tcp://10.0.0.7:4950',
      CATENA_INGRESS_PORT_4950_TCP_PROTO: 'tcp',
      CATENA_INGRESS_PORT_4950_TCP_PORT: '4950',
      CATENA_INGRESS_PORT_4950_TCP_ADDR: '10.0.0.7',
      CATENA_SERVICE_HOST: '10.0.0.8',
      CATENA_PORT: 'tcp://10.0.0.8:80',
    };
    expect(() => loadConfig({ env: links })).not.toThrow();
    expect(() => loadConfig({ env: { CATENA_INGRESS_PORT: '4950' } })).toThrow(/CATENA_INGRESS_PORT .*is no setting/);
  });

  it('leave variables of others alone', () => {
    expect(load({ env: { PATH: '/bin', CATENA_FAILPOINT: 'commit.after', XCATENA_Y: '1' } }).mode).toBe('single_node');
  });
});

describe('sample files', () => {
  it.each([
    ['test', 'single_node'],
    ['production', 'single_node'],
    ['distributed', 'distributed'],
  ])('the %s sample is sound and sets something', (name, expected) => {
    const file = join(import.meta.dirname, `../../deploy/config/${name}.yaml`);
    const { origins, mode } = load({ file });
    expect(mode).toBe(expected);
    expect(SETTING_KEYS.filter((key) => origins[key].startsWith(file)).length).toBeGreaterThan(10);
  });
});
