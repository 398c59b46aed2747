import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Alert } from './alert.ts';
import { type AlertTarget, alertRequest, isAccepted } from './alert-formats.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const alert: Alert = {
  key: 'breaker:qwen:海澜鞋业',
  grade: 'warning',
  kind: 'breaker',
  summary: 'the circuit breaker "qwen:海澜鞋业" opened',
  atMs: NOW_MS,
  details: { breaker: 'qwen:海澜鞋业', failures: 5 },
};

function sent(changes: Partial<Alert>, target: Partial<AlertTarget> = {}) {
  const whole = {
    webhook: 'https://hook.test/in',
    format: 'json',
    secret: undefined,
    source: 'host-1',
    ...target,
  } as const;
  const { url, body } = alertRequest({ ...alert, ...changes }, whole, NOW_MS);
  return { url, body: JSON.parse(body) as Record<string, unknown> };
}

describe('an alert (B33, B47)', () => {
  it('as JSON is itself, with its time and its source', () => {
    expect(sent({})).toEqual({
      url: 'https://hook.test/in',
      body: {
        key: 'breaker:qwen:海澜鞋业',
        grade: 'warning',
        kind: 'breaker',
        summary: 'the circuit breaker "qwen:海澜鞋业" opened',
        at: '2026-01-02T03:04:05.000Z',
        source: 'host-1',
        details: { breaker: 'qwen:海澜鞋业', failures: 5 },
      },
    });
  });

  it('for PagerDuty is an event that triggers, and joins others of its key', () => {
    expect(sent({ grade: 'critical' }, { format: 'pagerduty', secret: 'routing-key' }).body).toEqual({
      routing_key: 'routing-key',
      dedup_key: 'breaker:qwen:海澜鞋业',
      event_action: 'trigger',
      payload: {
        summary: 'the circuit breaker "qwen:海澜鞋业" opened',
        source: 'host-1',
        severity: 'critical',
        timestamp: '2026-01-02T03:04:05.000Z',
        component: 'catena',
        class: 'breaker',
        custom_details: { breaker: 'qwen:海澜鞋业', failures: 5 },
      },
    });
  });

  it('for PagerDuty is an event that resolves when the trouble is over', () => {
    expect(sent({ grade: 'resolved' }, { format: 'pagerduty', secret: 'routing-key' }).body).toEqual({
      routing_key: 'routing-key',
      dedup_key: 'breaker:qwen:海澜鞋业',
      event_action: 'resolve',
    });
  });

  it('keeps to the lengths that PagerDuty takes; long keys that begin alike stay apart', () => {
    const long = (end: string) =>
      sent({ key: `${'k'.repeat(400)}${end}`, summary: 's'.repeat(4_000) }, { format: 'pagerduty' });
    const [a, b] = [long('a').body, long('b').body];
    expect(String(a.dedup_key).length).toBeLessThanOrEqual(255);
    expect(a.dedup_key).not.toBe(b.dedup_key);
    expect((a.payload as { summary: string }).summary).toHaveLength(1_024);
  });

  it('for DingTalk is a Markdown message, in which nothing from outside can format or call anybody', () => {
    const { url, body } = sent(
      { summary: 'run of [x](http://evil.test) <b>@all\n# failed', details: { error: '**bold**\n- item' } },
      { format: 'dingtalk', webhook: 'https://hook.test/robot/send?access_token=abc' },
    );
    expect(url).toBe('https://hook.test/robot/send?access_token=abc');
    expect(body).toEqual({
      msgtype: 'markdown',
      markdown: {
        title: '[warning] run of \\[x\\]\\(http://evil.test\\) \\<b\\>＠all \\# failed',
        text: [
          '#### [warning] run of \\[x\\]\\(http://evil.test\\) \\<b\\>＠all \\# failed',
          '- error: \\*\\*bold\\*\\* - item',
          '- source: host-1',
          '- at: 2026-01-02T03:04:05.000Z',
        ].join('\n'),
      },
    });
  });

  it('for a DingTalk robot that signs carries the time and its signature in the address', () => {
    const target = {
      format: 'dingtalk',
      webhook: 'https://hook.test/send?access_token=abc',
      secret: 'SEC0123',
    } as const;
    const url = new URL(sent({}, target).url);
    const sign = createHmac('sha256', 'SEC0123').update(`${NOW_MS}\nSEC0123`).digest('base64');
    expect(Object.fromEntries(url.searchParams)).toEqual({ access_token: 'abc', timestamp: String(NOW_MS), sign });
    expect(url.search).not.toContain('+');
  });
});

describe('an answer', () => {
  it('took the alert when its status says so, and for DingTalk its body too', () => {
    expect([200, 202, 204].every((status) => isAccepted('pagerduty', status, ''))).toBe(true);
    expect([301, 400, 429, 500].some((status) => isAccepted('json', status, ''))).toBe(false);
    expect(isAccepted('dingtalk', 200, '{"errcode":0,"errmsg":"ok"}')).toBe(true);
    expect(isAccepted('dingtalk', 200, '{"errmsg": "ok", "errcode" : 0}')).toBe(true);
    expect(isAccepted('dingtalk', 200, '{"errcode":310000,"errmsg":"sign not match"}')).toBe(false);
    expect(isAccepted('dingtalk', 200, '')).toBe(false);
  });
});
