import { describe, expect, it } from 'vitest';
import type { CatenaError } from '../errors/catena-error.ts';
import { describeConfig } from './describe-config.ts';
import type { Environment } from './environment.ts';
import { loadConfig } from './load-config.ts';

const WEBHOOK = 'https://oapi.dingtalk.com/robot/send?access_token=hunter2';

function problemsOf(env: Environment): unknown {
  try {
    loadConfig({ env });
  } catch (thrown) {
    return (thrown as CatenaError).data.problems;
  }
  return [];
}

describe('the settings of alerts (B33)', () => {
  it('are off by default, and JSON', () => {
    expect(loadConfig({ env: {} }).config.alerts).toEqual({ webhook: undefined, format: 'json', secret: undefined });
  });

  it('are secrets: the address of a robot holds its token', () => {
    const env = { CATENA_ALERTS_WEBHOOK: WEBHOOK, CATENA_ALERTS_SECRET: 'SEC0hunter2' };
    const loaded = loadConfig({ env });
    expect(loaded.config.alerts.webhook).toBe(WEBHOOK);
    const shown = describeConfig(loaded).filter(({ key }) => key.startsWith('alerts.'));
    expect(shown.map(({ value }) => value)).toEqual(['***', 'json', '***']);
    expect(JSON.stringify(problemsOf({ CATENA_ALERTS_WEBHOOK: 'ftp://hunter2' }))).not.toContain('hunter2');
  });

  it('refuse what is no address', () => {
    for (const webhook of ['hook', 'ftp://x', 'https://', 'https://a b']) {
      expect(problemsOf({ CATENA_ALERTS_WEBHOOK: webhook }), webhook).toMatchObject([{ key: 'alerts.webhook' }]);
    }
  });

  it('need a routing key for PagerDuty', () => {
    const env = { CATENA_ALERTS_WEBHOOK: 'https://events.pagerduty.com/v2/enqueue', CATENA_ALERTS_FORMAT: 'pagerduty' };
    expect(problemsOf(env)).toMatchObject([{ key: 'alerts.secret' }]);
    expect(problemsOf({ ...env, CATENA_ALERTS_SECRET: 'R0123456789' })).toEqual([]);
    expect(problemsOf({ CATENA_ALERTS_FORMAT: 'pagerduty' })).toEqual([]);
  });
});
