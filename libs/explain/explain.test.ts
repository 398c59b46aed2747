import { describe, expect, it } from 'vitest';
import { type ChainNode, LAST_OPENING_MS } from '../coordination/protocol/node.ts';
import type { ModuleSnapshot, PhaseSnapshot, RunSnapshot } from '../coordination/protocol/reads.ts';
import type { RunRecord } from '../store/port.ts';
import { explainRun, type RunState } from './explain.ts';
import { fromNow, listOf, type RunReason } from './reasons.ts';

const NOW_MS = 1_700_000_000_000;

const record: RunRecord = {
  runId: 'r',
  taskId: 'r',
  account: 'acme',
  platform: 'web',
  modules: ['m@1.0.0'],
  input: {},
  fingerprint: '',
  metadata: {},
  priority: 0,
  deadlineAtMs: undefined,
  acceptedAtMs: NOW_MS - 120_000,
  state: 'open',
  end: undefined,
};

function phase(open: number, closed: PhaseSnapshot['closed'] = ''): PhaseSnapshot {
  return { created: open + 2, done: 1, dead: 1, open, closed };
}

function module(changes: Partial<ModuleSnapshot> = {}): ModuleSnapshot {
  const counts = { executions: 0, errors: 0, reason: '' };
  return {
    moduleId: 'm@1.0.0',
    state: 'open',
    currentPhase: 0,
    front: 0,
    revision: 1,
    phases: [phase(3), phase(0)],
    ...counts,
    ...changes,
  };
}

function snapshot(changes: Partial<RunSnapshot> = {}): RunSnapshot {
  return {
    runId: 'r',
    state: 'open',
    mark: '',
    reason: '',
    paused: false,
    openings: 1,
    modules: [module()],
    ...changes,
  };
}

function node(changes: Partial<ChainNode>): ChainNode {
  return {
    id: 'n',
    runId: 'r',
    moduleId: 'm@1.0.0',
    phase: 0,
    kind: 'request',
    stepIdx: 0,
    prefixRequest: '',
    body: '{}',
    limitKey: 'shop.test',
    state: 'pending',
    epoch: 0,
    attempts: 0,
    crashes: 0,
    dispatches: 0,
    owner: '',
    token: '',
    dueAtMs: NOW_MS + 5_000,
    error: '',
    deathReason: '',
    committedToken: '',
    revision: 1,
    isEarly: false,
    ...changes,
  };
}

function explain(changes: Partial<RunState> = {}): RunReason[] {
  return explainRun({ record, snapshot: snapshot(), nodes: [], limits: [], nowMs: NOW_MS, ...changes });
}

const codes = (reasons: readonly RunReason[]) => reasons.map(({ code }) => code);

