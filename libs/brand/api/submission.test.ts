import { describe, expect, it } from 'vitest';
import { ModuleRegistry } from '../../calls/registry.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { MODELS, openApi } from './diagnosis-api.fixture.ts';

const BODY = { brand_list: ['海澜鞋业', '云步'], selectedModels: ['qwen'], custom_question: '推荐几款跑鞋？哪些耐磨' };

describe('B11 GET /health', () => {
  it('tells that requests are taken', async () => {
    expect(await (await openApi()).get('/health')).toEqual({ status: 200, body: { status: 'ok' } });
  });
});

describe('B12 GET /api/test', () => {
  it('greets in the words that front ends look for', async () => {
    const { body } = await (await openApi()).get('/api/test');
    expect(body.message).toBe('Backend is working');
  });
});

describe('B13 POST /api/perform-brand-test', () => {
  it('submits a run of the module, and answers its id as execution_id', async () => {
    const { post, submitted, runs } = await openApi();
    const { status, body } = await post(BODY);
    expect([status, body.status]).toEqual([200, 'success']);
    expect(body).toEqual({
      ...{ status: 'success', execution_id: expect.any(String), message: expect.any(String) },
      warnings: [],
    });
    expect([...runs.records.keys()]).toEqual([body.execution_id]);
    expect(submitted).toEqual([
      {
        modules: ['brand-diagnosis@1.1.0'],
        input: { brand: '海澜鞋业', rivals: ['云步'], questions: ['推荐几款跑鞋？', '哪些耐磨'], models: ['qwen'] },
        account: 'front-end',
        platform: 'models',
        deadlineMs: 60_000,
      },
    ]);
  });

  it('takes models as strings and with a check, in any case, and each thing once', async () => {
    const { post, submitted } = await openApi();
    const selectedModels = [
      'QWEN',
      { name: 'deepseek', checked: true },
      { name: 'zhipu', checked: false },
      { name: ' qwen ' },
    ];
    const customQuestions = ['推荐几款跑鞋？', '', '推荐几款跑鞋？'];
    const brand_list = ['A', 'B', 'A', 'B'];
    expect((await post({ ...BODY, brand_list, selectedModels, customQuestions })).status).toBe(200);
    expect(submitted[0]?.input).toEqual({
      ...{ brand: 'A', rivals: ['B'] },
      questions: ['推荐几款跑鞋？', '哪些耐磨'],
      models: ['qwen', 'DeepSeek'],
    });
  });

  it.each([
    [{ deadlineSecond: 60 }, 'deadlineSecond', 'deadlineSeconds'],
    [{ userOpenId: 'o-1' }, 'userOpenId', 'userOpenid'],
    [{ langauge: 'zh' }, 'langauge', 'language'],
  ])('refuses what looks like a mistyped field: %j', async (more, field, nearest) => {
    const { post, submitted } = await openApi();
    const { status, body } = await post({ ...BODY, ...more });
    expect(status).toBe(400);
    expect(body.message).toContain(`${field} is not a field of it; did you mean "${nearest}"?`);
    expect(submitted).toEqual([]);
  });

  it('refuses a mistyped field of a model', async () => {
    const { post } = await openApi();
    const { status, body } = await post({ ...BODY, selectedModels: [{ name: 'qwen', cheked: false }] });
    expect([status, body.message]).toEqual([400, expect.stringContaining('selectedModels[0].cheked')]);
  });

  it('takes a deadline, a language and whom it is for, and leaves alone what it does not know', async () => {
    const { post, submitted } = await openApi();
    const more = { deadlineSeconds: 45.5, language: 'zh', userOpenid: ' o-1 ', judgeApiKey: 'hunter2', userLevel: 'x' };
    expect((await post({ ...BODY, ...more })).status).toBe(200);
    expect(submitted[0]).toMatchObject({ deadlineMs: 45_500, user: 'o-1', input: { language: 'zh' } });
    expect(JSON.stringify(submitted)).not.toContain('hunter2');
    expect((await post({ ...BODY, userOpenid: null })).status).toBe(200);
  });

  it('lists the known models when it is asked for another one', async () => {
    const { post, submitted } = await openApi();
    const { status, body } = await post({ ...BODY, selectedModels: ['qwen', 'gpt-9', { name: 'x-1' }] });
    expect([status, body.error, body.status]).toEqual([400, 'api.invalid_argument', 'error']);
    expect(body.message).toContain('gpt-9, x-1');
    expect(body.message).toContain(MODELS.join(', '));
    expect(submitted).toEqual([]);
  });

  it.each([
    ['no brand', { brand_list: [] }, 'brand_list names no brand'],
    ['an empty brand', { brand_list: ['A', ' '] }, 'brand_list[1] is empty'],
    ['no model', { selectedModels: [] }, 'selectedModels names no model'],
    ['nothing checked', { selectedModels: [{ name: 'qwen', checked: false }] }, 'selectedModels has no checked entry'],
    ['no question', { custom_question: '\n' }, 'custom_question asks nothing'],
    ['empty questions', { custom_question: undefined, customQuestions: ['', ' '] }, 'customQuestions asks nothing'],
    ['too many questions', { custom_question: Array.from({ length: 101 }, (_, n) => n).join('\n') }, 'asks 101'],
    ['a question that is too long', { custom_question: 'x'.repeat(2_001) }, 'questions[0]'],
    ['a deadline that is too short', { deadlineSeconds: 1 }, 'deadlineSeconds'],
    ['another language', { language: 'fr' }, 'language'],
    ['text for a list', { brand_list: 'A' }, 'brand_list should be of type array, but is string'],
  ])('refuses %s with 400', async (_what, changes, says) => {
    const { post, submitted } = await openApi();
    const { status, body } = await post({ ...BODY, ...changes });
    expect([status, body.status]).toEqual([400, 'error']);
    expect(body.message).toContain(says);
    expect(submitted).toEqual([]);
  });

  it('tells every wrong field at once', async () => {
    const { body } = await (await openApi()).post({ brand_list: [], selectedModels: 'qwen', deadlineSeconds: 0 });
    for (const field of ['brand_list', 'selectedModels', 'deadlineSeconds']) expect(body.message).toContain(field);
  });

  it('says with 500 what is missing when this server cannot make a diagnosis', async () => {
    const without = await openApi({ modules: new ModuleRegistry() });
    const { status, body } = await without.post(BODY);
    expect([status, body.error]).toEqual([500, 'api.misconfigured']);
    expect(body.message).toContain('modules.files');
    const blind = await openApi({
      models: () => {
        throw new CatenaError('brand.no_registry', 'no provider registry is configured', {
          remedy: 'set brand.providers',
        });
      },
    });
    const answer = await blind.post(BODY);
    expect(answer.status).toBe(500);
    expect(answer.body.message).toContain('set brand.providers');
  });

  it('takes ten a minute of one client by default, and what was refused as wrong does not count', async () => {
    const { post } = await openApi();
    expect((await post({})).status).toBe(400);
    for (let times = 0; times < 10; times++) expect((await post(BODY)).status).toBe(200);
    const { status, body } = await post(BODY);
    expect([status, body.error, body.status]).toEqual([429, 'api.too_many_requests', 'error']);
  });

  it('does not count what names a model that nobody knows, and keeps refusing it with its reason (R12)', async () => {
    const { post, submitted } = await openApi();
    for (let times = 0; times < 15; times++) {
      const { status, body } = await post({ ...BODY, selectedModels: ['gpt-unknown'] });
      expect([status, body.error]).toEqual([400, 'api.invalid_argument']);
    }
    expect((await post(BODY)).status).toBe(200);
    expect(submitted).toHaveLength(1);
  });

  it('takes any number where the limit is 0', async () => {
    const { post } = await openApi({ submissionsPerMinute: 0 });
    for (let times = 0; times < 20; times++) expect((await post(BODY)).status).toBe(200);
  });
});

