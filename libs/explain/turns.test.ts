import { describe, expect, it } from 'vitest';
import type { ModuleSnapshot } from '../coordination/protocol/reads.ts';
import type { RunQuery, RunRecord } from '../store/port.ts';
import { MOST_RUNS, outsideOfWindow, placeOf, readOtherRuns } from './turns.ts';

const run = (runId: string, changes: Partial<RunRecord> = {}): RunRecord => ({
  ...{ runId, taskId: runId, account: 'a', platform: 'p', modules: ['m@1.0.0'], input: {}, fingerprint: '' },
  ...{ metadata: {}, priority: 0, deadlineAtMs: undefined, acceptedAtMs: 1_000, state: 'accepted', end: undefined },
  ...changes,
});

const storeOf = (runs: readonly RunRecord[]) => ({
  countRuns: async (state: RunRecord['state'], atMost: number) =>
    Math.min(atMost, runs.filter((each) => each.state === state).length),
  listRuns: async ({ limit, state, acceptedBeforeMs = Number.POSITIVE_INFINITY }: RunQuery) =>
    runs.filter((each) => each.state === state && each.acceptedAtMs < acceptedBeforeMs).slice(0, limit),
});

const module = (hop: number, ready: number): ModuleSnapshot => ({
  ...{
    moduleId: 'm@1.0.0',
    state: 'open',
    reason: '',
    currentPhase: 0,
    front: 0,
    revision: 1,
    executions: 0,
    errors: 0,
  },
  phases: [
    {
      ...{ created: hop + ready, done: 0, dead: 0, open: hop + ready, closed: '' },
      ...{ inside: { hop, request: 0 }, ready: { hop: ready, request: 0 } },
    },
  ],
});

describe('what a run waits behind', () => {
  it('is its place among the runs of its class that wait, and the runs that are open', async () => {
    const own = run('own', { priority: 7 });
    const runs = [
      run('a', { acceptedAtMs: 1 }),
      run('b', { acceptedAtMs: 2 }),
      own,
      run('later', { acceptedAtMs: 9_000 }),
    ];
    const others = await readOtherRuns(storeOf([...runs, run('open', { state: 'open' })]), own);
    expect(others).toEqual({ ahead: 2, open: 1 });
    expect(placeOf(own, others)).toBe(
      ' It is number 3 of those with high priority that wait to be opened; 1 other run is open.',
    );
  });

  it('is counted up to a bound, and said to be a bound', async () => {
    const many = Array.from({ length: 2 * MOST_RUNS }, (_, at) => run(`r${at}`, { acceptedAtMs: at / 1_000 }));
    const own = run('own');
    expect(placeOf(own, await readOtherRuns(storeOf([...many, own]), own))).toContain(`behind ${MOST_RUNS} or more`);
  });

  it('is its own window once it is open: what stands ready, behind what is with the stages', async () => {
    const own = run('own', { state: 'open' });
    const others = await readOtherRuns(storeOf([own, run('other', { state: 'open' })]), own);
    expect(outsideOfWindow([module(64, 900)], others)).toEqual([
      {
        code: 'ready',
        moduleId: 'm@1.0.0',
        nodes: 900,
        text: '900 nodes stand ready behind 64 that are with the stages; 1 other run is open, and runs take turns.',
      },
    ]);
    expect(outsideOfWindow([module(10, 0)], others)).toEqual([]);
  });
});
