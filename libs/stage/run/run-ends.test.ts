import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import type { RunEnd } from '../../store/port.ts';
import { silentLog } from '../../telemetry/log.ts';
import { createRunEnds } from './run-ends.ts';

/** A coordinator that comes to know a run after so many looks. */
function ends({ knownAfter }: { readonly knownAfter: number }) {
  let looks = 0;
  const control = vi.fn(async () => 0 as const);
  const written: RunEnd[] = [];
  const released: string[] = [];
  const never = () => Promise.reject(new Error('not asked for'));
  const runEnds = createRunEnds({
    coordinator: {
      findRun: async (runId) => {
        looks += 1;
        if (looks <= knownAfter) return undefined;
        return { runId, state: 'open', mark: '', reason: '', paused: false, openings: 1, modules: [] };
      },
      runControl: control,
      listNodes: never,
      listEvents: never,
      runSettle: never,
    },
    store: { closeRun: async (_runId, end) => void written.push(end), countItems: never, findRun: never },
    tasks: { tripped: never },
    budgets: { read: never },
    clock: new ManualClock(5),
    log: silentLog,
    runs: { kept: () => undefined },
    release: async (runId) => void released.push(runId),
  });
  return { runEnds, control, written, released };
}

describe('the end of a run', () => {
  it('that cannot be executed is written with its reason', async () => {
    const { runEnds, written, released } = ends({ knownAfter: 9 });
    await runEnds.reject('r', 'no such module');
    expect(written).toMatchObject([{ finishReason: 'rejected', detail: 'no such module', endedAtMs: 5, items: 0 }]);
    expect(released).toEqual(['r']);
  });

  it('that is cancelled while it is open is a mark', async () => {
    const { runEnds, control, written } = ends({ knownAfter: 0 });
    await runEnds.cancel('r');
    expect(control).toHaveBeenCalledExactlyOnceWith({ runId: 'r', action: 'cancel' });
    expect(written).toEqual([]);
  });

  it('that is cancelled before it was opened is written, and nothing is marked', async () => {
    const { runEnds, control, written } = ends({ knownAfter: 9 });
    await runEnds.cancel('r');
    expect([written.length, control.mock.calls.length]).toEqual([1, 0]);
  });

  it('that is cancelled just when it is opened is both', async () => {
    const { runEnds, control, written } = ends({ knownAfter: 1 });
    await runEnds.cancel('r');
    expect([written.length, control.mock.calls.length]).toEqual([1, 1]);
  });
});
