import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { factsOf } from '../../libs/calls/facts.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { defineModule, fetchStep } from '../../libs/modules/index.ts';
import { messagesOf, only } from '../../test/fixtures/outcomes.ts';
import { LEASE_MS, openStageBench, type StageBench } from '../../test/fixtures/stage-bench.ts';
import { handle } from './handle.ts';
import { phaseDeadlines } from './open-run.ts';

const HOST = 'shop.test';

/** A hop that makes `count` requests; `during` happens while it makes them. */
function shop(during: () => Promise<void> | void = () => undefined, options = {}) {
  return defineModule({
    name: 'shop',
    version: '1.0.0',
    input: z.object({ count: z.number().default(1) }),
    steps: { list: fetchStep(z.object({}), options) },
    items: {},
  }).implement({
    *start({ go }) {
      yield go.list({});
    },
    steps: {
      list: {
        async *request({ input }) {
          for (let n = 0; n < input.count; n++) yield `http://${HOST}/${n}`;
          await during();
        },
        *parse() {},
      },
    },
  });
}

const storeDown = () => Promise.reject(new CatenaError('store.io_error', 'the disk is gone', { class: 'retryable' }));

async function pumped(bench: StageBench): Promise<void> {
  const node = only(bench.pumps);
  while ((await bench.coordinator.childrenPump({ node, wakeUps: 500 })).more);
}

/** What a worker that lost its lease would find: the time is over, and another one was let in. */
async function loseLease(bench: StageBench): Promise<void> {
  const entries = await bench.dueAfter(LEASE_MS + 1);
  for (const entry of entries) {
    if (entry.kind === 'recover') await bench.coordinator.recoverZombie({ node: entry.node, crashBudget: 10 });
  }
}

async function* nothing(): AsyncGenerator<never> {
  // Nothing happened to a run that never began.
}

