import { describe, expect, it } from 'vitest';
import { FinishReason, ListRunsRequest, RunState, StepKind } from '../../libs/contracts/services.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { closeRun } from '../../libs/stage/run/close-run.ts';
import {
  type Api,
  call,
  drive,
  invalid,
  json,
  openApi,
  refusal,
  shop,
  submitted,
  task,
} from './api/ingress-api.fixture.ts';

describe('SubmitTask', () => {
  it('answers when the run stands in the store, with its modules by their full names', async () => {
    const { api, bench } = openApi();
    const request = task({
      input: json({ query: 'ß', pages: 2 }),
      priority: 3,
      deadlineMs: 60_000,
      metadata: { team: 'blue' },
    });
    const { run } = await api.submitTask(request, call());
    expect(run).toMatchObject({
      modules: ['shop@1.2.0'],
      account: 'acme',
      platform: 'web',
      priority: 3,
      metadata: { team: 'blue' },
      acceptedAtMs: bench.clock.now(),
      deadlineAtMs: bench.clock.now() + 60_000,
      state: RunState.ACCEPTED,
      end: undefined,
    });
    expect(JSON.parse(Buffer.from(run!.input!).toString())).toEqual({ query: 'ß', pages: 2 });
    expect(await bench.store.findRun(run!.runId!)).toMatchObject({
      state: 'accepted',
      input: { query: 'ß', pages: 2 },
    });
  });

  it('keeps the caps of the task, a depth of 0 among them', async () => {
    const { api, bench } = openApi();
    const { run } = await api.submitTask(task({ caps: { pages: 50, depth: 0 } }), call());
    expect(run).toMatchObject({ caps: { pages: 50, depth: 0 } });
    expect((await bench.store.findRun(run!.runId!))?.caps).toEqual({ pages: 50, depth: 0 });
  });

  it('answers the first run for the same idempotency key, wherever that is by now', async () => {
    const opened = openApi();
    const runId = await submitted(opened, { idempotencyKey: 'k' });
    const { run } = await opened.api.submitTask(task({ idempotencyKey: 'k' }), call());
    expect(run).toMatchObject({ runId, state: RunState.OPEN });
    const other = opened.api.submitTask(task({ idempotencyKey: 'k', input: json({ pages: 9 }) }), call());
    expect(await refusal(other)).toEqual({ code: 'submit.key_reused', fields: [] });
  });

  it('takes no input for an empty object, and no deadline for none', async () => {
    const { api } = openApi();
    const { run } = await api.submitTask(task(), call());
    expect(run).toMatchObject({ deadlineAtMs: 0 });
    expect(Buffer.from(run!.input!).toString()).toBe('{}');
  });

  it.each([
    [{ modules: [] }, ['modules']],
    [{ modules: ['shop', 'nosuch', 'shop@9.9.9'] }, ['modules[1]', 'modules[2]']],
    [{ modules: ['shop', 'shop@1.2.0'] }, ['modules']],
    [{ modules: Array.from({ length: 51 }, (_, at) => `m${at}`) }, ['modules', ...numbered('modules', 50)]],
    [{ account: '', platform: '' }, ['account', 'platform']],
    [{ account: 'a'.repeat(201) }, ['account']],
    [{ deadlineMs: -1 }, ['deadline_ms']],
    [{ costCap: -1 }, ['cost_cap']],
    [{ costCap: Number.NaN }, ['cost_cap']],
    [{ costCap: 1e-9 }, ['cost_cap']],
    [{ caps: { pages: 0, items: -1, depth: -1, bytes: 0 } }, ['caps.pages', 'caps.items', 'caps.depth', 'caps.bytes']],
    [{ deadlineMs: Number.MAX_SAFE_INTEGER }, ['deadline_ms']],
    [{ idempotencyKey: 'k'.repeat(201) }, ['idempotency_key']],
    [{ metadata: { note: 'x'.repeat(20_000) } }, ['metadata']],
    [{ input: Buffer.from('{"pages":') }, ['input']],
    [{ input: Buffer.from([0x22, 0xff, 0x22]) }, ['input']],
    [{ input: json({ pages: 'three', query: 7 }) }, ['input.pages', 'input.query']],
    [{ input: json([1]) }, ['input']],
    [{ input: Buffer.from('['.repeat(300) + ']'.repeat(300)) }, ['input']],
    [{ account: '', input: json({ pages: 'three' }) }, ['account', 'input.pages']],
  ])('names every wrong place of a task (%#)', async (changes, fields) => {
    const { api, bench } = openApi();
    expect(await refusal(api.submitTask(task(changes), call()))).toEqual(invalid(...fields));
    expect(await bench.store.listRuns({ limit: 1 })).toEqual([]);
  });

  it('passes on what the store says', async () => {
    const down = new CatenaError('store.io_error', 'gone', { class: 'retryable' });
    const { api } = openApi([shop], { submit: () => Promise.reject(down) });
    await expect(api.submitTask(task(), call())).rejects.toBe(down);
  });
});

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${name}[${at}]`);
}

describe('GetRun', () => {
  it('counts nodes by phase and in all, and rows', async () => {
    const opened = openApi();
    opened.bench.http.answer = ({ url }) => ({ body: url.endsWith('0') ? 'a\nb' : 'fail' });
    const runId = await submitted(opened, { input: json({ pages: 2 }) });
    const { run } = await opened.api.getRun({ runId }, call());
    expect(run).toMatchObject({
      state: RunState.OPEN,
      paused: false,
      nodes: { created: 3, done: 1, dead: 0, open: 2 },
      progress: [
        { moduleId: 'shop@1.2.0', state: 'open', currentPhase: 0, phases: [{ nodes: { open: 2 }, closed: '' }] },
      ],
      items: 0,
    });
    await drive(opened.bench);
    expect((await opened.api.getRun({ runId }, call())).run).toMatchObject({
      state: RunState.CLOSED,
      nodes: { created: 5, done: 4, dead: 1, open: 0 },
      items: 2,
      end: { reason: FinishReason.COMPLETED, done: 4, dead: 1, items: 2, detail: '' },
    });
  });

  it('tells what it has cost so far, what it may cost, and at its end what it did cost', async () => {
    const opened = openApi();
    const runId = await submitted(opened, { costCap: 2.5 });
    expect((await opened.api.getRun({ runId }, call())).run).toMatchObject({ costCap: 2.5, cost: undefined });
    const payment = { scope: runId, entry: 'a', attempt: '0', amount: 1_000_000, cap: 2_500_000 };
    await opened.bench.budgets.reserve(payment);
    expect((await opened.api.getRun({ runId }, call())).run?.cost).toMatchObject({ spent: 0, reserved: 1 });
    await opened.bench.budgets.settle({ ...payment, amount: 250_000 });
    await drive(opened.bench);
    await opened.bench.budgets.forget(runId);
    expect((await opened.api.getRun({ runId }, call())).run?.cost).toMatchObject({ spent: 0.25, reserved: 0 });
    expect((await opened.api.listRuns(ListRunsRequest.create(), call())).runs).toMatchObject([
      { costCap: 2.5, cost: { spent: 0.25 } },
    ]);
  });

  it('says closing while the end is being written, and cancelled as soon as that was asked for', async () => {
    const opened = openApi();
    const runId = await submitted(opened);
    await opened.api.cancelRun({ runId }, call());
    expect((await opened.api.getRun({ runId }, call())).run).toMatchObject({ state: RunState.OPEN, mark: 'cancelled' });
    await drive(opened.bench, 1);
    expect((await opened.api.getRun({ runId }, call())).run).toMatchObject({ state: RunState.CLOSING, end: undefined });
    await closeRun(opened.bench, runId);
    expect((await opened.api.getRun({ runId }, call())).run).toMatchObject({
      state: RunState.CLOSED,
      end: { reason: FinishReason.CANCELLED },
    });
  });

  it('refuses runs that are none', async () => {
    const { api } = openApi();
    expect(await refusal(api.getRun({ runId: 'nosuch' }, call()))).toEqual({ code: 'api.unknown_run', fields: [] });
    expect(await refusal(api.getRun({ runId: '' }, call()))).toEqual(invalid('run_id'));
  });
});

describe('ListRuns', () => {
  const request = {
    state: RunState.UNSPECIFIED,
    account: '',
    module: '',
    acceptedFromMs: 0,
    acceptedBeforeMs: 0,
    pageSize: 0,
    pageToken: '',
    taskId: '',
  };

  async function three(): Promise<{ opened: Api; ids: string[] }> {
    const opened = openApi();
    const ids: string[] = [];
    for (const account of ['a', 'b', 'a']) {
      opened.bench.clock.advance(1_000);
      ids.push(await submitted(opened, { account }, false));
    }
    return { opened, ids: ids.reverse() };
  }

  it('goes on behind the last page until there is none, newest first', async () => {
    const { opened, ids } = await three();
    const found: string[] = [];
    const sizes: number[] = [];
    let pageToken = '';
    do {
      const page = await opened.api.listRuns({ ...request, pageSize: 2, pageToken }, call());
      sizes.push(page.runs!.length);
      found.push(...page.runs!.map((run) => run.runId!));
      pageToken = page.nextPageToken!;
    } while (pageToken !== '');
    expect(found).toEqual(ids);
    expect(sizes).toEqual([2, 1]);
  });

  it('keeps to all filters', async () => {
    const { opened, ids } = await three();
    const list = async (filter: Partial<ListRunsRequest>) =>
      (await opened.api.listRuns({ ...request, ...filter }, call())).runs!.map((run) => ids.indexOf(run.runId!));
    const nowMs = opened.bench.clock.now();
    expect(await list({ account: 'a' })).toEqual([0, 2]);
    expect(await list({ account: 'a', acceptedBeforeMs: nowMs })).toEqual([2]);
    expect(await list({ acceptedFromMs: nowMs })).toEqual([0]);
    expect(await list({ module: 'shop@1.2.0' })).toEqual([0, 1, 2]);
    expect(await list({ module: 'other@1.0.0' })).toEqual([]);
    expect(await list({ state: RunState.ACCEPTED })).toEqual([0, 1, 2]);
    expect(await list({ state: RunState.CLOSED })).toEqual([]);
  });

  it('makes pages of large runs shorter', async () => {
    const opened = openApi();
    const query = 'x'.repeat(600_000);
    for (let count = 0; count < 3; count++) await submitted(opened, { input: json({ query }) }, false);
    const page = await opened.api.listRuns(request, call());
    expect(page.runs).toHaveLength(1);
    expect(page.nextPageToken).not.toBe('');
  });

  it.each([
    [{ pageSize: -1 }, 'page_size'],
    [{ pageSize: 501 }, 'page_size'],
    [{ pageToken: 'nosuch' }, 'page_token'],
    [{ pageToken: 'x'.repeat(501) }, 'page_token'],
    [{ state: RunState.CLOSING }, 'state'],
    [{ acceptedFromMs: -5 }, 'accepted_from_ms'],
    [{ account: 'a'.repeat(201) }, 'account'],
    [{ taskId: 'prices' }, 'account'],
    [{ account: 'acme', taskId: ' prices' }, 'task_id'],
  ])('refuses a filter or a page that cannot be (%#)', async (filter, field) => {
    const { api } = openApi();
    expect(await refusal(api.listRuns({ ...request, ...filter }, call()))).toEqual(invalid(field));
  });
});

describe('PauseRun, ResumeRun and CancelRun', () => {
  it('say whether anything changed', async () => {
    const opened = openApi();
    const { api, bench } = opened;
    const runId = await submitted(opened);
    const changes: unknown[] = [];
    for (const method of ['pauseRun', 'pauseRun', 'resumeRun', 'resumeRun', 'cancelRun', 'cancelRun'] as const) {
      changes.push((await api[method]({ runId }, call())).changed);
      if (changes.length === 1) expect((await bench.coordinator.findRun(runId))!.paused).toBe(true);
    }
    expect(changes).toEqual([true, false, true, false, true, false]);
  });

  it('refuse what is closed, what is not there, and a pause of what is not open yet', async () => {
    const opened = openApi();
    const accepted = await submitted(opened, {}, false);
    for (const method of ['pauseRun', 'resumeRun'] as const) {
      expect((await refusal(opened.api[method]({ runId: accepted }, call()))).code).toBe('api.run_not_open');
    }
    const closed = await submitted(opened);
    await drive(opened.bench);
    for (const method of ['pauseRun', 'resumeRun', 'cancelRun'] as const) {
      expect((await refusal(opened.api[method]({ runId: closed }, call()))).code).toBe('api.run_closed');
      expect((await refusal(opened.api[method]({ runId: 'nosuch' }, call()))).code).toBe('api.unknown_run');
      expect(await refusal(opened.api[method]({ runId: '' }, call()))).toEqual(invalid('run_id'));
    }
  });

  it('cancel a run that was accepted and never opened', async () => {
    const opened = openApi();
    const runId = await submitted(opened, {}, false);
    expect(await opened.api.cancelRun({ runId }, call())).toEqual({ changed: true });
    expect(opened.unopened).toEqual([runId]);
  });
});

describe('ListModules', () => {
  it('describes each version of each module', async () => {
    const { api } = openApi();
    expect(await api.listModules({}, call())).toMatchObject({
      modules: [
        {
          moduleId: 'shop@1.2.0',
          name: 'shop',
          version: '1.2.0',
          steps: [{ name: 'page', kind: StepKind.FETCH, phase: 0 }],
          phaseCount: 1,
          itemTypes: ['product', 'note'],
        },
      ],
    });
  });
});
