import { describe, expect, it } from 'vitest';
import { nearestName } from './config-problem.ts';
import { describeConfig } from './describe-config.ts';
import { readEnvironment } from './environment.ts';
import { loadConfig } from './load-config.ts';
import { redactLogin, redactUrl } from './redact.ts';
import { SETTING_KEYS, SETTINGS } from './settings.ts';
import { variableName } from './variable-name.ts';

describe('describing the configuration', () => {
  it('gives a row per setting with its value, origin and meaning, passwords hidden', () => {
    const rows = describeConfig(
      loadConfig({
        env: {
          CATENA_CACHE_REDIS: 'rediss://user:hunter2@cache.test:6380/1',
          CATENA_NATS_URL: 'nats://token@bus.test',
          CATENA_STORE_URL: 'postgres://store.test/catena?password=hunter2',
        },
        overrides: { lease_ms: 40_000 },
      }),
    );
    expect(rows.map(({ key }) => key)).toEqual(SETTING_KEYS);
    expect(rows.find(({ key }) => key === 'lease_ms')).toEqual({
      key: 'lease_ms',
      value: '40000',
      origin: 'command line',
      about: SETTINGS.lease_ms.about,
    });
    const shown = ['cache.redis', 'nats.url', 'store.url'].map((key) => rows.find((row) => row.key === key)?.value);
    expect(shown).toEqual([
      'rediss://user:***@cache.test:6380/1',
      'nats://***@bus.test',
      'postgres://store.test/catena?password=***',
    ]);
    expect(rows.find(({ key }) => key === 'otel.endpoint')).toMatchObject({ value: '', origin: 'default' });
  });
});

describe('settings', () => {
  it('have every name that the contract lists', () => {
    expect(SETTING_KEYS).toEqual(
      expect.arrayContaining([
        'cache.redis',
        'nats.url',
        'store.url',
        'task_concurrency',
        'publish_concurrency',
        'parser_concurrency',
        'error_task_concurrency',
        'download_concurrency',
        'backpressure_retry_delay_ms',
        'cooldown_ms',
        'otel.endpoint',
      ]),
    );
  });

  it('have defaults that their own schemas take, and sentences for people', () => {
    for (const key of SETTING_KEYS) {
      expect(SETTINGS[key].schema.safeParse(SETTINGS[key].default).success, key).toBe(true);
      expect(SETTINGS[key].about, key).toMatch(/^[A-Z`].*\.$/);
    }
  });

  it('have variables that are told apart', () => {
    expect(new Set(SETTING_KEYS.map(variableName)).size).toBe(SETTING_KEYS.length);
    expect(variableName('retry.base_delay_ms')).toBe('CATENA_RETRY_BASE_DELAY_MS');
  });
});

it('reads the environment as a copy', () => {
  const environment = readEnvironment();
  expect(Object.keys(environment).length).toBeGreaterThan(0);
  expect(readEnvironment()).not.toBe(environment);
});

it.each([
  ['redis://h:1', 'redis://h:1'],
  ['redis://:pw@h', 'redis://:***@h'],
  ['http://h/p?a=1&a=2&b=3', 'http://h/p?a=***&b=***'],
  ['not a url', 'not a url'],
  ['user:pw@host', '***'],
])('redacts %s as %s', (url, redacted) => {
  expect(redactUrl(url)).toBe(redacted);
});

it.each([
  ['https://bob:pw@h/p?a=1', 'https://***@h/p?a=1'],
  ['https://a@b:pw@h', 'https://***@h'],
  ['https://h/@x', 'https://h/@x'],
  ['', ''],
])('takes the login out of %s', (url, redacted) => {
  expect(redactLogin(url)).toBe(redacted);
});

it.each([
  ['lease_ns', 'lease_ms'],
  ['leasems', 'lease_ms'],
  ['retry.atempts', 'retry.attempts'],
  ['colour', undefined],
  ['x', undefined],
  ['', undefined],
])('takes %j for a mistyped %j', (typed, meant) => {
  expect(nearestName(typed, SETTING_KEYS)).toBe(meant);
});
