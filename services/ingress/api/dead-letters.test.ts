import { describe, expect, it, vi } from 'vitest';
import {
  type DeadLetter,
  type ReplayDeadLettersRequest,
  ReplayOutcome,
  RunState,
} from '../../../libs/contracts/services.ts';
import type { CatenaError } from '../../../libs/errors/catena-error.ts';
import { countsOf } from '../../../libs/stage/run/tasks.ts';
import { type Api, call, drive, json, openApi, submitted } from './ingress-api.fixture.ts';

/** A run of so many pages, every one of which fails until `mend` is called. */
async function failed(pages: number, task: { readonly taskId?: string } = {}) {
  const opened = openApi();
  let body = 'fail';
  opened.bench.http.answer = () => ({ body });
  const runId = await submitted(opened, { ...task, input: json({ pages }) });
  await drive(opened.bench);
  return {
    opened,
    runId,
    mend: () => {
      body = 'mended';
    },
  };
}

async function lettersOf({ api }: Api, runId: string, pageSize = 0): Promise<{ letters: DeadLetter[]; pages: number }> {
  const letters: DeadLetter[] = [];
  let pageToken = '';
  for (let pages = 1; ; pages++) {
    const page = await api.listDeadLetters({ runId, pageSize, pageToken }, call());
    letters.push(...(page.deadLetters as DeadLetter[]));
    pageToken = page.nextPageToken!;
    if (pageToken === '') return { letters, pages };
  }
}

async function replay(
  { api }: Api,
  request: Partial<ReplayDeadLettersRequest>,
  signal?: AbortSignal,
): Promise<Record<string, ReplayOutcome>> {
  const outcomes: Record<string, ReplayOutcome> = {};
  const whole = { runId: '', nodeIds: [], reasons: [], rejoin: false, ...request };
  const stream = api.replayDeadLetters(whole, call(signal)) as AsyncIterable<{
    nodes: { nodeId: string; outcome: ReplayOutcome }[];
  }>;
  for await (const { nodes } of stream) for (const { nodeId, outcome } of nodes) outcomes[nodeId] = outcome;
  return outcomes;
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    ({ code, data }: CatenaError) => (data.field === undefined ? code : `${code} ${data.field}`),
  );

describe('ListDeadLetters', () => {
  it('shows what is needed to understand a node, page by page', async () => {
    const { opened, runId } = await failed(5);
    const { letters, pages } = await lettersOf(opened, runId, 2);
    expect(pages).toBe(3);
    expect(new Set(letters.map(({ nodeId }) => nodeId)).size).toBe(5);
    expect(letters[0]).toMatchObject({
      moduleId: 'shop@1.2.0',
      stepIdx: 0,
      isRequest: true,
      reason: 'failed',
      attempts: 2,
    });
    expect(JSON.parse(Buffer.from(letters[0]!.error).toString())).toMatchObject({ code: 'parse.threw' });
    expect(JSON.parse(Buffer.from(letters[0]!.body).toString())).toHaveProperty('url');
  });

  it('shows the dead of a run that is still open, without those that a fallback superseded', async () => {
    const opened = openApi();
    opened.bench.http.answer = () => ({ body: 'fail' });
    const runId = await submitted(opened, { input: json({ pages: 3 }) });
    const { coordinator } = opened.bench;
    await opened.api.pauseRun({ runId }, call());
    const nodes = await coordinator.listNodes({ runId, limit: 10 });
    const dead = nodes.map((node, at) => ({ ...node, deathReason: at < 2 ? 'superseded' : 'failed' }) as const);
    const snapshot = (await coordinator.findRun(runId))!;
    const phases = snapshot.modules[0]!.phases.map((phase) => ({ ...phase, dead: dead.length }));
    vi.spyOn(coordinator, 'findRun').mockResolvedValue({
      ...snapshot,
      modules: [{ ...snapshot.modules[0]!, phases }],
    });
    vi.spyOn(coordinator, 'listNodes').mockImplementation(async ({ after, limit, state }) => {
      expect(state).toBe('dead');
      const from = after === undefined ? 0 : dead.findIndex(({ id }) => id === after) + 1;
      return dead.slice(from, from + limit);
    });
    for (const [pageSize, count] of [
      [1, 2],
      [2, 1],
    ] as const) {
      const { letters, pages } = await lettersOf(opened, runId, pageSize);
      expect(letters.map(({ nodeId }) => nodeId)).toEqual([dead[2]!.id, dead[3]!.id]);
      expect(pages).toBe(count);
    }
  });

  it('K9: does not look for the dead of an open run that has none', async () => {
    const opened = openApi();
    const runId = await submitted(opened, { input: json({ pages: 3 }) });
    await opened.api.pauseRun({ runId }, call());
    const list = vi.spyOn(opened.bench.coordinator, 'listNodes');
    expect((await lettersOf(opened, runId, 10)).letters).toEqual([]);
    expect(list).not.toHaveBeenCalled();
  });

  it('refuses what cannot be', async () => {
    const { opened, runId } = await failed(1);
    const list = (request: { runId?: string; pageSize?: number; pageToken?: string }) =>
      codeOf(opened.api.listDeadLetters({ runId, pageSize: 0, pageToken: '', ...request }, call()));
    expect(await list({ runId: 'nosuch' })).toBe('api.unknown_run');
    expect(await list({ runId: '' })).toBe('api.invalid_argument run_id');
    expect(await list({ pageSize: 501 })).toBe('api.invalid_argument page_size');
    expect(await list({ pageToken: 'foreign' })).toBe('api.invalid_argument page_token');
  });
});