describe('a run as a whole', () => {
  it('says how it ended', () => {
    const end = {
      finishReason: 'terminated',
      detail: 'too expensive',
      endedAtMs: NOW_MS - 7_200_000,
      done: 1,
      dead: 0,
      items: 0,
    };
    expect(explain({ record: { ...record, state: 'closed', end } as RunRecord })).toEqual([
      { code: 'closed', text: 'The run ended as terminated 2 h ago: too expensive.' },
    ]);
  });

  it('says that downloads wait for memory, as far as the process knows', () => {
    const bodyMemory = {
      capacityBytes: 128 * 1_048_576,
      heldBytes: 120.4 * 1_048_576,
      waiting: 3,
      longestWaitMs: 2_400,
    };
    expect(explain({ bodyMemory })).toContainEqual({
      code: 'waiting_for_memory',
      text: '3 downloads or parses wait for memory for a body, the first for 2 s: bodies hold 120 of 128 MiB of this process (http.body_memory_mb).',
      nodes: 3,
    });
    expect(codes(explain({ bodyMemory: { ...bodyMemory, waiting: 0 } }))).not.toContain('waiting_for_memory');
  });

  it('says once for each kind what goes wrong in it, or went wrong before it ended', () => {
    const failures = [
      {
        ...{ moduleId: 'm@1.0.0', stepIdx: 0, code: 'parse.threw', message: 'it threw', count: 20, nodeId: 'n' },
        ...{ at: '/shop.ts:12:7', url: 'http://a.test/1' },
      },
      { moduleId: 'm@1.0.0', stepIdx: 1, code: 'request.threw', message: 'no token', count: 1, nodeId: 'o' },
    ];
    const told = [
      {
        code: 'failures',
        text: '20 nodes failed in this way: parse.threw: it threw (at /shop.ts:12:7; for example http://a.test/1).',
        moduleId: 'm@1.0.0',
        nodes: 20,
      },
      { code: 'failures', text: '1 node failed in this way: request.threw: no token.', moduleId: 'm@1.0.0', nodes: 1 },
    ];
    expect(explain({ failures }).slice(-2)).toEqual(told);
    const end = { finishReason: 'terminated', detail: '', endedAtMs: NOW_MS, done: 1, dead: 21, items: 0, failures };
    expect(explain({ record: { ...record, state: 'closed', end } as RunRecord }).slice(1)).toEqual(told);
  });

  it('says that its task cools down or was terminated, when it waits to be opened', () => {
    const waiting = { record: { ...record, state: 'accepted' as const }, snapshot: undefined };
    const task = { name: 'prices', mark: undefined, coolsUntilMs: NOW_MS + 45_000 };
    expect(explain({ ...waiting, task })[0]).toEqual({
      code: 'task_cooling',
      text: 'Its task prices cools down after errors in a row: runs of it that wait are opened in 45 s.',
      atMs: NOW_MS + 45_000,
    });
    expect(explain({ ...waiting, task: { ...task, coolsUntilMs: NOW_MS } })).toMatchObject([{ code: 'not_opened' }]);
    const mark = { by: 'operator at 10.0.0.7', reason: 'a test', atMs: NOW_MS, runId: '' };
    expect(explain({ ...waiting, task: { ...task, mark } })[0]).toMatchObject({
      code: 'task_terminated',
      text: expect.stringContaining('prices was terminated: a test (by operator at 10.0.0.7, '),
    });
  });

  it('says that nobody opened it yet, or that its state is lost', () => {
    const accepted = explain({ record: { ...record, state: 'accepted' }, snapshot: undefined });
    expect(accepted).toMatchObject([{ code: 'not_opened', text: expect.stringContaining('accepted 2 min ago') }]);
    expect(codes(explain({ snapshot: undefined }))).toEqual(['state_lost']);
  });

  it('says that only its end is missing', () => {
    expect(codes(explain({ snapshot: snapshot({ state: 'closing' }) }))).toEqual(['closing']);
    expect(codes(explain({ snapshot: snapshot({ modules: [module({ phases: [phase(0)] })] }) }))).toEqual([
      'about_to_close',
    ]);
  });

  it('says that it is paused, first of all', () => {
    const reasons = explain({ snapshot: snapshot({ paused: true }), nodes: [node({ dueAtMs: NOW_MS - 3_600_000 })] });
    expect(codes(reasons)).toEqual(['paused', 'queued_requests', 'phase_open']);
  });

  it.each([
    [{ mark: 'cancelled', reason: 'cancelled' }, 'The run was cancelled: 3 open nodes are being ended.'],
    [{ mark: 'terminated', reason: 'threshold' }, 'The run was terminated (threshold): 3 open nodes are being ended.'],
  ] as const)('says that it is being ended (%#)', (changes, text) => {
    expect(explain({ snapshot: snapshot(changes) })[0]).toEqual({ code: 'ending', text, nodes: 3 });
  });

  it('says that a module of it is being ended, as long as that takes', () => {
    const ending = (open: number) =>
      explain({
        snapshot: snapshot({ modules: [module({ state: 'terminated', reason: 'x', phases: [phase(open)] })] }),
      });
    expect(ending(1)).toEqual([
      {
        code: 'module_ending',
        text: 'm@1.0.0 was terminated (x): 1 open node is being ended.',
        moduleId: 'm@1.0.0',
        nodes: 1,
      },
    ]);
    expect(codes(ending(0))).toEqual(['about_to_close']);
  });

  it('says when its deadline is', () => {
    const at = (deadlineAtMs: number) => explain({ record: { ...record, deadlineAtMs } })[0];
    expect(at(NOW_MS + 90_000)).toMatchObject({ code: 'deadline', atMs: NOW_MS + 90_000 });
    expect(at(NOW_MS + 90_000)!.text).toContain('comes in 2 min');
    expect(at(NOW_MS - 1_000)!.text).toContain('came 1 s ago');
  });

  it('counts a node of a phase that is open early as under way, and one that waits for the last opening not', () => {
    const early = snapshot({ modules: [module({ front: 1, phases: [phase(1), phase(2)] })] });
    const waiting = node({ id: 'w', kind: 'hop', phase: 1, dueAtMs: LAST_OPENING_MS });
    const live = node({ id: 'l', kind: 'hop', phase: 1 });
    const hopsAhead = (nodes: ChainNode[]) =>
      explain({ snapshot: early, nodes }).find(({ code }) => code === 'queued_hops')?.nodes;
    expect(hopsAhead([waiting])).toBeUndefined();
    expect(hopsAhead([waiting, live])).toBe(1);
  });

  it('says which phase waits for how many nodes', () => {
    expect(explain().at(-1)).toEqual({
      code: 'phase_open',
      text: 'Phase 1 of 2 of m@1.0.0 waits: 3 nodes are open; phase 2 begins when there is none.',
      moduleId: 'm@1.0.0',
      nodes: 3,
    });
    const early = snapshot({ modules: [module({ front: 1, phases: [phase(3), phase(1)] })] });
    expect(explain({ snapshot: early }).at(-1)!.text).toContain('The phases behind it have opened early');
    const last = snapshot({ modules: [module({ currentPhase: 1, phases: [phase(0, 'settled'), phase(1)] })] });
    expect(explain({ snapshot: last }).at(-1)!.text).toContain('1 node is open; the module is done when there is none');
  });
});

