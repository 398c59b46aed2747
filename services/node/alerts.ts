/**
 * The alerts of a process: circuit breakers that open and close, runs that fail, and alerts of extensions. An alert never fails
 * or delays the work that caused it.
 *
 * Keys are the same in every process: `breaker:<key>`, `run:<run id>`. The process that makes a transition sends the alert; the
 * other processes receive the event and only update their state. A receiver that groups alerts by key shows each problem once.
 * Others may show it twice when two processes end the same run, or after a restart.
 */
import type { NatsEvents, SubscribeEventsOptions } from '../../libs/bus/nats/nats-events.ts';
import { type ChainEvent, EVENTS } from '../../libs/contracts/events.ts';
import type { Extension } from '../../libs/extension/extension.ts';
import type { RunRecord, Store } from '../../libs/store/port.ts';
import type { Alert } from '../../libs/telemetry/alerts/alert.ts';
import { type AlertDeps, openAlerts } from '../../libs/telemetry/alerts/alert-channel.ts';

export interface NodeAlertsDeps extends AlertDeps {
  readonly store: Pick<Store, 'findRun' | 'readItems'>;
  /** Asked whether a run failed. */
  readonly extensions: readonly Pick<Extension, 'describeEnd'>[];
}

export interface NodeAlerts {
  /** Whether alerts are sent at all; work that only serves alerts can be skipped if not. */
  readonly isOn: boolean;
  /** Records an event of this process, and sends its alert. */
  happened(event: ChainEvent): void;
  /** Records an event of another process, which has sent the alert itself. */
  heard(event: ChainEvent): void;
  /** Records that a run has ended, for whatever reason. */
  runEnded(runId: string): void;
  /** Sends an alert of an extension, or that the alert is resolved. */
  raise(alert: Alert): void;
  /** Sends waiting alerts for a limited time. Call it before the store is closed. Idempotent. */
  stop(): Promise<void>;
}

const MAX_DETAIL_CHARS = 300;

export function openNodeAlerts(deps: NodeAlertsDeps): NodeAlerts {
  const { store, clock, log } = deps;
  const channel = openAlerts(deps);
  const looking = new Set<Promise<void>>();

  const alertRunEnd = async (runId: string): Promise<void> => {
    const record = await store.findRun(runId);
    const reason = record === undefined ? undefined : await failureOf(deps, record);
    if (record !== undefined && reason !== undefined) channel?.raise(runAlert(record, reason, clock.now()));
  };

  return {
    isOn: channel !== undefined,
    happened: (event) => {
      const alert = breakerAlert(event);
      if (alert !== undefined) channel?.raise(alert);
    },
    heard: (event) => {
      const alert = breakerAlert(event);
      if (alert !== undefined) channel?.heard(alert);
    },
    runEnded: (runId) => {
      if (channel === undefined) return;
      const look = alertRunEnd(runId)
        .catch((error: unknown) =>
          log.warn('the alerts could not read how a run ended; no alert is sent for it', { run_id: runId, error }),
        )
        .finally(() => looking.delete(look));
      looking.add(look);
    },
    raise: (alert) => channel?.raise(alert),
    stop: async () => {
      await Promise.all(looking);
      await channel?.stop();
    },
  };
}

const BREAKER_EVENTS = [EVENTS.BreakerOpened.type, EVENTS.BreakerClosed.type] as const;

/** Subscribes to breaker events of other processes until the signal aborts; does nothing when alerts are off. */
export async function subscribeToBreakers(
  alerts: Pick<NodeAlerts, 'isOn' | 'heard'>,
  events: Pick<NatsEvents, 'subscribe'>,
  { signal, ...handlers }: Pick<SubscribeEventsOptions, 'onRefused' | 'onError'> & { readonly signal: AbortSignal },
): Promise<void> {
  if (!alerts.isOn) return;
  // One subscription per type, so that the server sends only these types.
  for (const type of BREAKER_EVENTS) {
    const subscription = await events.subscribe({
      types: [type],
      onEvent: (event) => alerts.heard(event),
      ...handlers,
    });
    signal.addEventListener('abort', () => void subscription.stop());
  }
}

/** Why a run failed; undefined if it did not fail or was cancelled. */
async function failureOf(
  { store, extensions }: Pick<NodeAlertsDeps, 'store' | 'extensions'>,
  record: RunRecord,
): Promise<string | undefined> {
  const reason = record.end?.finishReason;
  if (record.state !== 'closed' || reason === 'cancelled') return undefined;
  for (const extension of extensions) {
    const verdict = await extension.describeEnd?.(record, store);
    if (verdict !== undefined) return verdict.failure;
  }
  // A run that ends at its deadline or a cap has done its task.
  if (reason === 'completed' || reason === 'deadline' || reason === 'capped') return undefined;
  return record.end?.detail === '' ? reason : record.end?.detail;
}

function runAlert({ runId, account, modules }: RunRecord, reason: string, atMs: number): Alert {
  return {
    key: `run:${runId}`,
    grade: 'warning',
    kind: 'run',
    summary: `a run of ${modules.join(', ')} failed: ${reason.slice(0, MAX_DETAIL_CHARS)}`,
    atMs,
    details: { run_id: runId, account, modules: modules.join(', ') },
  };
}

function breakerAlert({ type, runId, moduleId, atMs, data }: ChainEvent): Alert | undefined {
  const isOpen = type === EVENTS.BreakerOpened.type;
  if (!isOpen && type !== EVENTS.BreakerClosed.type) return undefined;
  const breaker = String(data.key);
  return {
    key: `breaker:${breaker}`,
    grade: isOpen ? 'warning' : 'resolved',
    kind: 'breaker',
    summary: `the circuit breaker "${breaker}" ${isOpen ? 'opened: its requests are not sent for now' : 'closed'}`,
    atMs,
    details: { breaker, run_id: runId, module_id: moduleId },
  };
}
