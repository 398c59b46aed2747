import { describe, expect, it } from 'vitest';
import type { ProcessInfo } from '../../bus/process-info.ts';
import { RecoverCode } from '../../coordination/protocol/claims.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { RunSnapshot } from '../../coordination/protocol/reads.ts';
import type { DueEntry } from '../../coordination/protocol/sweep.ts';
import type { RunRecord } from '../../store/port.ts';
import { type TakeOverDeps, takeOver } from './take-over.ts';

const NOW_MS = 1_000_000;
const GRACE_MS = 120_000;
const GONE: ProcessInfo = {
  id: 'p1',
  name: 'catena-parser@host:1',
  stages: ['parser'],
  modules: [],
  queuesLocally: false,
  startedAtMs: 0,
};

function nodeWith(given: Partial<ChainNode>): ChainNode {
  return {
    ...{
      id: given.id ?? 'n',
      runId: 'r',
      moduleId: 'm',
      phase: 0,
      kind: 'request',
      stepIdx: 0,
      prefixRequest: '',
      body: '',
    },
    ...{ state: 'pending', epoch: 0, attempts: 0, crashes: 0, dispatches: 0, owner: '', token: 't', error: '' },
    ...{ dueAtMs: NOW_MS + GRACE_MS, deathReason: '', committedToken: '', revision: 0, isEarly: false },
    ...given,
  };
}

/** Takes over from `gone` in a run with these nodes, and returns what the sweeper was asked to do. */
async function taken(nodes: readonly ChainNode[], gone = GONE) {
  const entries: DueEntry[] = [];
  const recovered: string[] = [];
  const run = { runId: 'r', state: 'open', modules: [{ moduleId: 'm', phases: [{ open: nodes.length }] }] };
  const deps: TakeOverDeps = {
    coordinator: {
      findRun: async () => run as unknown as RunSnapshot,
      async recoverZombie({ node }) {
        recovered.push(node.id);
        return { code: RecoverCode.RECOVERED, died: false, wakeUps: [] };
      },
      async *lookAhead() {
        yield { nodes, nowMs: NOW_MS };
      },
    },
    store: { listRuns: async () => [{ runId: 'r' } as RunRecord] },
    runs: { load: () => Promise.reject(new Error('nothing is published here')) },
    publisher: { publish: () => Promise.reject(new Error('nothing is published here')) },
    sweeper: { attempt: async (entry) => void entries.push(entry) },
    ...{ crashBudget: 4, leaseMs: 60_000, dispatchGraceMs: GRACE_MS },
  };
  const counts = await takeOver(deps, gone, new AbortController().signal);
  return { entries, recovered, counts };
}

describe('taking over from a process that is gone', () => {
  it('recovers what it executed, and nothing that others execute', async () => {
    const nodes = ['p1-1', 'p10-1', 'p2-1'].map((owner) => nodeWith({ id: owner, state: 'processing', owner }));
    expect(await taken(nodes)).toMatchObject({ recovered: ['p1-1'], entries: [], counts: { leases: 1, messages: 0 } });
  });

  it.each([
    ['fetched', { kind: 'recover', isFetched: true }],
    ['failed', { kind: 'notify', wakeUp: { kind: 'error', error: '{"code":"x"}' } }],
    ['releasing', { kind: 'pump' }],
  ] as const)('looks after the message of a node that it left %s', async (state, entry) => {
    const error = '{"code":"x"}';
    const nodes = ['p1-1', 'p2-1'].map((owner) => nodeWith({ id: owner, state, owner, error }));
    const { entries, counts } = await taken(nodes);
    expect(entries).toMatchObject([entry]);
    expect(counts).toEqual({ leases: 0, messages: 1 });
  });

  it('sends the wake-ups again that it may have committed and not published', async () => {
    const sent = (id: string, agoMs: number, dispatches = 0) => {
      const graceMs = GRACE_MS * 2 ** Math.max(0, dispatches - 1);
      return nodeWith({ id, dispatches, dueAtMs: NOW_MS - agoMs + graceMs, kind: 'hop' });
    };
    const { entries } = await taken([sent('now', 500), sent('again', 9_000, 3), sent('long ago', 20_000)]);
    const wakeUps = entries.map((entry) => entry.kind === 'notify' && [entry.wakeUp.node.id, entry.wakeUp.dispatch]);
    expect(wakeUps).toEqual([
      ['now', 0],
      ['again', 3],
    ]);
    expect(entries[0]).toMatchObject({ wakeUp: { kind: 'parser_task', nodeKind: 'hop' } });
  });

  it('sends all wake-ups again when some may have waited in its memory', async () => {
    const old = nodeWith({ dueAtMs: NOW_MS + 5_000 });
    expect((await taken([old])).entries).toEqual([]);
    const { entries } = await taken([old], { ...GONE, queuesLocally: true });
    expect(entries).toMatchObject([{ kind: 'notify', wakeUp: { kind: 'request' } }]);
  });
});