describe('the nodes of a run', () => {
  it.each([
    ['retry', 'waiting_for_retry', '2 nodes wait for a retry; the first comes in 5 s.'],
    [
      'fetched',
      'waiting_for_parser',
      '2 nodes wait for a parser; whether the first response is lost is checked in 5 s.',
    ],
    ['failed', 'waiting_for_decision', '2 nodes wait for error-threshold, which is asked again in 5 s.'],
    ['releasing', 'moving_children', '2 nodes are bringing children into being, looked after again in 5 s.'],
    ['pending', 'queued_requests', '2 requests wait for a downloader; the first is notified again in 5 s.'],
  ] as const)('that are %s say what they wait for', (state, code, text) => {
    const nodes = [node({ state, dueAtMs: NOW_MS + 60_000 }), node({ state })];
    expect(explain({ nodes })[0]).toEqual({ code, text, nodes: 2, atMs: NOW_MS + 5_000 });
  });

  it('that wait for a retry say why, by step and kind of failure', () => {
    const error = (code: string) => JSON.stringify({ code, message: `${code} happened` });
    const nodes = [
      node({ state: 'retry', error: error('download.refused') }),
      node({ state: 'retry', error: error('download.refused') }),
      node({ state: 'retry', error: error('download.refused'), stepIdx: 1 }),
      node({ state: 'retry', error: error('parse.threw') }),
    ];
    const found = explain({ nodes }).filter(({ code }) => code === 'waiting_for_retry');
    expect(found.map(({ nodes: count, failure }) => [count, failure])).toEqual([
      [2, { code: 'download.refused', message: 'download.refused happened', stepIdx: 0 }],
      [1, { code: 'download.refused', message: 'download.refused happened', stepIdx: 1 }],
      [1, { code: 'parse.threw', message: 'parse.threw happened', stepIdx: 0 }],
    ]);
    expect(found[0]!.text).toBe(
      '2 nodes wait for a retry; the first comes in 5 s. Last failure: download.refused: download.refused happened',
    );
  });

  it('that a circuit breaker refused say which, and how it stands', () => {
    const error = JSON.stringify({ code: 'breaker.open', data: { key: 'qwen:Acme' } });
    const other = JSON.stringify({ code: 'download.timeout', data: { key: 'qwen:Acme' } });
    const nodes = [
      node({ state: 'retry', error }),
      node({ state: 'retry', error }),
      node({ state: 'retry', error: other }),
    ];
    const open = { key: 'qwen:Acme', state: 'open', generation: 3, failures: 0, trialAtMs: NOW_MS + 12_000 } as const;
    const textOf = (breakers: RunState['breakers'] = []) => explain({ nodes, breakers })[0]!.text;
    expect(explain({ nodes, breakers: [open] })).toMatchObject([
      {
        code: 'waiting_for_breaker',
        text: '2 requests wait for the circuit breaker "qwen:Acme", which is open and tried in 12 s; the first asks again in 5 s.',
        nodes: 2,
        atMs: NOW_MS + 5_000,
      },
      { code: 'waiting_for_retry', nodes: 1 },
      {},
    ]);
    expect(textOf([{ ...open, state: 'half_open', trialAtMs: undefined }])).toContain('which is being tried;');
    expect(textOf()).toContain('"qwen:Acme"; the first asks again');
  });

  it('in execution say who has them', () => {
    const nodes = ['a', 'b', 'b', 'c', 'd'].map((owner) => node({ state: 'processing', owner }));
    expect(explain({ nodes })[0]).toMatchObject({
      code: 'leased',
      text: '5 nodes are being executed, by a, b, c and 1 more; the first lease ends in 5 s.',
      nodes: 5,
    });
    expect(explain({ nodes: nodes.slice(0, 1) })[0]!.text).toMatch(/^1 node is being executed, by a;/);
  });

  it('that are suspects wait for a process of their own, or have one, and are named', () => {
    const suspect = (id: string, state: ChainNode['state']) => node({ id, state, crashes: 2, owner: 'a' });
    const waiting = [suspect('n1', 'pending'), suspect('n2', 'fetched')];
    expect(explain({ nodes: waiting.slice(0, 1) })[0]).toMatchObject({
      code: 'waiting_alone',
      text: '1 node has lost 2 leases and waits for a process that executes nothing else meanwhile: n1.',
      nodes: 1,
    });
    expect(explain({ nodes: waiting })[0]!.text).toBe(
      '2 nodes have lost 2 leases or more and wait for a process that executes nothing else meanwhile: n1, n2.',
    );
    const alone = explain({ nodes: [suspect('n3', 'processing'), node({ id: 'n4', crashes: 1 })] });
    expect(alone.map(({ code }) => code)).toEqual(['executed_alone', 'queued_requests', 'phase_open']);
    expect(alone[0]!.text).toBe('1 node is being executed alone, by a, which starts no other node before it ends: n3.');
  });

  it('that are hops wait for the module-processor', () => {
    expect(explain({ nodes: [node({ kind: 'hop' })] })[0]).toMatchObject({
      code: 'queued_hops',
      text: '1 hop waits for the module-processor; the first is notified again in 5 s.',
    });
  });

  it('that wait for the limits of their host say which and how long', () => {
    const limits = [
      { key: 'shop.test', waiting: 2, inFlight: 8, nextAtMs: NOW_MS + 30_000 },
      { key: 'busy.test', waiting: 0, inFlight: 3, nextAtMs: undefined },
    ];
    const nodes = [node({}), node({}), node({ limitKey: 'busy.test' }), node({ kind: 'hop' })];
    const reasons = explain({ nodes, limits });
    expect(codes(reasons)).toEqual(['waiting_for_limits', 'queued_hops', 'queued_requests', 'phase_open']);
    expect(reasons[0]).toEqual({
      code: 'waiting_for_limits',
      text: '2 requests wait for the limits of shop.test (8 under way); the next may start in 30 s.',
      nodes: 2,
      atMs: NOW_MS + 30_000,
    });
  });

  it('that nobody looks after are said so first, unless nobody is to', () => {
    const nodes = [node({ dueAtMs: NOW_MS - 60_000 }), node({ state: 'processing', dueAtMs: NOW_MS - 11_000 })];
    expect(explain({ nodes })[0]).toEqual({
      code: 'overdue',
      text: '2 nodes stood due 1 min ago and nobody looked (pending, processing): is a sweeper running?',
      nodes: 2,
    });
    expect(codes(explain({ nodes, snapshot: snapshot({ paused: true }) }))).not.toContain('overdue');
    expect(codes(explain({ nodes: [node({ dueAtMs: NOW_MS - 9_000 })] }))).not.toContain('overdue');
  });

  it('of a later phase wait for that', () => {
    const reasons = explain({ nodes: [node({ phase: 1, dueAtMs: NOW_MS - 60_000 })] });
    expect(reasons[0]).toEqual({
      code: 'waiting_for_phase',
      text: '1 node waits for phase 2 of m@1.0.0 to begin.',
      moduleId: 'm@1.0.0',
      nodes: 1,
    });
  });
});

