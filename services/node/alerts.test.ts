import { describe, expect, it, vi } from 'vitest';
import {
  callsOf,
  closedRecord,
  inputWith,
  recordOf,
  reportFor,
  stored,
} from '../../libs/brand/status/status.fixture.ts';
import { ManualClock } from '../../libs/clock/clock.ts';
import { loadConfig } from '../../libs/config/load-config.ts';
import { type ChainEvent, EVENTS } from '../../libs/contracts/events.ts';
import { breakerEvent } from '../../libs/limits/breakers.ts';
import type { RunEnd, RunRecord, StoredItem } from '../../libs/store/port.ts';
import { silentLog } from '../../libs/telemetry/log.ts';
import { Metrics } from '../../libs/telemetry/metrics.ts';
import { startAlertReceiver } from '../../test/fixtures/alert-receiver.ts';
import { hearBreakers, type NodeAlerts, openNodeAlerts } from './alerts.ts';

const input = inputWith();
const occasion = { runId: 'run-1', moduleId: 'brand-diagnosis@1.0.0', nodeId: 'n' };

function breaker(kind: 'opened' | 'closed', generation: number): ChainEvent {
  return breakerEvent({ key: 'qwen:海澜鞋业', kind, generation, atMs: 1 }, occasion);
}

/** Alerts over a store of one run, to a receiver; all have been told when it is stopped. */
async function alertsOf(record?: RunRecord, rows: readonly StoredItem[] = []) {
  const receiver = await startAlertReceiver();
  const { config } = loadConfig({ env: {}, overrides: { 'alerts.webhook': receiver.url } });
  const alerts = openNodeAlerts({
    ...{ config, clock: new ManualClock(), log: silentLog, metrics: new Metrics() },
    store: { findRun: async () => record, readItems: async ({ type }) => rows.filter((row) => row.type === type) },
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
        summary: 'the circuit breaker "qwen:海澜鞋业" opened: what it guards is not called for now',
        details: { run_id: 'run-1', module_id: 'brand-diagnosis@1.0.0' },
      },
      { key: 'breaker:qwen:海澜鞋业', grade: 'resolved' },
    ]);
  });

  it('that another process has told of is not told again', async () => {
    const { alerts, told } = await alertsOf();
    const handlers: ((event: ChainEvent) => unknown)[] = [];
    const stopped: string[] = [];
    const stopping = new AbortController();
    await hearBreakers(
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
  const report = (answer: Parameters<typeof callsOf>[1]) => [
    stored('report', reportFor(input, callsOf(input, answer))),
  ];
  const answered = report(() => '推荐云步。');
  const unanswered = report(() => ({ fails: 'timeout' }));
  const shop = (finishReason: RunEnd['finishReason'], detail = '') =>
    closedRecord({ finishReason, detail }, { modules: ['shop@1.0.0'] });

  it.each([
    ['was rejected', shop('rejected', 'no module shop@1.0.0'), [], 'no module shop@1.0.0'],
    ['was terminated', shop('terminated'), [], 'terminated'],
    ['had no call answered (X6)', closedRecord(), unanswered, 'none of 2 calls was answered (timeout 2)'],
    ['wrote no report', closedRecord({ finishReason: 'deadline' }), [], 'the time of the run was over'],
  ])('that %s is told, once', async (_what, record, rows, reason) => {
    const { alerts, told } = await alertsOf(record, rows);
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
    ['is a diagnosis with answers', closedRecord({ finishReason: 'deadline' }), answered],
    ['is a diagnosis that somebody cancelled', closedRecord({ finishReason: 'cancelled' }), []],
    ['is not closed yet', recordOf(), []],
    ['is not there', undefined, []],
  ])('that %s is not', async (_what, record, rows) => {
    const { alerts, told } = await alertsOf(record, rows);
    alerts.runEnded('run-1');
    expect(await told()).toEqual([]);
  });
});

describe('status answers (B47)', () => {
  it('that disagree are told by their grade, and that they agree again', async () => {
    const { alerts, told } = await alertsOf();
    for (const [grade, ratio] of [
      ['warning', 0.9891],
      ['critical', 0.94],
      ['ok', 0.995],
    ] as const) {
      alerts.consistency({ grade, ratio, checks: 1_000, atMs: 1 });
    }
    expect((await told()).map(({ key, grade, summary }) => [key.split(':')[0], grade, summary])).toEqual([
      ['consistency', 'warning', '98.91 % of the last 1000 status answers were consistent'],
      ['consistency', 'critical', '94 % of the last 1000 status answers were consistent'],
      ['consistency', 'resolved', '99.5 % of the last 1000 status answers were consistent'],
    ]);
  });
});

describe('without a webhook', () => {
  const findRun = vi.fn(async () => undefined);
  const deps = { clock: new ManualClock(), log: silentLog, metrics: new Metrics() };
  const open = (): NodeAlerts =>
    openNodeAlerts({ ...deps, config: loadConfig({ env: {} }).config, store: { findRun, readItems: async () => [] } });

  it('nothing is read, heard or told', async () => {
    const alerts = open();
    expect(alerts.isOn).toBe(false);
    alerts.happened(breaker('opened', 1));
    alerts.runEnded('run-1');
    alerts.consistency({ grade: 'warning', ratio: 0.9, checks: 100, atMs: 1 });
    const subscribe = vi.fn();
    await hearBreakers(alerts, { subscribe }, { signal: new AbortController().signal, onRefused() {}, onError() {} });
    await alerts.stop();
    expect(findRun).not.toHaveBeenCalled();
    expect(subscribe).not.toHaveBeenCalled();
  });
});