describe('opening a run', () => {
  it('notifies the start of each module, once', async () => {
    const bench = openStageBench([shop()]);
    const run = await bench.accept();
    const opened = await handle(bench.moduleProcessor, { kind: 'start', run });
    expect(messagesOf(opened, 'parser_task')).toMatchObject([
      { model: { context: { moduleId: 'shop@1.0.0', stepIdx: -1, epoch: 0 }, metadata: { team: 'blue' } } },
    ]);
    expect(await handle(bench.moduleProcessor, { kind: 'start', run })).toEqual({ kind: 'next', messages: [] });
  });

  it('is skipped when the run has ended', async () => {
    const bench = openStageBench([shop()]);
    const run = await bench.accept();
    await handle(bench.moduleProcessor, { kind: 'start', run });
    await bench.coordinator.terminateMark({ runId: 'run-1', reason: 'enough' });
    await bench.coordinator.scopeDrain({ runId: 'run-1', moduleId: 'shop@1.0.0', phase: 0, limit: 10 });
    const again = await handle(bench.moduleProcessor, { kind: 'start', run });
    expect(again).toEqual({ kind: 'skip', reason: 'RUN_CLOSED' });
  });

  it('is taken back when somebody ended the run before there was anything to mark', async () => {
    const bench = openStageBench([shop()]);
    const run = await bench.accept();
    const end = { finishReason: 'cancelled', detail: '', endedAtMs: 1, done: 0, dead: 0, items: 0 } as const;
    await bench.store.closeRun('run-1', end, { deadLetters: nothing(), events: nothing() });
    const opened = await handle(bench.moduleProcessor, { kind: 'start', run });
    expect(opened).toEqual({ kind: 'skip', reason: 'RUN_CLOSED' });
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ mark: 'cancelled' });
    expect(await bench.store.findRun('run-1')).toMatchObject({ state: 'closed' });
  });

  it('gives each phase its share of the deadline, one behind the other', async () => {
    const module = shop();
    const bench = openStageBench([module]);
    const run = await bench.accept({ deadlineMs: 1_000 });
    const { acceptedAtMs } = run.record;
    const phase = module.phases[0]!;
    const shares = [0.2, 0.5, undefined].map((share) => ({ ...phase, share }));
    const deadlines = phaseDeadlines(run, { ...factsOf(module), phases: shares });
    expect(deadlines).toEqual([acceptedAtMs + 200, acceptedAtMs + 700, acceptedAtMs + 1_000]);
    const unlimited = await bench.accept();
    expect(phaseDeadlines(unlimited, { ...factsOf(module), phases: shares })).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('generating requests', () => {
  it('commits them and notifies the downloader, with what they share a limit with', async () => {
    const bench = openStageBench([shop()]);
    const [hop] = await bench.begin({ input: { count: 3 } });
    const requests = messagesOf(await bench.generate(hop!), 'request');
    expect(requests.map(({ model }) => model.limitKey)).toEqual([HOST, HOST, HOST]);
    expect(await bench.nodeOf(hop!)).toMatchObject({ state: 'done' });
    const nodes = await Promise.all(requests.map((request) => bench.nodeOf(request)));
    expect(nodes.map(({ body }) => JSON.parse(body).url)).toEqual([0, 1, 2].map((n) => `http://${HOST}/${n}`));
  });

  it('hands a single request to the downloader here, claimed in the same commit', async () => {
    const bench = openStageBench([shop()]);
    bench.localDownloader.free = 1;
    const [hop] = await bench.begin();
    const outcome = await bench.generate(hop!);
    expect(outcome).toMatchObject({ kind: 'next', messages: [] });
    if (outcome.kind === 'next') outcome.handOver?.start();
    const { lease } = only(bench.localDownloader.started);
    expect(lease.node).toMatchObject({ kind: 'request', state: 'processing', attempts: 1 });
    expect(await bench.coordinator.findNode(lease.node)).toEqual(lease.node);
    expect(bench.limiter.snapshot()).toMatchObject([{ key: HOST, inFlight: 1 }]);
  });

  it.each([
    ['several requests', shop(), { count: 2 }, 0],
    ['a step with a concurrency of its own', shop(undefined, { concurrency: 1 }), { count: 1 }, 0],
    ['a host without room', shop(), { count: 1 }, 1],
  ])('notifies for %s, and leaves the slot to others', async (_name, module, input, inFlight) => {
    const bench = openStageBench([module]);
    bench.localDownloader.free = 1;
    bench.limiter.setLimits(HOST, { concurrency: 1 });
    if (inFlight === 1) bench.limiter.tryAcquire(HOST);
    const [hop] = await bench.begin({ input });
    const outcome = await bench.generate(hop!);
    expect(messagesOf(outcome, 'request')).toHaveLength(input.count);
    expect(outcome).not.toHaveProperty('handOver');
    expect(bench.localDownloader.free).toBe(1);
    expect(bench.limiter.snapshot()).toHaveLength(inFlight);
  });

  it('gives slot and permit back when the commit could not claim the request', async () => {
    const pause = () => void bench.coordinator.runControl({ runId: 'run-1', action: 'pause' });
    const bench = openStageBench([shop(pause)]);
    bench.localDownloader.free = 1;
    const [hop] = await bench.begin();
    expect(await bench.generate(hop!)).not.toHaveProperty('handOver');
    expect(await bench.nodeOf(hop!)).toMatchObject({ state: 'done' });
    expect([bench.localDownloader.free, bench.limiter.snapshot()]).toEqual([1, []]);
  });

  it.each([499, 501, 1_203])('brings %i requests into being, beyond a commit by way of the stage', async (count) => {
    const bench = openStageBench([shop()]);
    const [hop] = await bench.begin({ input: { count } });
    const staged = count > 500 ? count : 0;
    const stage = vi.spyOn(bench.coordinator, 'stageChildren');
    const outcome = await bench.generate(hop!);
    expect(stage.mock.calls.reduce((sum, [{ children }]) => sum + children.length, 0)).toBe(staged);
    expect(await bench.nodeOf(hop!)).toMatchObject({ state: staged > 0 ? 'releasing' : 'done' });
    if (staged > 0 && outcome.kind === 'next') {
      outcome.handOver?.start();
      await pumped(bench);
    }
    expect(await bench.nodeOf(hop!)).toMatchObject({ state: 'done' });
    const phase = (await bench.coordinator.findRun('run-1'))!.modules[0]!.phases[0]!;
    expect(phase).toMatchObject({ created: count + 2, open: count });
  });

  it('notifies a failed request again under its host’s limit', async () => {
    const bench = openStageBench([shop()]);
    const request = await bench.beginRequest();
    const { id, runId, moduleId, phase } = await bench.nodeOf(request);
    const wakeUp = {
      kind: 'request',
      node: { id, runId, moduleId, phase },
      stepIdx: 0,
      prefixRequest: '',
      epoch: 1,
      dispatch: 0,
      attempts: 1,
      nodeKind: 'request',
      limitKey: '',
      error: '',
    } as const;
    const run = await bench.runs.load('run-1');
    const rung = messagesOf(await handle(bench.moduleProcessor, { kind: 'request', run, wakeUp }), 'request');
    expect(rung).toMatchObject([{ model: { id, limitKey: HOST, context: { epoch: 1 } } }]);
  });
});

describe('what goes wrong', () => {
  it('is recorded with the hop and sent to be decided', async () => {
    const bench = openStageBench([
      shop(() => {
        throw new Error('no token');
      }),
    ]);
    const [hop] = await bench.begin();
    const error = only(messagesOf(await bench.generate(hop!), 'error'));
    expect(error.model).toMatchObject({
      id: hop!.model.id,
      context: { stayCurrentStep: true, stepIdx: 0, epoch: 0 },
      error: { code: 'request.threw', stage: 'module-processor' },
      attempts: 1,
      metadata: { team: 'blue' },
      isRequest: false,
    });
    expect(await bench.nodeOf(hop!)).toMatchObject({ state: 'failed' });
    expect((await bench.coordinator.findRun('run-1'))!.modules[0]!.phases[0]).toMatchObject({ created: 2 });
  });

  it('takes no effect when the lease was lost meanwhile, known or not', async () => {
    for (const known of [true, false]) {
      const lose = async () => {
        await loseLease(bench);
        if (known) bench.leases.renewDue();
      };
      const bench = openStageBench([shop(lose)]);
      const [hop] = await bench.begin({ input: { count: 600 } });
      const outcome = await bench.generate(hop!);
      expect(outcome.kind).toBe('skip');
      expect(await bench.nodeOf(hop!)).toMatchObject({ state: 'pending', epoch: 1, crashes: 1 });
      const again = await bench.generate({
        ...hop!,
        model: { ...hop!.model, context: { ...hop!.model.context!, epoch: 0 } },
      });
      expect(again).toEqual({ kind: 'skip', reason: 'STALE_STEP' });
      expect((await bench.coordinator.findRun('run-1'))!.modules[0]!.phases[0]).toMatchObject({ created: 2 });
    }
  });

  it.each(['stageChildren', 'commitSuccess', 'commitError'] as const)(
    'decides nothing when %s is not answered, and lets go of the lease',
    async (transition) => {
      const failing = transition === 'commitError';
      const bench = openStageBench([
        shop(() => {
          if (failing) throw new Error('no token');
        }),
      ]);
      const [hop] = await bench.begin({ input: { count: 600 } });
      vi.spyOn(bench.coordinator, transition).mockImplementationOnce(storeDown);
      await expect(bench.generate(hop!)).rejects.toMatchObject({ code: 'store.io_error' });
      expect(await bench.nodeOf(hop!)).toMatchObject({ state: 'processing', error: '' });
      expect(bench.leases.oldestSinceMs()).toBeUndefined();
      expect(await bench.dueAfter(LEASE_MS)).toContainEqual(expect.objectContaining({ kind: 'recover' }));
    },
  );
});