describe('ReplayDeadLetters', () => {
  it('opens a closed run again and executes what failed, once', async () => {
    const { opened, runId, mend } = await failed(3);
    mend();
    const outcomes = await replay(opened, { runId });
    expect(Object.values(outcomes)).toEqual(Array(3).fill(ReplayOutcome.REPLAYED));
    expect(opened.rung.map(({ kind, model }) => [kind, model.id])).toEqual(
      Object.keys(outcomes).map((id) => ['request', id]),
    );
    expect((await opened.api.getRun({ runId }, call())).run).toMatchObject({ state: RunState.OPEN });
    await drive(opened.bench);
    expect((await opened.api.getRun({ runId }, call())).run).toMatchObject({
      state: RunState.CLOSED,
      nodes: { dead: 0 },
      end: { dead: 0, items: 3 },
    });
    expect((await lettersOf(opened, runId)).letters).toEqual([]);
    expect(await replay(opened, { runId })).toEqual({});
  });

  it('takes only the nodes that are named, and says which of them are none', async () => {
    const { opened, runId, mend } = await failed(3);
    mend();
    const [first] = (await lettersOf(opened, runId)).letters;
    expect(await replay(opened, { runId, nodeIds: [first!.nodeId, 'nosuch'] })).toEqual({
      [first!.nodeId]: ReplayOutcome.REPLAYED,
      nosuch: ReplayOutcome.UNKNOWN_NODE,
    });
    await drive(opened.bench);
    expect((await lettersOf(opened, runId)).letters).toHaveLength(2);
  });

  it('takes only nodes that ended for the given reasons; cancelled ones only when that is asked for', async () => {
    const opened = openApi();
    const runId = await submitted(opened, { input: json({ pages: 2 }) });
    await opened.api.cancelRun({ runId }, call());
    await drive(opened.bench);
    expect(await replay(opened, { runId })).toEqual({});
    expect(Object.keys(await replay(opened, { runId, reasons: ['cancelled'] }))).toHaveLength(2);
    expect((await opened.bench.coordinator.findRun(runId))!.mark).toBe('');
  });

  it('waits for a drain to end, and says so when it does not', async () => {
    const { opened, runId } = await failed(1);
    const replays = vi.spyOn(opened.bench.coordinator, 'replay').mockResolvedValue({ code: 2, wakeUps: [] });
    expect(Object.values(await replay(opened, { runId }))).toEqual([ReplayOutcome.DRAINING]);
    expect(replays.mock.calls.length).toBeGreaterThan(10);
    replays.mockResolvedValueOnce({ code: 2, wakeUps: [] }).mockRestore();
    expect(Object.values(await replay(opened, { runId }))).toEqual([ReplayOutcome.REPLAYED]);
  });

  it('writes the end again, and counts it for the task, when a replayed run ended before the store knew that it was open', async () => {
    const { opened, runId, mend } = await failed(1, { taskId: 'prices' });
    mend();
    const { store } = opened.bench;
    const markOpen = store.markOpen.bind(store);
    vi.spyOn(store, 'markOpen').mockImplementationOnce(async (id) => {
      await drive(opened.bench);
      await markOpen(id);
    });
    await replay(opened, { runId });
    expect(await store.findRun(runId)).toMatchObject({ state: 'closed', end: { dead: 0, items: 1 } });
    expect(await store.listDeadLetters(runId)).toEqual([]);
    const counts = countsOf(await opened.bench.coordinator.findRun(runId));
    expect(counts.executions).toBeGreaterThan(0);
    expect(await store.findTask({ account: 'acme', name: 'prices' }, 0)).toMatchObject({ counts });
  });

  it('stops when it is told to; what was re-opened is known to be open', async () => {
    const { opened, runId } = await failed(150);
    const stop = new AbortController();
    const replaying = vi.spyOn(opened.bench.coordinator, 'replay');
    const gone = new Error('the client went away');
    const whole = { runId, nodeIds: [], reasons: [], rejoin: false };
    const stream = opened.api.replayDeadLetters(whole, call(stop.signal)) as AsyncIterable<unknown>;
    const batches = stream[Symbol.asyncIterator]();
    await batches.next();
    stop.abort(gone);
    await expect(batches.next()).rejects.toBe(gone);
    expect(replaying).toHaveBeenCalledTimes(100);
    expect(opened.rung).toHaveLength(100);
    expect((await opened.bench.store.findRun(runId))!.state).toBe('open');
  });

  it('passes --rejoin on', async () => {
    const { opened, runId } = await failed(1);
    const replaying = vi.spyOn(opened.bench.coordinator, 'replay');
    await replay(opened, { runId, rejoin: true });
    expect(replaying.mock.calls[0]![0]).toMatchObject({ rejoin: true });
  });

  it('refuses what cannot be', async () => {
    const { opened, runId } = await failed(1);
    const accepted = await submitted(opened, {}, false);
    expect(await codeOf(replay(opened, { runId: 'nosuch' }))).toBe('api.unknown_run');
    expect(await codeOf(replay(opened, { runId: accepted }))).toBe('api.run_not_open');
    expect(await codeOf(replay(opened, { runId, reasons: ['failed', 'superseded'] }))).toBe(
      'api.invalid_argument reasons[1]',
    );
    expect(await codeOf(replay(opened, { runId, nodeIds: Array(1_001).fill('n') as string[] }))).toBe(
      'api.invalid_argument node_ids.length',
    );
    while ((await opened.bench.coordinator.runPurge({ runId, limit: 100 })).more);
    expect(await codeOf(replay(opened, { runId }))).toBe('api.run_expired');
  });
});

describe('DiscardDeadLetters', () => {
  it('forgets letters of a closed run for good', async () => {
    const { opened, runId } = await failed(3);
    const [first, second] = (await lettersOf(opened, runId)).letters;
    const nodeIds = [first!.nodeId, second!.nodeId, 'nosuch'];
    expect(await opened.api.discardDeadLetters({ runId, nodeIds }, call())).toEqual({ discarded: 2 });
    expect((await lettersOf(opened, runId)).letters).toHaveLength(1);
  });

  it('refuses what cannot be', async () => {
    const { opened, runId } = await failed(1);
    const open = await submitted(opened);
    const discard = (of: string, nodeIds: string[]) =>
      codeOf(opened.api.discardDeadLetters({ runId: of, nodeIds }, call()));
    expect(await discard(open, ['n'])).toBe('api.run_open');
    expect(await discard('nosuch', ['n'])).toBe('api.unknown_run');
    expect(await discard(runId, [])).toBe('api.invalid_argument node_ids.length');
    expect(await discard(runId, ['n', 'n'.repeat(201)])).toBe('api.invalid_argument node_ids[1]');
  });
});
