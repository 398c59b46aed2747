/**
 * Builds the request that sends an alert to its receiver. Pure.
 *
 * - `json`: this project's own: `{key, grade, kind, summary, at, source, details}`.
 * - `pagerduty`: the Events API v2: `POST https://events.pagerduty.com/v2/enqueue`. The routing key of the integration is the
 *   secret; `dedup_key` joins the alerts of all processes into one incident, and a `resolve` ends it.
 * - `dingtalk`: a group's robot: `POST https://oapi.dingtalk.com/robot/send?access_token=…` with a Markdown message. A robot
 *   that checks signatures has a secret: the base64 of HMAC-SHA256 over `<timestamp>\n<secret>` goes into the address. It does not join
 *   messages, and it accepts twenty a minute.
 */
import { createHmac, hash } from 'node:crypto';
import { type Alert, MAX_KEY_CHARS, MAX_SUMMARY_CHARS } from './alert.ts';

export const ALERT_FORMATS = ['json', 'pagerduty', 'dingtalk'] as const;
export type AlertFormat = (typeof ALERT_FORMATS)[number];

export interface AlertTarget {
  readonly webhook: string;
  readonly format: AlertFormat;
  /** PagerDuty's routing key, or the secret of a robot that signs. */
  readonly secret: string | undefined;
  /** The source of alerts: the host of this process. */
  readonly source: string;
}

export interface AlertRequest {
  readonly url: string;
  /** JSON. */
  readonly body: string;
}

/** The request for the receiver. `nowMs` is used only in a signature. */
export function alertRequest(
  alert: Alert,
  { webhook, format, secret, source }: AlertTarget,
  nowMs: number,
): AlertRequest {
  switch (format) {
    case 'json':
      return { url: webhook, body: JSON.stringify(jsonBody(alert, source)) };
    case 'pagerduty':
      return { url: webhook, body: JSON.stringify(pagerDutyBody(alert, source, secret ?? '')) };
    case 'dingtalk':
      return { url: signedUrl(webhook, secret, nowMs), body: JSON.stringify(dingTalkBody(alert, source)) };
  }
}

/** Whether the receiver accepted it: DingTalk always answers with status 200 and puts the result into the body. */
export function isAccepted(format: AlertFormat, status: number, body: string): boolean {
  if (status < 200 || status >= 300) return false;
  return format !== 'dingtalk' || /"errcode"\s*:\s*0\b/.test(body);
}

function jsonBody({ key, grade, kind, summary, atMs, details }: Alert, source: string) {
  return { key, grade, kind, summary, at: new Date(atMs).toISOString(), source, details };
}

function pagerDutyBody({ key, grade, kind, summary, atMs, details }: Alert, source: string, routingKey: string) {
  const event = { routing_key: routingKey, dedup_key: dedupKey(key) };
  if (grade === 'resolved') return { ...event, event_action: 'resolve' };
  return {
    ...event,
    event_action: 'trigger',
    payload: {
      summary: summary.slice(0, MAX_SUMMARY_CHARS),
      source,
      severity: grade,
      timestamp: new Date(atMs).toISOString(),
      component: 'catena',
      class: kind,
      custom_details: details,
    },
  };
}

/** Keys contain names from outside: a long one ends in its hash, so that two with the same beginning stay different. */
function dedupKey(key: string): string {
  if (key.length <= MAX_KEY_CHARS) return key;
  const end = hash('sha256', key, 'base64url');
  return `${key.slice(0, MAX_KEY_CHARS - end.length)}${end}`;
}

function dingTalkBody({ grade, summary, atMs, details }: Alert, source: string) {
  const lines = Object.entries(details).map(([name, value]) => `- ${name}: ${plain(String(value))}`);
  const title = `[${grade}] ${plain(summary)}`.slice(0, MAX_SUMMARY_CHARS);
  const text = [`#### ${title}`, ...lines, `- source: ${plain(source)}`, `- at: ${new Date(atMs).toISOString()}`];
  return { msgtype: 'markdown', markdown: { title, text: text.join('\n') } };
}

/** Names and error texts come from outside: they must neither format the message nor mention members of the group. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]()#!<>@|]/g, (mark) => (mark === '@' ? '＠' : `\\${mark}`));
}

function signedUrl(webhook: string, secret: string | undefined, nowMs: number): string {
  if (secret === undefined) return webhook;
  const url = new URL(webhook);
  url.searchParams.set('timestamp', String(nowMs));
  url.searchParams.set('sign', createHmac('sha256', secret).update(`${nowMs}\n${secret}`).digest('base64'));
  return url.href;
}
