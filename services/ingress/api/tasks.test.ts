import { describe, expect, it } from 'vitest';
import { onBehalfOf } from '../../../libs/callers/current-caller.ts';
import { RunState } from '../../../libs/contracts/services.ts';
import { type Api, call, drive, invalid, json, openApi, refusal, submitted, task } from './ingress-api.fixture.ts';

const KEY = { account: 'acme', taskId: 'prices' };
const NAMED = { taskId: 'prices' };

/** A run of the task whose pages all fail. */
async function failed(opened: Api) {
  opened.bench.http.answer = () => ({ body: 'fail' });
  const runId = await submitted(opened, { ...NAMED, input: json({ pages: 2 }) });
  await drive(opened.bench);
  return runId;
}

const taskOf = async ({ api }: Api) => (await api.getTask(KEY, call())).task;

describe('a named task', () => {
  it('has its runs: they carry its name, are listed by it, and count for it, open or ended', async () => {
    const opened = openApi();
    const ended = await failed(opened);
    const { errors = 0, executions = 0 } = (await taskOf(opened))!;
    expect(errors).toBeGreaterThan(1);
    const open = await submitted(opened, { ...NAMED, input: json({ pages: 2 }) });
    const alone = await submitted(opened, {});
    expect(await taskOf(opened)).toMatchObject({ ...KEY, errors, coolsUntilMs: 0, mark: undefined, openRuns: [open] });
    expect((await taskOf(opened))!.executions).toBeGreaterThan(executions);
    const list = { state: RunState.UNSPECIFIED, module: '', acceptedFromMs: 0, acceptedBeforeMs: 0, pageSize: 0, pageToken: '' };
    const runs = (await opened.api.listRuns({ ...list, ...KEY }, call())).runs!;
    expect(runs.map(({ runId, taskId }) => [runId, taskId])).toEqual([
      [open, 'prices'],
      [ended, 'prices'],
    ]);
    expect((await opened.api.getRun({ runId: alone }, call())).run).toMatchObject({ taskId: alone });
  });

  it('that is terminated ends its open runs and refuses new ones and replays, with who, why and what to do', async () => {
    const opened = openApi();
    const ended = await failed(opened);
    const open = await submitted(opened, { ...NAMED, idempotencyKey: 'k' });
    const terminate = (reason: string) => opened.api.terminateTask({ ...KEY, reason }, call());
    const answer = await onBehalfOf('operator at 10.0.0.7', () => terminate('the shop asked us to stop'));
    expect([answer.changed, (await terminate('again')).changed]).toEqual([true, false]);
    expect((await taskOf(opened))!.mark).toMatchObject({ by: 'operator at 10.0.0.7', runId: '' });
    await drive(opened.bench);
    expect((await opened.api.getRun({ runId: open }, call())).run!.end).toMatchObject({
      detail: expect.stringContaining(
        'its task prices was terminated: the shop asked us to stop (by operator at 10.0.0.7',
      ),
    });
    await expect(opened.api.submitTask(task(NAMED), call())).rejects.toMatchObject({
      code: 'submit.task_terminated',
      message: expect.stringContaining('the shop asked us to stop (by operator at 10.0.0.7'),
      remedy: expect.stringContaining('catena task lift prices --account acme'),
    });
    expect((await opened.api.submitTask(task({ ...NAMED, idempotencyKey: 'k' }), call())).run!.runId).toBe(open);
    const replay = opened.api.replayDeadLetters({ runId: ended, nodeIds: [], reasons: [], rejoin: false }, call());
    await expect((replay as AsyncIterable<unknown>)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'submit.task_terminated',
    });
  });

  it('that is lifted admits runs again, and counts from 0', async () => {
    const opened = openApi();
    await failed(opened);
    await opened.api.terminateTask({ ...KEY, reason: 'a test' }, call());
    expect((await opened.api.liftTask(KEY, call())).changed).toBe(true);
    expect((await opened.api.liftTask(KEY, call())).changed).toBe(false);
    expect(await taskOf(opened)).toMatchObject({ executions: 0, errors: 0, mark: undefined });
    await submitted(opened, NAMED, false);
  });

  it('is listed page by page, all or those that are refused', async () => {
    const opened = openApi();
    for (const account of ['acme', 'other']) await submitted(opened, { ...NAMED, account }, false);
    await submitted(opened, { taskId: 'stock' }, false);
    await opened.api.terminateTask({ account: 'acme', taskId: 'stock', reason: 'a test' }, call());
    const list = async (changes: object) => {
      const request = { account: '', marked: false, pageSize: 0, pageToken: '', ...changes };
      const { tasks, nextPageToken = '' } = await opened.api.listTasks(request, call());
      return { named: tasks!.map(({ account, taskId }) => `${account} ${taskId}`), nextPageToken };
    };
    const first = await list({ pageSize: 2 });
    expect(first.named).toEqual(['acme prices', 'acme stock']);
    expect(await list({ pageToken: first.nextPageToken })).toEqual({ named: ['other prices'], nextPageToken: '' });
    expect((await list({ marked: true })).named).toEqual(['acme stock']);
    expect((await list({ account: 'other' })).named).toEqual(['other prices']);
    await expect(list({ pageToken: 'foreign' })).rejects.toMatchObject({ code: 'api.invalid_argument' });
  });

  it('is another one in another account', async () => {
    const opened = openApi();
    await submitted(opened, NAMED, false);
    await submitted(opened, { ...NAMED, account: 'other' }, false);
    await opened.api.terminateTask({ ...KEY, reason: 'a test' }, call());
    await submitted(opened, { ...NAMED, account: 'other' }, false);
    expect((await opened.api.getTask({ ...KEY, account: 'other' }, call())).task!.mark).toBeUndefined();
  });

  it('has one run for each key: the same work of another task is other work', async () => {
    const { api } = openApi();
    const keyed = { idempotencyKey: 'k' };
    await api.submitTask(task({ ...keyed, ...NAMED }), call());
    expect(
      await refusal(api.submitTask(task({ ...keyed, taskId: 'other' }), call()) as Promise<unknown>),
    ).toMatchObject({
      code: 'submit.key_reused',
    });
  });

  it('is refused when it is unknown or has no possible name', async () => {
    const { api } = openApi();
    const unknown = { code: 'api.unknown_task', fields: [] };
    expect(await refusal(api.getTask(KEY, call()) as Promise<unknown>)).toEqual(unknown);
    expect(await refusal(api.liftTask(KEY, call()) as Promise<unknown>)).toEqual(unknown);
    expect(await refusal(api.terminateTask({ ...KEY, reason: 'x' }, call()) as Promise<unknown>)).toEqual(unknown);
    expect(await refusal(api.terminateTask({ ...KEY, reason: '' }, call()) as Promise<unknown>)).toEqual(
      invalid('reason'),
    );
    expect(await refusal(api.getTask({ account: '', taskId: 'a\nb' }, call()) as Promise<unknown>)).toEqual(
      invalid('account', 'task_id'),
    );
    const wrong = api.submitTask(task({ taskId: ' prices' }), call()) as Promise<unknown>;
    expect(await refusal(wrong)).toEqual(invalid('task_id'));
  });

  it('says in words why a run of it is not opened', async () => {
    const opened = openApi();
    const runId = await submitted(opened, NAMED, false);
    await opened.api.terminateTask({ ...KEY, reason: 'a test' }, call());
    const { reasons } = await opened.api.explainRun({ runId }, call());
    expect(reasons![0]).toMatchObject({
      code: 'task_terminated',
      text: expect.stringContaining('a test (by this process'),
    });
  });
});