it('puts times and names into few words', () => {
  const near = [0, 999, 1_000, 59_000, 90_000, 3_600_000, 86_400_000, 200_000_000];
  expect(near.map((ms) => fromNow(NOW_MS + ms, NOW_MS))).toEqual([
    'now',
    'now',
    'in 1 s',
    'in 59 s',
    'in 2 min',
    'in 1 h',
    'in 1 day',
    'in 2 days',
  ]);
  expect(fromNow(NOW_MS - 90_000, NOW_MS)).toBe('2 min ago');
  expect([listOf(['a']), listOf(['a', 'b', 'c', 'd', 'e'])]).toEqual(['a', 'a, b, c and 2 more']);
});

describe('a run that has reached a cap', () => {
  const use = { pages: 50, items: 9, bytes: 0, leftOut: 4, itemsLeftOut: 0 };
  const capped = (caps: object, reached: readonly ('pages' | 'depth')[]) =>
    explainRun({
      ...{ record, nodes: [], limits: [], nowMs: NOW_MS },
      snapshot: snapshot({ capUse: { ...use, caps, reached } }),
    }).find(({ code }) => code === 'capped');

  it('says which cap it is, what is left out, and that the run ends', () => {
    expect(capped({ pages: 50 }, ['pages'])?.text).toBe(
      'The run has reached a cap (50 of 50 pages; 4 hops and requests were left out): it ends when what is under way has ended.',
    );
    expect(capped({ depth: 2 }, ['depth'])?.text).toContain('no hop goes deeper');
    expect(capped({ pages: 50 }, [])).toBeUndefined();
  });
});
