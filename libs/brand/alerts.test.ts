/** What is told by alert of diagnoses: the alerts of a node, and the extension that judges. */
import { describe, expect, it } from 'vitest';
import { openNodeAlerts } from '../../services/node/alerts.ts';
import { startAlertReceiver } from '../../test/fixtures/alert-receiver.ts';
import { ManualClock } from '../clock/clock.ts';
import { loadConfig } from '../config/load-config.ts';
import type { RunRecord, StoredItem } from '../store/port.ts';
import { silentLog } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { toAlert } from './consistency/consistency-alert.ts';
import { brandExtension } from './extension.ts';
import { callsOf, closedRecord, inputWith, reportFor, stored } from './status/status.fixture.ts';

const input = inputWith();

/** Alerts over a store of one run, to a receiver; all have been told when it is stopped. */
async function alertsOf(record?: RunRecord, rows: readonly StoredItem[] = []) {
  const receiver = await startAlertReceiver();
  const { config } = loadConfig({ env: {}, overrides: { 'alerts.webhook': receiver.url } });
  const alerts = openNodeAlerts({
    ...{ config, clock: new ManualClock(), log: silentLog, metrics: new Metrics(), extensions: [brandExtension] },
    store: { findRun: async () => record, readItems: async ({ type }) => rows.filter((row) => row.type === type) },
  });
  const told = async () => {
    await alerts.stop();
    return receiver.received;
  };
  return { alerts, told };
}

describe('a diagnosis that has ended (B33)', () => {
  const report = (answer: Parameters<typeof callsOf>[1]) => [
    stored('report', reportFor(input, callsOf(input, answer))),
  ];
  const answered = report(() => '推荐云步。');
  const unanswered = report(() => ({ fails: 'timeout' }));

  it.each([
    ['had no call answered (X6)', closedRecord(), unanswered, 'none of 2 calls was answered (timeout 2)'],
    ['wrote no report', closedRecord({ finishReason: 'deadline' }), [], 'the time of the run was over'],
  ])('and %s is told, once', async (_what, record, rows, reason) => {
    const { alerts, told } = await alertsOf(record, rows);
    alerts.runEnded('run-1');
    alerts.runEnded('run-1');
    expect(await told()).toMatchObject([
      { key: 'run:run-1', grade: 'warning', summary: expect.stringContaining(reason), details: { run_id: 'run-1' } },
    ]);
  });

  it.each([
    ['has answers', closedRecord({ finishReason: 'deadline' }), answered],
    ['was cancelled by somebody', closedRecord({ finishReason: 'cancelled' }), []],
  ])('and %s is not', async (_what, record, rows) => {
    const { alerts, told } = await alertsOf(record, rows);
    alerts.runEnded('run-1');
    expect(await told()).toEqual([]);
  });

  it('is no concern of it when it is of another module', async () => {
    const shop = closedRecord({ finishReason: 'rejected', detail: 'no module' }, { modules: ['shop@1.0.0'] });
    const { alerts, told } = await alertsOf(shop, unanswered);
    alerts.runEnded('run-1');
    expect(await told()).toMatchObject([{ summary: expect.stringContaining('no module') }]);
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
      alerts.raise(toAlert({ grade, ratio, checks: 1_000, atMs: 1 }));
    }
    expect((await told()).map(({ key, grade, summary }) => [key.split(':')[0], grade, summary])).toEqual([
      ['consistency', 'warning', '98.91 % of the last 1000 status responses were consistent'],
      ['consistency', 'critical', '94 % of the last 1000 status responses were consistent'],
      ['consistency', 'resolved', '99.5 % of the last 1000 status responses were consistent'],
    ]);
  });
});
