import { describe, expect, it } from 'vitest';
import type { ChainMessage } from '../../contracts/chain.ts';
import type { RunRecord } from '../../store/port.ts';
import { reconcileRuns } from './reconcile.ts';

function record(runId: string, state: RunRecord['state']): RunRecord {
  return {
    ...{ runId, state, taskId: runId, account: 'a', platform: 'p', modules: ['m@1.0.0'], input: {} },
    ...{ fingerprint: runId, metadata: {}, priority: 0, deadlineAtMs: undefined, acceptedAtMs: 1, end: undefined },
  };
}

/** Runs of the store, and which of them the coordinator knows. */
function scene(runs: readonly RunRecord[], known: readonly string[]) {
  const rung: string[] = [];
  return {
    rung,
    store: { listRuns: async ({ state }: { state?: RunRecord['state'] }) => runs.filter((run) => run.state === state) },
    coordinator: {
      findRun: async (runId: string) =>
        known.includes(runId)
          ? ({ runId, state: 'open', mark: '', reason: '', paused: false, openings: 1, modules: [] } as const)
          : undefined,
    },
    bus: {
      publish: async (message: ChainMessage) => {
        rung.push('runId' in message.model ? message.model.runId : '');
        return true;
      },
    },
  };
}

describe('reconciling', () => {
  it('I10: rings for what the coordinator does not know, accepted or open, and for nothing else', async () => {
    const runs = [record('new', 'accepted'), record('begun', 'accepted'), record('lost', 'open'), record('on', 'open')];
    const { rung, ...deps } = scene([...runs, record('over', 'closed')], ['begun', 'on']);
    await reconcileRuns(deps, new AbortController().signal);
    expect(rung).toEqual(['new', 'lost']);
  });

  it('leaves runs alone that are not served, and ends when it is told to', async () => {
    const { rung, ...deps } = scene([record('mine', 'accepted'), record('theirs', 'accepted')], []);
    const serves = ({ runId }: RunRecord) => runId === 'mine';
    await reconcileRuns({ ...deps, serves }, new AbortController().signal);
    await reconcileRuns(deps, AbortSignal.abort());
    expect(rung).toEqual(['mine']);
  });
});