describe('a submission', () => {
  it('has what the command line has: brands with all that is known of them, repeats, a prompt and a cap', async () => {
    const { post, submitted } = await openApi();
    const brand = { name: 'Notion', aliases: ['Notion AI'], domains: ['notion.so'], caseSensitive: true };
    const rival = { name: '理想', negativeContexts: ['理想的'] };
    const { status, body } = await post({
      ...BODY,
      ...{ brand_list: [brand, rival, 'Asana'], repeats: 3, prompt: 'list', maxSources: 2, costCap: 1.5 },
    });
    expect([status, body.warnings]).toEqual([200, []]);
    expect(submitted[0]).toMatchObject({
      costCap: 1.5,
      input: { brand, rivals: [rival, 'Asana'], repeats: 3, prompt: 'list', maxSources: 2 },
    });
  });

  it('may name the task that its run belongs to, and is refused with 409 when that was terminated', async () => {
    const { post, runs } = await openApi();
    const { body } = await post({ ...BODY, task: 'prices' });
    expect(runs.records.get(body.execution_id)).toMatchObject({ taskId: 'prices' });
    runs.terminated.add('prices');
    const refused = await post({ ...BODY, task: 'prices' });
    expect([refused.status, refused.body.error]).toEqual([409, 'submit.task_terminated']);
    expect(refused.body.message).toContain('a test (by operator at 10.0.0.7');
    expect((await post({ ...BODY, task: 'a\nb' })).status).toBe(400);
  });

  it('with a wrong field of a brand is refused with its place', async () => {
    const { post } = await openApi();
    const { status, body } = await post({ ...BODY, brand_list: ['A', { name: 'B', aliases: 5 }] });
    expect([status, body.error]).toEqual([400, 'api.invalid_argument']);
    expect(body.message).toContain('brand_list[1].aliases should be of type array');
  });

  it('is told of a brand that is an ordinary word (R9)', async () => {
    const { post } = await openApi();
    const { body } = await post({ ...BODY, brand_list: ['Notion', 'Asana'] });
    expect(body.warnings).toHaveLength(1);
    expect(body.warnings[0]).toContain('"Notion" is an ordinary word');
  });
});

describe('an idempotency key', () => {
  const keyed = (key: string) => ({ 'idempotency-key': key });

  it('answers the run of the first time', async () => {
    const { post } = await openApi();
    const [first, second, other] = [await post(BODY, keyed('k')), await post(BODY, keyed('k')), await post(BODY)];
    expect(second.body.execution_id).toBe(first.body.execution_id);
    expect(other.body.execution_id).not.toBe(first.body.execution_id);
  });

  it('is its user’s own', async () => {
    const { post } = await openApi();
    const [mine, theirs] = [
      await post({ ...BODY, userOpenid: 'me' }, keyed('k')),
      await post({ ...BODY, userOpenid: 'they' }, keyed('k')),
    ];
    expect(theirs.body.execution_id).not.toBe(mine.body.execution_id);
  });

  it('of other work is refused with 409', async () => {
    const { post } = await openApi();
    await post(BODY, keyed('k'));
    const { status, body } = await post({ ...BODY, brand_list: ['other'] }, keyed('k'));
    expect([status, body.error]).toEqual([409, 'submit.key_reused']);
  });
});
