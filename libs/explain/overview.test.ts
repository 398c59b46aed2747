import { describe, expect, it } from 'vitest';
import type { ChainNode } from '../coordination/protocol/node.ts';
import { LAST_OPENING_MS } from '../coordination/protocol/node.ts';
import type { RunSnapshot } from '../coordination/protocol/reads.ts';
import type { RunRecord } from '../store/port.ts';
import { type OverviewSource, readOverview } from './overview.ts';

interface Run {
  readonly id: string;
  readonly inside: number;
  readonly ready?: number;
  readonly nodes?: readonly Partial<ChainNode>[];
}

function sourceOf(runs: readonly Run[], changes: Partial<OverviewSource> = {}): OverviewSource & { asked: string[][] } {
  const asked: string[][] = [];
  return {
    asked,
    store: {
      listRuns: async ({ limit }) =>
        runs.slice(0, limit).map(
          ({ id }) =>
            ({
              runId: id,
              modules: ['m@1.0.0'],
              account: 'acme',
              priority: 0,
              acceptedAtMs: 500,
            }) as unknown as RunRecord,
        ),
      countRuns: async (state, atMost) => Math.min(atMost, state === 'open' ? runs.length : 3),
    },
    coordinator: {
      findRun: async (runId) => {
        const { inside, ready = 0 } = runs.find(({ id }) => id === runId)!;
        const phase = {
          ...{ created: 9, done: 1, dead: 2, open: inside + ready, closed: '' },
          ...{ inside: { hop: inside, request: 0 }, ready: { hop: 0, request: ready } },
        };
        return { runId, paused: false, modules: [{ phases: [phase] }] } as unknown as RunSnapshot;
      },
      listDue: async ({ runId }) =>
        (runs.find(({ id }) => id === runId)!.nodes ?? []).map(
          (node) => ({ kind: 'hop', state: 'pending', dueAtMs: 2_000, error: '', ...node }) as ChainNode,
        ),
    },
    limits: async (keys) => {
      asked.push([...keys]);
      return keys.map((key) => ({ key, waiting: key === 'slow.test' ? 2 : 0, inFlight: 1, nextAtMs: undefined }));
    },
    breakers: async () => [],
    processes: undefined,
    backends: () => [],
    nowMs: 1_000,
    ...changes,
  };
}

describe('the overview of all runs', () => {
  it('tells each run’s share of the nodes at the stages, the largest first', async () => {
    const seen = await readOverview(
      sourceOf([
        { id: 'a', inside: 10 },
        { id: 'b', inside: 30, ready: 5 },
      ]),
    );
    expect(seen.runs.map(({ runId, share, ready, dead }) => [runId, share, ready, dead])).toEqual([
      ['b', 0.75, 5, 2],
      ['a', 0.25, 0, 2],
    ]);
    expect([seen.waitingRuns, seen.openRuns]).toEqual([3, 2]);
  });

  it('counts by what nodes wait for, and what the stages do', async () => {
    const nodes: Partial<ChainNode>[] = [
      { state: 'processing' },
      { state: 'pending' },
      { kind: 'request', state: 'processing', limitKey: 'quick.test' },
      { kind: 'request', limitKey: 'slow.test' },
      { kind: 'request', limitKey: 'quick.test' },
      { kind: 'request', state: 'fetched' },
      { kind: 'request', state: 'retry' },
      { kind: 'request', state: 'failed' },
      { dueAtMs: LAST_OPENING_MS },
    ];
    const source = sourceOf([{ id: 'a', inside: 9, ready: 4, nodes }]);
    const seen = await readOverview(source);
    expect(Object.fromEntries(seen.waits.map(({ wait, nodes: count }) => [wait, count]))).toEqual({
      ...{ 'rate limit': 1, retry: 1, slot: 2, parser: 1, decision: 1, window: 4, 'later phase': 1 },
    });
    expect(source.asked).toEqual([['quick.test', 'slow.test']]);
    expect(seen.stages.map(({ stage, executing, waiting }) => `${stage} ${executing} ${waiting}`)).toEqual([
      ...['ingress 0 0', 'module-processor 1 1', 'downloader 1 2', 'parser 0 1', 'error-threshold 0 1'],
    ]);
  });

  it('a retry that a breaker asked for waits for it while any is open', async () => {
    const nodes = [{ kind: 'request', state: 'retry', error: '{"code":"breaker.open"}' } as const];
    const breakers = async () => [
      { key: 'k', state: 'open', generation: 1, failures: 3, trialAtMs: undefined } as const,
    ];
    const seen = await readOverview(sourceOf([{ id: 'a', inside: 1, nodes }], { breakers }));
    expect(seen.waits).toEqual([{ wait: 'breaker', nodes: 1 }]);
  });

  it('looks at a bounded number of runs, and says that there are more', async () => {
    const runs = Array.from({ length: 300 }, (_, at) => ({ id: `r${at}`, inside: at }));
    let looked = 0;
    const source = sourceOf(runs);
    const seen = await readOverview({
      ...source,
      coordinator: {
        ...source.coordinator,
        findRun: (runId) => {
          looked += 1;
          return source.coordinator.findRun(runId);
        },
      },
    });
    expect([seen.runs.length, looked, seen.isSampled]).toEqual([20, 100, true]);
  });
});
