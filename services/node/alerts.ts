/**
 * What a process tells by alert: circuit breakers that open and close, runs that end failed, and what extensions raise. Nothing
 * here fails or holds up what it watches.
 *
 * Keys are the same in every process: `breaker:<key>`, `run:<run id>`. The process that makes a
 * transition tells of it; the others hear its event and know. A receiver that joins alerts by their key shows each trouble
 * once; one that does not may show it twice when two processes end the same run, or after a restart.
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
  /** Whether anybody is told: what only serves alerts need not be done otherwise. */
  readonly isOn: boolean;
  /** Something happened in this process. */
  happened(event: ChainEvent): void;
  /** Something happened in some process, which has told of it. */
  heard(event: ChainEvent): void;
  /** A run has ended, one way or another. */
  runEnded(runId: string): void;
  /** An extension has something to tell, or that it is over. */
  raise(alert: Alert): void;
  /** Sends what waits, for a while; before the store is closed. Idempotent. */
  stop(): Promise<void>;
}

const MAX_DETAIL_CHARS = 300;

export function openNodeAlerts(deps: NodeAlertsDeps): NodeAlerts {
  const { store, clock, log } = deps;
  const channel = openAlerts(deps);
  const looking = new Set<Promise<void>>();

  const lookAtEnd = async (runId: string): Promise<void> => {
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
      const look = lookAtEnd(runId)
        .catch((error: unknown) => log.warn('how a run ended could not be told', { run_id: runId, error }))
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

/** Listens to what other processes tell of circuit breakers, where alerts are sent at all. Until the signal. */
export async function hearBreakers(
  alerts: Pick<NodeAlerts, 'isOn' | 'heard'>,
  events: Pick<NatsEvents, 'subscribe'>,
  { signal, ...told }: Pick<SubscribeEventsOptions, 'onRefused' | 'onError'> & { readonly signal: AbortSignal },
): Promise<void> {
  if (!alerts.isOn) return;
  // One by one: a subscription to a single type is not sent what it does not want.
  for (const type of BREAKER_EVENTS) {
    const heard = await events.subscribe({ types: [type], onEvent: (event) => alerts.heard(event), ...told });
    signal.addEventListener('abort', () => void heard.stop());
  }
}

/** Why a run failed; undefined of one that did not, or that somebody cancelled. */
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
  // A run that its deadline ended has done what it was asked to.
  if (reason === 'completed' || reason === 'deadline') return undefined;
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
    summary: `the circuit breaker "${breaker}" ${isOpen ? 'opened: what it guards is not called for now' : 'closed'}`,
    atMs,
    details: { breaker, run_id: runId, module_id: moduleId },
  };
}
