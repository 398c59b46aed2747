import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ModuleRegistry } from '../../libs/calls/registry.ts';
import type { Message } from '../../libs/contracts/chain.ts';
import { ErrorClass } from '../../libs/contracts/messages.ts';
import { defaultPolicy } from '../../libs/coordination/protocol/policy.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { computeStep, defineModule, fetchStep } from '../../libs/modules/index.ts';
import { Runs } from '../../libs/stage/run/runs.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { messagesOf, only } from '../../test/fixtures/outcomes.ts';
import { type BenchOptions, openStageBench, type StageBench } from '../../test/fixtures/stage-bench.ts';
import { handle, retryDelayMs } from './handle.ts';

/** Hops that always fail, a page whose hop cannot be generated, and a phase behind them. */
const shopOf = (options = {}) =>
  defineModule({
    name: 'shop',
    version: '1.0.0',
    input: z.object({ hops: z.number().default(1), list: z.boolean().default(false) }),
    steps: {
      broken: computeStep(z.object({ n: z.number() }), options),
      list: z.object({}),
      detail: fetchStep(z.object({ sku: z.string() }), options),
      report: computeStep(),
    },
    items: {},
    phases: [['broken', 'list', 'detail'], ['report']],
  }).implement({
    *start({ go, input }) {
      if (input.list) yield go.list({});
      else for (let n = 0; n < input.hops; n++) yield go.broken({ n });
    },
    steps: {
      broken: {
        run() {
          throw new Error('always');
        },
      },
      list: {
        request: () => 'http://shop.test/list',
        *parse({ go }) {
          yield go.detail({ sku: 'a' });
        },
      },
      detail: {
        request: () => {
          throw new Error('its link has expired');
        },
        *parse() {},
      },
      report: { *run() {} },
    },
  });

async function failed(bench: StageBench, input = {}): Promise<Message<'error'>[]> {
  const errors: Message<'error'>[] = [];
  for (const hop of await bench.begin({ input })) errors.push(only(messagesOf(await bench.generate(hop), 'error')));
  return errors;
}

/** The failure of a hop that a page brought forth. */
async function failedDetail(bench: StageBench): Promise<{ request: Message<'request'>; error: Message<'error'> }> {
  const request = await bench.beginRequest({ input: { list: true } });
  const detail = only(messagesOf(await bench.parse(await bench.download(request)), 'parser_task'));
  return { request, error: only(messagesOf(await bench.generate(detail), 'error')) };
}

function changed({ model }: Message<'error'>, error: Partial<NonNullable<typeof model.error>>): Message<'error'> {
  return { kind: 'error', model: { ...model, error: { ...model.error!, ...error } } };
}

function open(options: BenchOptions = {}): StageBench {
  return openStageBench([shopOf()], options);
}

describe('a retryable failure', () => {
  it('is tried again after a while, with jitter, as the next epoch of the same node', async () => {
    const bench = open();
    const error = only(await failed(bench));
    expect(await bench.decide(error)).toMatchObject({ kind: 'next', messages: [] });
    const node = await bench.nodeOf(error);
    expect(node).toMatchObject({ state: 'retry', epoch: 1, dueAtMs: bench.clock.now() + 500 });
    expect((await bench.retry(error)).model).toMatchObject({
      context: { epoch: 1, stayCurrentStep: true },
      metadata: { team: 'blue' },
      error: { code: 'compute.threw' },
    });
  });

  it('is tried three times when that is the policy, then dead, and the run goes on', async () => {
    const bench = open();
    let error = only(await failed(bench));
    for (const attempt of [2, 3]) {
      const retry = await bench.retry(error);
      const again = await bench.generate({
        ...retry,
        kind: 'parser_task',
        model: { ...retry.model, state: Buffer.alloc(0) },
      });
      error = only(messagesOf(again, 'error'));
      expect(error.model.attempts).toBe(attempt);
    }
    const opened = messagesOf(await bench.decide(error), 'parser_task');
    expect(await bench.nodeOf(error)).toMatchObject({ state: 'dead', deathReason: 'failed', attempts: 3 });
    expect(opened).toMatchObject([{ model: { context: { phase: 1, stepIdx: 3 } } }]);
    expect(bench.metrics.total(METRICS.errorTaskRetry)).toBe(2);
  });

  it('P7: follows the policy of its step', async () => {
    const bench = openStageBench([shopOf({ retry: { attempts: 1 } })]);
    const error = only(await failed(bench));
    await bench.decide(error);
    expect(await bench.nodeOf(error)).toMatchObject({ state: 'dead' });
  });

  it('waits at least as long as Retry-After asks', async () => {
    const bench = open();
    const error = only(await failed(bench));
    await bench.decide(changed(error, { retryAfterMs: 120_000 }));
    expect((await bench.nodeOf(error)).dueAtMs).toBe(bench.clock.now() + 120_000);
  });
});

