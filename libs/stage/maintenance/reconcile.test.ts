import { describe, expect, it } from 'vitest';
import type { ChainMessage } from '../../contracts/chain.ts';
import { priorityClass } from '../../contracts/priority.ts';
import type { RunQuery, RunRecord } from '../../store/port.ts';
import { Reconciler } from './reconcile.ts';

function record(runId: string, state: RunRecord['state']): RunRecord {
  return {
    ...{ runId, state, taskId: runId, account: 'a', platform: 'p', modules: ['m@1.0.0'], input: {} },
    ...{ fingerprint: runId, metadata: {}, priority: 0, deadlineAtMs: undefined, acceptedAtMs: 1, end: undefined },
  };
}

/** Runs of the store, and which of them the coordinator knows. */
function scene(runs: readonly RunRecord[], known: readonly string[], room = Number.POSITIVE_INFINITY) {
  const sent: string[] = [];
  const queue = { room };
  const expired: string[] = [];
  let nowMs = 10_000;
  const deps = {
    store: {
      listRuns: async ({ state, limit, after, priorityClass: ofClass, ...times }: RunQuery) => {
        const { acceptedBeforeMs = Number.POSITIVE_INFINITY, deadlineBeforeMs = Number.POSITIVE_INFINITY } = times;
        return runs
          .slice(runs.findIndex(({ runId }) => runId === after) + 1)
          .filter((run) => run.state === state && !expired.includes(run.runId))
          .filter(({ acceptedAtMs }) => acceptedAtMs < acceptedBeforeMs)
          .filter((run) => ofClass === undefined || priorityClass(run.priority) === ofClass)
          .filter(({ deadlineAtMs = Number.POSITIVE_INFINITY }) =>
            deadlineBeforeMs === Number.POSITIVE_INFINITY ? true : deadlineAtMs < deadlineBeforeMs,
          )
          .slice(0, limit);
      },
    },
    coordinator: {
      findRun: async (runId: string) =>
        known.includes(runId)
          ? ({ runId, state: 'open', mark: '', reason: '', paused: false, openings: 1, modules: [] } as const)
          : undefined,
    },
    bus: {
      publish: async (message: ChainMessage) => {
        if (sent.length >= queue.room) return false;
        sent.push('runId' in message.model ? message.model.runId : '');
        return true;
      },
    },
    tasks: { isCooling: async ({ taskId }: { readonly taskId: string }) => taskId === 'cooling' },
    expireRun: async (runId: string) => void expired.push(runId),
    now: () => nowMs,
  };
  return { sent, expired, deps, queue, advance: (ms: number) => (nowMs += ms) };
}

async function reconcile(reconciler: Reconciler, { signal } = new AbortController()): Promise<void> {
  await reconciler.openWaiting(signal);
  await reconciler.reopenLost(signal);
}

describe('reconciling', () => {
  it('sends no second message for a run whose task cools down: the first one waits', async () => {
    const cooling = { ...record('put off', 'accepted'), taskId: 'cooling' };
    const { sent, deps } = scene([cooling, record('new', 'accepted')], []);
    await reconcile(new Reconciler(deps));
    expect(sent).toEqual(['new']);
  });

  it('I10: notifies for what the coordinator does not know, accepted or open, and for nothing else', async () => {
    const runs = [record('new', 'accepted'), record('begun', 'accepted'), record('lost', 'open'), record('on', 'open')];
    const { sent, deps } = scene([...runs, record('over', 'closed')], ['begun', 'on']);
    await reconcile(new Reconciler(deps));
    expect(sent).toEqual(['new', 'lost']);
  });

  it('leaves runs alone that are not served, and ends when it is told to', async () => {
    const { sent, deps } = scene([record('mine', 'accepted'), record('theirs', 'accepted')], []);
    const reconciler = new Reconciler({ ...deps, serves: ({ runId }: RunRecord) => runId === 'mine' });
    await reconcile(reconciler);
    await reconcile(new Reconciler(deps), { signal: AbortSignal.abort() } as AbortController);
    expect(sent).toEqual(['mine']);
  });

  it('sends no second message while the first may wait in a queue', async () => {
    const { sent, deps, advance } = scene([record('new', 'accepted')], []);
    const reconciler = new Reconciler(deps);
    await reconcile(reconciler);
    await reconcile(reconciler);
    expect(sent).toEqual(['new']);
    advance(61_000);
    await reconcile(reconciler);
    expect(sent).toEqual(['new', 'new']);
  });

  it('stops at a full queue, and goes on with the oldest when there is room', async () => {
    const { sent, deps, queue } = scene(
      ['first', 'second', 'third'].map((runId) => record(runId, 'accepted')),
      [],
      2,
    );
    const reconciler = new Reconciler(deps);
    await reconcile(reconciler);
    expect(sent).toEqual(['first', 'second']);
    queue.room = 3;
    await reconcile(reconciler);
    expect(sent).toEqual(['first', 'second', 'third']);
  });

  it('K4: looks at all that wait, however many, the oldest first', async () => {
    const runs = Array.from({ length: 2_500 }, (_, at) => record(`run ${at}`, 'accepted'));
    const { sent, deps, queue } = scene(runs, [], 1_200);
    const reconciler = new Reconciler(deps);
    await reconcile(reconciler);
    queue.room = 2_500;
    // What was sent before still waits in the queue: those behind it are reached all the same.
    await reconcile(reconciler);
    expect(sent).toEqual(runs.map(({ runId }) => runId));
  });

  it('leaves a run that was just accepted to its own message', async () => {
    const { sent, deps, advance } = scene([{ ...record('fresh', 'accepted'), acceptedAtMs: 9_999 }], []);
    const reconciler = new Reconciler(deps);
    // The first round of a process, which began to look before the run was accepted.
    await reconciler.openWaiting(AbortSignal.abort());
    await reconcile(reconciler);
    expect(sent).toEqual([]);
    advance(5_000);
    await reconcile(reconciler);
    expect(sent).toEqual(['fresh']);
  });

  it('opens at the start of a process also what was just accepted', async () => {
    const { sent, deps } = scene([{ ...record('fresh', 'accepted'), acceptedAtMs: 9_999 }], []);
    await reconcile(new Reconciler(deps));
    expect(sent).toEqual(['fresh']);
  });

  it('opens the classes by their weights, and the lowest too', async () => {
    const many = (name: string, priority: number) =>
      Array.from({ length: 40 }, (_, at) => ({ ...record(`${name} ${at}`, 'accepted'), priority }));
    const { sent, deps } = scene([...many('low', -5), ...many('normal', 0), ...many('high', 1_000)], [], 42);
    await reconcile(new Reconciler(deps));
    const count = (name: string) => sent.filter((runId) => runId.startsWith(name)).length;
    expect(count('high')).toBeGreaterThan(3 * count('normal'));
    expect(count('normal')).toBeGreaterThan(3 * count('low'));
    expect(count('low')).toBeGreaterThan(0);
  });

  it('ends a run whose deadline came before it was opened, before it opens any', async () => {
    const late = { ...record('late', 'accepted'), deadlineAtMs: 999 };
    const { sent, expired, deps } = scene([late, record('other', 'accepted')], []);
    await reconcile(new Reconciler(deps));
    expect([expired, sent]).toEqual([['late'], ['other']]);
  });

  it('leaves a deadline to the coordinator once that knows the run', async () => {
    const late = { ...record('late', 'accepted'), deadlineAtMs: 999 };
    const { expired, deps } = scene([late], ['late']);
    await reconcile(new Reconciler(deps));
    expect(expired).toEqual([]);
  });
});
