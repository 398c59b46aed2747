import { describe, expect, it } from 'vitest';
import { Admission } from './admission.ts';

function admission(mostWaiting: number) {
  const state = { nowMs: 1_000, waiting: 0, counts: 0, reason: '' };
  const store = {
    countRuns: async (_state: string, atMost: number) => {
      state.counts += 1;
      return Math.min(state.waiting, atMost);
    },
  };
  const redis = () => ({
    backend: 'redis',
    isReady: state.reason === '',
    reason: state.reason,
    code: state.reason === '' ? '' : 'coordinator.full',
  });
  const clock = { now: () => state.nowMs };
  return { state, admission: new Admission({ store, clock, mostWaiting, backends: () => [redis()] }) };
}

describe('the admission of runs', () => {
  it('refuses what would only wait, says when to try again, and accepts again when others have been opened', async () => {
    const { admission: gate, state } = admission(3);
    state.waiting = 3;
    await expect(gate.require()).rejects.toMatchObject({
      ...{ code: 'submit.too_many_waiting', class: 'retryable', retryAfterMs: 5_000 },
    });
    state.waiting = 2;
    state.nowMs += 1_000;
    await gate.require();
  });

  it('asks the store once a second, and counts what it admits itself between', async () => {
    const { admission: gate, state } = admission(3);
    for (let times = 0; times < 3; times++) await gate.require();
    await expect(gate.require()).rejects.toMatchObject({ code: 'submit.too_many_waiting' });
    expect(state.counts).toBe(1);
  });

  it('K7: refuses while Redis is full, with its reason', async () => {
    const { admission: gate, state } = admission(3);
    state.reason = 'OOM command not allowed';
    await expect(gate.require()).rejects.toMatchObject({
      code: 'submit.backend_full',
      message: 'no run is accepted now: redis: OOM command not allowed',
    });
    state.reason = '';
    await gate.require();
  });
});
