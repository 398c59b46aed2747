/**
 * Sends alerts to a webhook, one after the other, so that a `resolved` never overtakes its alert. It sends in the background:
 * raising an alert neither waits nor fails. An alert that cannot be sent in a few attempts is dropped, logged and counted.
 */

import { hostname } from 'node:os';
import { Agent, request } from 'undici';
import type { Clock } from '../../clock/clock.ts';
import { pause } from '../../concurrency/abort.ts';
import { backOffMs } from '../../concurrency/back-off.ts';
import { RecentMap } from '../../concurrency/recent-map.ts';
import { forcedAfter } from '../../concurrency/within.ts';
import type { Config } from '../../config/config-tree.ts';
import type { Log } from '../log.ts';
import { METRICS } from '../metric-names.ts';
import type { Metrics } from '../metrics.ts';
import type { Alert, AlertSink } from './alert.ts';
import { type AlertTarget, alertRequest, isAccepted } from './alert-formats.ts';

export interface AlertChannelOptions extends AlertTarget {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The first wait between two attempts, in milliseconds; the next is four times as long. Default: one second. */
  readonly retryDelayMs?: number;
  /** The timeout of one attempt, in milliseconds. Default: five seconds. */
  readonly timeoutMs?: number;
}

const ATTEMPTS = 3;
const RETRY_DELAY_MS = 1_000;
const RETRY_FACTOR = 4;
const TIMEOUT_MS = 5_000;
/** The most alerts that may wait; more of them would not help anybody. */
const MAX_WAITING = 100;
const MAX_ANSWER_CHARS = 4_096;
/** How long a stop waits for alerts that are still to be sent. */
const STOP_GRACE_MS = 5_000;

export class AlertChannel implements AlertSink {
  readonly #options: AlertChannelOptions;
  readonly #unresolved = new UnresolvedAlerts();
  readonly #agent = new Agent({ connections: 1 });
  readonly #stopping = new AbortController();
  readonly #waiting: Alert[] = [];
  #sending: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: AlertChannelOptions) {
    this.#options = options;
  }

  raise(alert: Alert): void {
    if (this.#stopped !== undefined) return;
    if (!this.#unresolved.recordSent(alert)) {
      this.#count('known');
    } else if (this.#waiting.length >= MAX_WAITING) {
      this.#lose(alert, 'too many alerts are waiting');
    } else {
      this.#waiting.push(alert);
      this.#sending ??= this.#sendAll();
    }
  }

  /** Another process has already sent this alert. */
  heard(alert: Pick<Alert, 'key' | 'grade'>): void {
    this.#unresolved.recordSent(alert);
  }

  /** Accepts no more alerts and sends the waiting ones, for a limited time. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await forcedAfter(Promise.resolve(this.#sending), STOP_GRACE_MS, () => this.#stopping.abort());
    await this.#agent.destroy();
  }

  async #sendAll(): Promise<void> {
    for (let alert = this.#waiting.shift(); alert !== undefined; alert = this.#waiting.shift()) await this.#send(alert);
    this.#sending = undefined;
  }

  async #send(alert: Alert): Promise<void> {
    const { retryDelayMs = RETRY_DELAY_MS } = this.#options;
    let failure: unknown;
    for (let attempt = 0; attempt < ATTEMPTS && !this.#stopping.signal.aborted; attempt += 1) {
      if (attempt > 0)
        await pause(
          backOffMs({ baseMs: retryDelayMs, maxMs: Number.POSITIVE_INFINITY, factor: RETRY_FACTOR }, attempt - 1),
          this.#stopping.signal,
        );
      try {
        const refusal = await this.#post(alert);
        if (refusal === undefined) return this.#count('sent');
        failure = refusal;
      } catch (error) {
        failure = error;
      }
    }
    this.#lose(alert, reasonOf(failure));
  }

  /** The alert was not sent, so the next one with its key must be sent. */
  #lose(alert: Alert, reason: string): void {
    this.#unresolved.forget(alert);
    this.#count('lost');
    // The address may contain a token, so it is never logged.
    this.#options.log.warn('an alert could not be sent', { alert: alert.key, summary: alert.summary, reason });
  }

  /** Why the receiver refused it; undefined if it was accepted. */
  async #post(alert: Alert): Promise<string | undefined> {
    const { clock, format, timeoutMs = TIMEOUT_MS } = this.#options;
    const { url, body } = alertRequest(alert, this.#options, clock.now());
    const response = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      dispatcher: this.#agent,
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#stopping.signal]),
    });
    const answer = await beginning(response.body);
    return isAccepted(format, response.statusCode, answer) ? undefined : `answered ${response.statusCode}`;
  }

  #count(outcome: 'sent' | 'known' | 'lost'): void {
    this.#options.metrics.counter(METRICS.alerts).with({ outcome }).add();
  }
}

/** The beginning of a body; the rest of a longer one is not read. */
async function beginning(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of body) {
    text += decoder.decode(part, { stream: true });
    if (text.length >= MAX_ANSWER_CHARS) break;
  }
  return text;
}

function reasonOf(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  const { code } = failure as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : failure.name;
}

/** The most keys that are kept; an alert whose key was dropped is sent again. */
export const MAX_UNRESOLVED = 10_000;

/** The alerts that were sent and not yet resolved, so that none is sent twice. */
export class UnresolvedAlerts {
  readonly #grades = new RecentMap<string, Alert['grade']>(MAX_UNRESOLVED);

  /** Returns whether an alert is new, and records it as sent. */
  recordSent({ key, grade }: Pick<Alert, 'key' | 'grade'>): boolean {
    const before = this.#grades.get(key);
    if (grade === 'resolved') {
      this.#grades.delete(key);
      return true;
    }
    if (before === grade || before === 'critical') return false;
    this.#grades.set(key, grade);
    return true;
  }

  /** Records that the alert was not sent after all. */
  forget({ key, grade }: Pick<Alert, 'key' | 'grade'>): void {
    if (this.#grades.get(key) === grade) this.#grades.delete(key);
  }
}

export interface AlertDeps {
  readonly config: Pick<Config, 'alerts'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The configured channel; undefined if none is configured. */
export function openAlerts({ config, clock, log, metrics }: AlertDeps): AlertChannel | undefined {
  const { webhook, format, secret } = config.alerts;
  if (webhook === undefined) return undefined;
  return new AlertChannel({ webhook, format, secret, source: hostname(), clock, log, metrics });
}
