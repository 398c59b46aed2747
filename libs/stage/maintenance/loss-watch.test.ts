import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import type { AuditResult } from './audit-runs.ts';
import { type LossLedger, LossWatch } from './loss-watch.ts';

const NOTHING: AuditResult = { runs: 0, nodes: 0, reopened: 0, drift: 0, withdrawn: 0, ended: 0, unsettled: 0 };
const SOON = { interval: 2, timeout: 10_000 };

/** A coordinator's marker and the store's row, in memory. */
function openPlace() {
  const coordinator = { marker: 0, primaries: 'one' };
  const row = { incarnation: 1, marker: 0, primaries: '', wanted: 0, done: 0, isTaken: false };
  const ledger: LossLedger = {
    takeMarkerTurn: async () => ({ ...row, isTurn: true, wantsAudit: row.done < row.wanted && !row.isTaken }),
    raiseIncarnation: async () => {
      row.wanted += 1;
      row.incarnation += 1;
      return row.incarnation;
    },
    confirmMarker: async (marker, primaries) => {
      Object.assign(row, { marker, primaries });
    },
    wantAudit: async () => {
      row.wanted += 1;
    },
    takeAudit: async () => {
      if (row.isTaken) return undefined;
      row.isTaken = true;
      return row.wanted;
    },
    endAudit: async (taken) => {
      row.done = taken;
      row.isTaken = false;
    },
    leaveAudit: async () => {
      row.isTaken = false;
    },
  };
  const markers = {
    read: async () => ({ lowest: coordinator.marker, highest: coordinator.marker }),
    raise: async (marker: number) => {
      coordinator.marker = Math.max(coordinator.marker, marker);
    },
    primaries: async () => coordinator.primaries,
  };
  return { coordinator, row, ledger, markers };
}

function watch(place: ReturnType<typeof openPlace>, audit = vi.fn(async () => NOTHING), changes: object = {}) {
  const incarnation = { value: 1 };
  const { ledger, markers } = place;
  const parts = { ledger, markers, incarnation, audit, log: silentLog, metrics: new Metrics(), intervalMs: 2 };
  const started = new LossWatch({ ...parts, ...changes });
  onTestFinished(() => started.stop());
  started.start();
  return { audit, incarnation, watch: started };
}

const marked = (place: ReturnType<typeof openPlace>, marker: number) =>
  vi.waitFor(() => expect(place.row.marker).toBeGreaterThan(marker), SOON);

describe('the loss watch', () => {
  it('raises the marker in the coordinator, then in the store, and finds nothing while both agree', async () => {
    const place = openPlace();
    const { audit } = watch(place);
    await marked(place, 5);
    expect(place.coordinator.marker).toBeGreaterThanOrEqual(place.row.marker);
    expect([place.row.incarnation, audit.mock.calls.length]).toEqual([1, 0]);
  });

  it('raises the incarnation and audits when the marker of the coordinator is behind', async () => {
    const place = openPlace();
    const { audit, incarnation } = watch(place);
    await marked(place, 3);
    place.coordinator.marker = 1;
    await vi.waitFor(() => expect(audit).toHaveBeenCalledTimes(1), SOON);
    expect(place.row.incarnation).toBe(2);
    expect(incarnation.value).toBe(2);
    const { marker } = place.row;
    await marked(place, marker + 3);
    expect(place.row.incarnation).toBe(2);
  });

  it('audits, but raises nothing, when only the primary is another', async () => {
    const place = openPlace();
    const { audit } = watch(place);
    await marked(place, 3);
    place.coordinator.primaries = 'two';
    await vi.waitFor(() => expect(audit).toHaveBeenCalled(), SOON);
    await marked(place, place.row.marker + 3);
    expect([place.row.incarnation, audit.mock.calls.length]).toEqual([1, 1]);
  });

  it('leaves the evidence when it dies between noticing a loss and raising the marker', async () => {
    const place = openPlace();
    const first = watch(place);
    await marked(place, 3);
    await first.watch.stop();
    place.coordinator.marker = 1;
    const raise = vi.fn(() => Promise.reject(new Error('the process is gone')));
    const dying = watch(
      place,
      vi.fn(async () => NOTHING),
      { markers: { ...place.markers, raise } },
    );
    await vi.waitFor(() => expect(raise).toHaveBeenCalled(), SOON);
    await dying.watch.stop();
    expect(place.row.incarnation).toBeGreaterThan(1);
    expect(place.coordinator.marker).toBe(1);
  });

  it('learns from the store that another process has raised the incarnation', async () => {
    const place = openPlace();
    const { incarnation } = watch(place);
    place.row.incarnation = 7;
    await vi.waitFor(() => expect(incarnation.value).toBe(7), SOON);
  });

  it('makes an audit that failed again', async () => {
    const place = openPlace();
    place.row.wanted = 1;
    const audit = vi.fn(async () => NOTHING).mockRejectedValueOnce(new Error('the store is away'));
    watch(place, audit);
    await vi.waitFor(() => expect(place.row.done).toBe(1), SOON);
    expect(audit).toHaveBeenCalledTimes(2);
  });
});
