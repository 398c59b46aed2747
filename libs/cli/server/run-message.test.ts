import { expect, it } from 'vitest';
import { Run, RunState } from '../../contracts/services.ts';
import { toLook, toRecord } from './run-message.ts';

it('a run tells what it costs and may cost, in millionths, and nothing where it costs nothing', () => {
  const run = Run.fromPartial({
    runId: 'r',
    state: RunState.OPEN,
    costCap: 0.3,
    cost: { spent: 0.1 + 0.2, reserved: 2 },
  });
  expect(toLook(run)).toMatchObject({ record: { costCap: 300_000 }, cost: { spent: 300_000, reserved: 2_000_000 } });
  const ended = Run.fromPartial({ ...run, state: RunState.CLOSED, end: { reason: 1, endedAtMs: 5 } });
  expect(toRecord(ended).end).toMatchObject({ finishReason: 'completed', cost: { spent: 300_000 } });
  const free = toLook(Run.fromPartial({ runId: 'r', state: RunState.OPEN }));
  expect([free.cost, 'costCap' in free.record]).toEqual([undefined, false]);
});
