import { expect, it, vi } from 'vitest';
import { call, drive, json, openApi, refusal, shop, submitted } from './ingress-api.fixture.ts';

const codesOf = (answer: { reasons?: { code?: string }[] | undefined }) => answer.reasons!.map(({ code }) => code);

it('explains a run from what stands in store and coordinator', async () => {
  const opened = openApi();
  const runId = await submitted(opened, { input: json({ pages: 3 }), deadlineMs: 3_600_000_000 });
  const explain = () => opened.api.explainRun({ runId }, call());
  expect(codesOf(await explain())).toEqual(['deadline', 'queued_hops', 'phase_open']);
  expect(await explain()).toMatchObject({ sampled: false, reasons: [{}, { nodes: 3, moduleId: '' }, {}] });
  await opened.api.pauseRun({ runId }, call());
  expect(codesOf(await explain())[0]).toBe('paused');
  await opened.api.resumeRun({ runId }, call());
  await drive(opened.bench);
  expect(codesOf(await explain())).toEqual(['closed']);
});

it('asks for rate limits only when requests wait', async () => {
  const limits = vi.fn(async () => [{ key: 'shop.test', waiting: 1, inFlight: 1, nextAtMs: undefined }]);
  const list = vi.fn(async () => []);
  const opened = openApi([shop], { limits, breakers: { list } });
  const runId = await submitted(opened);
  await opened.api.explainRun({ runId }, call());
  expect(limits).not.toHaveBeenCalled();
  const [hop] = await opened.bench.coordinator.listNodes({ runId, state: 'pending', limit: 1 });
  await opened.bench.coordinator.commitSuccess({
    ...(await claim()),
    children: [{ ...hop!, id: 'request', kind: 'request', limitKey: 'shop.test' }],
    staged: 0,
    wakeUps: 1,
  });
  expect(codesOf(await opened.api.explainRun({ runId }, call()))).toEqual(['waiting_for_limits', 'phase_open']);
  expect(limits).toHaveBeenCalledWith(['shop.test']);
  expect(list).not.toHaveBeenCalled();

  async function claim() {
    const lease = { epoch: 0, owner: 'o', stage: 'module-processor', leaseMs: 1_000, alone: false } as const;
    const { node } = await opened.bench.coordinator.claim({ node: hop!, ...lease });
    return { node: node!, token: node!.token };
  }
});

it('says that numbers are lower bounds when it looked at a part', async () => {
  const opened = openApi();
  const runId = await submitted(opened);
  const [hop] = await opened.bench.coordinator.listNodes({ runId, state: 'pending', limit: 1 });
  vi.spyOn(opened.bench.coordinator, 'listDue').mockImplementation(async ({ limit }) =>
    Array(limit).fill({ ...hop!, state: 'retry' }),
  );
  expect(await opened.api.explainRun({ runId }, call())).toMatchObject({
    sampled: true,
    reasons: [{ nodes: 500 }, {}],
  });
});

it('refuses runs that are none', async () => {
  const { api } = openApi();
  expect((await refusal(api.explainRun({ runId: 'nosuch' }, call()))).code).toBe('api.unknown_run');
  expect(await refusal(api.explainRun({ runId: '' }, call()))).toMatchObject({ fields: ['run_id'] });
});