describe('the wait of a retry', () => {
  const policy = { attempts: 9, baseDelayMs: 100, maxDelayMs: 1_000 };

  it.each([
    [1, 100],
    [2, 200],
    [4, 800],
    [5, 1_000],
    [5_000, 1_000],
    [0, 100],
  ])('after attempt %i is spread from 0 up to %i ms', (attempts, ceilingMs) => {
    expect(retryDelayMs(policy, attempts, 0, () => 0)).toBe(0);
    expect(retryDelayMs(policy, attempts, 0, () => 1 - Number.EPSILON)).toBe(ceilingMs);
  });

  it('never falls below Retry-After, and never grows past the larger of that and the maximum', () => {
    const delays = fc.record({
      baseDelayMs: fc.nat(100_000),
      maxDelayMs: fc.nat(100_000),
      attempts: fc.nat(2_000),
      retryAfterMs: fc.nat(1_000_000),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(delays, ({ attempts, retryAfterMs, random, ...waits }) => {
        const delayMs = retryDelayMs({ attempts: 3, ...waits }, attempts, retryAfterMs, () => random);
        expect(delayMs).toBeGreaterThanOrEqual(retryAfterMs);
        expect(delayMs).toBeLessThanOrEqual(Math.max(waits.maxDelayMs, retryAfterMs));
      }),
    );
  });
});

describe('a fatal failure', () => {
  it('ends its node at the first attempt, and nothing else', async () => {
    const bench = open();
    const [first, second] = await failed(bench, { hops: 2 });
    const outcome = await bench.decide(changed(first!, { class: ErrorClass.FATAL }));
    expect(outcome).toMatchObject({ kind: 'next', messages: [] });
    expect(await bench.nodeOf(first!)).toMatchObject({ state: 'dead', deathReason: 'failed', attempts: 1 });
    expect(await bench.nodeOf(second!)).toMatchObject({ state: 'failed' });
  });

  it('is decided once, however often it is told', async () => {
    const bench = open({ moduleThreshold: { errors: 2 } });
    const [error] = await failed(bench, { hops: 2 });
    for (let times = 0; times < 3; times++) {
      expect(await bench.decide(changed(error!, { class: ErrorClass.FATAL }))).toMatchObject({
        kind: 'next',
        messages: [],
      });
    }
    expect((await bench.coordinator.findRun('run-1'))!.modules[0]).toMatchObject({ errors: 1, state: 'open' });
  });
});

describe('a fallback', () => {
  it('parses the prefix request again, once, and then the failure goes the ordinary way', async () => {
    const bench = open();
    const { request, error } = await failedDetail(bench);
    const rung = only(messagesOf(await bench.decide(error), 'request'));
    expect(rung.model).toMatchObject({ id: request.model.id, context: { epoch: 1 } });
    expect(await bench.nodeOf(error)).toMatchObject({ state: 'dead', deathReason: 'superseded' });
    expect(bench.metrics.total(METRICS.fallbackGateHit)).toBe(1);

    const again = only(messagesOf(await bench.parse(await bench.download(rung)), 'parser_task'));
    expect(again.model).toMatchObject({ id: error.model.id, context: { epoch: 1 } });
    const second = only(messagesOf(await bench.generate(again), 'error'));
    expect(await bench.decide(second)).toMatchObject({ kind: 'next', messages: [] });
    expect(await bench.nodeOf(second)).toMatchObject({ state: 'retry', epoch: 2 });
    expect((await bench.coordinator.findRun('run-1'))!.modules[0]).toMatchObject({ errors: 1 });
  });

  it('is left out where the step says so, and for what no request brought forth', async () => {
    const bench = openStageBench([shopOf({ fallback: false })]);
    const { error } = await failedDetail(bench);
    await bench.decide(error);
    expect(await bench.nodeOf(error)).toMatchObject({ state: 'retry' });
    const first = only(await failed(bench));
    expect(first.model.prefixRequest).toBe('');
    await bench.decide(first);
    expect(await bench.nodeOf(first)).toMatchObject({ state: 'retry' });
  });
});

describe('a threshold', () => {
  it('ends the module at the error that reaches it', async () => {
    const bench = open({ moduleThreshold: { errors: 2 } });
    const [first, second, third] = await failed(bench, { hops: 3 });
    expect(await bench.decide(first!)).toMatchObject({ kind: 'next' });
    expect(await bench.decide(second!)).toMatchObject({ kind: 'terminate', scope: 'module', reason: 'threshold' });
    const run = (await bench.coordinator.findRun('run-1'))!;
    expect(run.modules[0]).toMatchObject({ state: 'terminated', reason: expect.stringContaining('2 errors') });
    expect(await bench.decide(third!)).toMatchObject({ kind: 'next', messages: [] });
    expect(bench.metrics.counter(METRICS.errorTaskTerminated).with({ scope: 'module' }).value).toBe(1);
  });

  it.each(['budget.exhausted', 'limits.wait_too_long'])(
    'is not reached by %s: it says nothing of the rest',
    async (code) => {
      const bench = open({ moduleThreshold: { errors: 1 }, taskThreshold: { errors: 1 } });
      const error = changed(only(await failed(bench)), { code });
      expect(await bench.decide(error)).toMatchObject({ kind: 'next', messages: [] });
    },
  );

  it('ends the task when that is what is reached', async () => {
    const bench = open({ taskThreshold: { rate: 0.5, minExecutions: 2 } });
    const [first, second] = await failed(bench, { hops: 2 });
    expect(await bench.decide(first!)).toMatchObject({ kind: 'terminate', scope: 'task' });
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ mark: 'terminated' });
    expect(await bench.decide(second!)).toMatchObject({ kind: 'next', messages: [] });
  });
});

describe('what cannot be asked', () => {
  it('decides nothing: the failure is told again when its decision does not come', async () => {
    const bench = open();
    const error = only(await failed(bench));
    const down = new CatenaError('store.io_error', 'the disk is gone', { class: 'retryable' });
    vi.spyOn(bench.coordinator, 'thresholdDecide').mockRejectedValueOnce(down);
    await expect(bench.decide(error)).rejects.toBe(down);
    expect(await bench.nodeOf(error)).toMatchObject({ state: 'failed', epoch: 0 });
    const due = await bench.dueAfter(defaultPolicy.decisionGraceMs);
    expect(due).toMatchObject([{ kind: 'notify', wakeUp: { kind: 'error', node: { id: error.model.id } } }]);
  });

  it('is no reason to leave a failure undecided when only its module is not served here', async () => {
    const bench = openStageBench([shopOf({ retry: { attempts: 1 } })]);
    const error = only(await failed(bench));
    const deps = { ...bench.errorThreshold, runs: new Runs(bench.store, new ModuleRegistry()) };
    expect(await handle(deps, error)).toMatchObject({ kind: 'next', messages: [] });
    expect(await bench.nodeOf(error)).toMatchObject({ state: 'retry' });
  });
});
