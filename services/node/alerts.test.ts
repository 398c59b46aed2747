import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../libs/clock/clock.ts';
import { loadConfig } from '../../libs/config/load-config.ts';
import { type ChainEvent, EVENTS } from '../../libs/contracts/events.ts';
import type { Extension } from '../../libs/extension/extension.ts';
import { breakerEvent } from '../../libs/limits/breakers.ts';
import type { RunEnd, RunRecord } from '../../libs/store/port.ts';
import { silentLog } from '../../libs/telemetry/log.ts';
import { Metrics } from '../../libs/telemetry/metrics.ts';
import { startAlertReceiver } from '../../test/fixtures/alert-receiver.ts';
import { type NodeAlerts, openNodeAlerts, subscribeToBreakers } from './alerts.ts';

const occasion = { runId: 'run-1', moduleId: 'shop@1.0.0', nodeId: 'n' };

function recordOf(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    ...{ runId: 'run-1', taskId: 'run-1', account: 'acme', platform: 'web', modules: ['shop@1.0.0'], input: {} },
    ...{ fingerprint: 'f', metadata: {}, priority: 0, acceptedAtMs: 1, state: 'open', end: undefined },
    deadlineAtMs: undefined,
    ...changes,
  } as RunRecord;
}

function closedRecord(finishReason: RunEnd['finishReason'], detail = ''): RunRecord {
  return recordOf({ state: 'closed', end: { finishReason, detail, endedAtMs: 2, done: 9, dead: 0, items: 9 } });
}

function breaker(kind: 'opened' | 'closed', generation: number): ChainEvent {
  return breakerEvent({ key: 'qwen:海澜鞋业', kind, generation, atMs: 1 }, occasion);
}

/** Alerts over a store of one run, to a receiver; all have been told when it is stopped. */
async function alertsOf(record?: RunRecord, extensions: readonly Pick<Extension, 'describeEnd'>[] = []) {
  const receiver = await startAlertReceiver();
  const { config } = loadConfig({ env: {}, overrides: { 'alerts.webhook': receiver.url } });
  const alerts = openNodeAlerts({
    ...{ config, clock: new ManualClock(), log: silentLog, metrics: new Metrics(), extensions },
    store: { findRun: async () => record, readItems: async () => [] },
  });
  const told = async () => {
    await alerts.stop();
    return receiver.received;
  };
  return { alerts, told };
}

describe('a circuit breaker (B33)', () => {
  it('is told when it opens, not again when its trial fails, and when it closes', async () => {
    const { alerts, told } = await alertsOf();
    for (const event of [breaker('opened', 1), breaker('opened', 3), breaker('closed', 5)]) alerts.happened(event);
    expect(await told()).toMatchObject([
      {
        key: 'breaker:qwen:海澜鞋业',
        grade: 'warning',
        summary: 'the circuit breaker "qwen:海澜鞋业" opened: its requests are not sent for now',
        details: { run_id: 'run-1', module_id: 'shop@1.0.0' },
      },
      { key: 'breaker:qwen:海澜鞋业', grade: 'resolved' },
    ]);
  });

  it('that another process has told of is not told again', async () => {
    const { alerts, told } = await alertsOf();
    const handlers: ((event: ChainEvent) => unknown)[] = [];
    const stopped: string[] = [];
    const stopping = new AbortController();
    await subscribeToBreakers(
      alerts,
      {
        subscribe: async ({ types, onEvent }) => {
          handlers.push(onEvent);
          return { stop: async () => void stopped.push(String(types)) };
        },
      },
      { signal: stopping.signal, onRefused: () => {}, onError: () => {} },
    );
    for (const hear of handlers) hear(breaker('opened', 1));
    alerts.happened(breaker('opened', 3));
    expect(await told()).toEqual([]);
    stopping.abort();
    expect(stopped).toEqual([EVENTS.BreakerOpened.type, EVENTS.BreakerClosed.type]);
  });

  it('is the only event that is told', async () => {
    const { alerts, told } = await alertsOf();
    const { type, version } = EVENTS.DeadLettered;
    alerts.happened({ ...breaker('opened', 1), type, version });
    expect(await told()).toEqual([]);
  });
});

describe('a run (B33)', () => {
  const shop = closedRecord;
  /** An extension that knows why every run of the shop failed, or that none did. */
  const judge = (failure: string | undefined) => ({ describeEnd: async () => ({ failure }) });
  const notMine = { describeEnd: async () => undefined };

  it.each([
    ['was rejected', shop('rejected', 'no module shop@1.0.0'), [], 'no module shop@1.0.0'],
    ['was terminated', shop('terminated'), [{}, notMine], 'terminated'],
    ['an extension calls a failure', shop('completed'), [notMine, judge('nothing was sold')], 'nothing was sold'],
  ])('that %s is told, once', async (_what, record, extensions, reason) => {
    const { alerts, told } = await alertsOf(record, extensions);
    alerts.runEnded('run-1');
    alerts.runEnded('run-1');
    expect(await told()).toMatchObject([
      { key: 'run:run-1', grade: 'warning', summary: expect.stringContaining(reason), details: { run_id: 'run-1' } },
    ]);
  });

  it.each([
    ['is completed', shop('completed'), []],
    ['reached its deadline', shop('deadline'), []],
    ['was cancelled', shop('cancelled', 'cancelled'), []],
    ['an extension calls no failure', shop('terminated'), [judge(undefined)]],
    ['somebody cancelled, whatever extensions say', shop('cancelled'), [judge('nothing was sold')]],
    ['is not closed yet', recordOf(), []],
    ['is not there', undefined, []],
  ])('that %s is not', async (_what, record, extensions) => {
    const { alerts, told } = await alertsOf(record, extensions);
    alerts.runEnded('run-1');
    expect(await told()).toEqual([]);
  });
});

describe('without a webhook', () => {
  const findRun = vi.fn(async () => undefined);
  const deps = { clock: new ManualClock(), log: silentLog, metrics: new Metrics() };
  const open = (): NodeAlerts =>
    openNodeAlerts({
      ...{ ...deps, extensions: [] },
      ...{ config: loadConfig({ env: {} }).config, store: { findRun, readItems: async () => [] } },
    });

  it('nothing is read, heard or told', async () => {
    const alerts = open();
    expect(alerts.isOn).toBe(false);
    alerts.happened(breaker('opened', 1));
    alerts.runEnded('run-1');
    alerts.raise({ key: 'k', grade: 'warning', kind: 'k', summary: '', atMs: 1, details: {} });
    const subscribe = vi.fn();
    await subscribeToBreakers(
      alerts,
      { subscribe },
      { signal: new AbortController().signal, onRefused() {}, onError() {} },
    );
    await alerts.stop();
    expect(findRun).not.toHaveBeenCalled();
    expect(subscribe).not.toHaveBeenCalled();
  });
});
