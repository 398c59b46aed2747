import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Message } from '../../libs/contracts/chain.ts';
import { messageFault, successionFault } from '../../libs/contracts/validate.ts';
import { invariantBroken } from '../../libs/coordination/protocol/assertions.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { defineModule } from '../../libs/modules/index.ts';
import { Runs } from '../../libs/stage/run/runs.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import type { FakePage } from '../../test/fixtures/fake-ports.ts';
import { messagesOf, only, stricter } from '../../test/fixtures/outcomes.ts';
import { type BenchOptions, LEASE_MS, openStageBench, type StageBench } from '../../test/fixtures/stage-bench.ts';
import { handle as download } from '../downloader/handle.ts';
import type { RecordedParse } from './deps.ts';
import { handle, handleLocal } from './handle.ts';

/** Each line of a list page is a command; `during` happens before the last of them. */
const shopOf = (during: () => Promise<void> | void = () => undefined) =>
  defineModule({
    name: 'shop',
    version: '1.0.0',
    input: z.object({}),
    steps: { list: z.object({}), detail: z.object({ sku: z.string() }) },
    items: { product: z.object({ sku: z.string() }) },
  }).implement({
    *start({ go }) {
      yield go.list({});
    },
    steps: {
      list: {
        request: () => 'http://shop.test/list',
        async *parse({ text, go, put, drop, retry }) {
          for (const line of text.split('\n')) {
            const [verb, argument = ''] = line.split(' ');
            if (verb === 'item') yield put.product({ sku: argument });
            if (verb === 'hops') for (let n = 0; n < Number(argument); n++) yield go.detail({ sku: `${n}` });
            if (verb === 'drop') yield drop('no sku');
            if (verb === 'retry') yield retry('still loading', { afterMs: Number(argument) });
            if (verb === 'throw') throw new TypeError('no price');
          }
          await during();
        },
      },
      detail: { request: ({ state }) => `http://shop.test/${state.sku}`, *parse() {} },
    },
  });

const shop = shopOf();

/** Pages that fail in every way: by the code, a schema, what they are, or what the step asks for. */
const picky = defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({}),
  steps: { list: z.object({}) },
  items: { product: z.object({ sku: z.string().regex(/^[a-z]$/) }) },
}).implement({
  *start({ go }) {
    yield go.list({});
  },
  steps: {
    list: {
      request: () => 'http://shop.test/list',
      expect: { check: (page) => (page.text.startsWith('one moment') ? 'it is a waiting room' : undefined) },
      *parse({ page, put, retry }) {
        const [verb, argument = ''] = page.text.split('\n').at(-1)!.split(' ');
        if (verb === 'item') yield put.product({ sku: argument });
        if (verb === 'retry') yield retry('still loading');
        if (verb === 'json') yield put.product(page.json as { sku: string });
        if (verb === 'throw') throw new TypeError('no price');
      },
    },
  },
});

async function fetched(page: FakePage, options: BenchOptions = {}, module = shop) {
  const bench = openStageBench([module], options);
  bench.http.answer = () => page;
  const response = await bench.download(await bench.beginRequest());
  return { bench, response };
}

async function failure(page: FakePage, options: BenchOptions = {}, module = shop) {
  const { bench, response } = await fetched(page, options, module);
  return { bench, response, error: only(messagesOf(await bench.parse(response), 'error')) };
}

async function loseLease(bench: StageBench): Promise<void> {
  for (const entry of await bench.dueAfter(LEASE_MS + 1)) {
    if (entry.kind === 'recover') await bench.coordinator.recoverZombie({ node: entry.node, crashBudget: 9 });
  }
}

const created = async (bench: StageBench) => (await bench.coordinator.findRun('run-1'))!.modules[0]!.phases[0]!.created;

describe('a response', () => {
  it('becomes items and next hops, which name the request that they come from', async () => {
    const { bench, response } = await fetched({ body: 'item a\nhops 2\nitem b\ndrop' });
    const hops = messagesOf(await bench.parse(response), 'parser_task');
    expect(hops.map(({ model }) => [model.prefixRequest, model.context!.stepIdx])).toEqual([
      [response.model.requestId, 1],
      [response.model.requestId, 1],
    ]);
    expect(hops.every((hop) => messageFault(hop) === undefined)).toBe(true);
    expect(await bench.items()).toEqual([{ sku: 'a' }, { sku: 'b' }]);
    expect(await bench.nodeOf(response)).toMatchObject({ state: 'done', attempts: 1 });
    const counts = [METRICS.parserSuccess, METRICS.itemsCommitted, METRICS.recordsDropped];
    expect(counts.map((metric) => bench.metrics.total(metric))).toEqual([1, 2, 1]);
  });

  it('is parsed once, however often it comes', async () => {
    const { bench, response } = await fetched({ body: 'item a\nhops 1' });
    await bench.parse(response);
    expect(await bench.parse(response)).toEqual({ kind: 'skip', reason: 'DUPLICATE_DONE' });
    expect(await bench.items()).toHaveLength(1);
  });

  it('under the lease of its download needs no claim of its own', async () => {
    const bench = openStageBench([shop]);
    bench.http.answer = () => ({ body: 'item a' });
    bench.localParser.free = 1;
    const request = await bench.beginRequest();
    const claim = vi.spyOn(bench.coordinator, 'claim');
    const outcome = await download(bench.downloader, request, { release: () => undefined });
    if (outcome.kind === 'next') outcome.handOver?.start();
    const work = only(bench.localParser.started);
    expect(await handleLocal(bench.parser, work)).toMatchObject({ kind: 'next' });
    expect(claim).toHaveBeenCalledTimes(1);
    expect(await bench.nodeOf(request)).toMatchObject({ state: 'done', committedToken: work.lease.node.token });
    expect(bench.leases.oldestSinceMs()).toBeUndefined();
  });

  it('whose body is kept elsewhere is parsed like any other; one whose body is gone is downloaded again', async () => {
    const { bench, response } = await fetched({ body: 'item large' }, { blobThresholdBytes: 3 });
    expect(response.model.content).toMatchObject({ $case: 'blob' });
    await bench.parse(response);
    expect(await bench.items()).toEqual([{ sku: 'large' }]);

    const gone = await fetched({ body: 'item large' }, { blobThresholdBytes: 3 });
    await gone.bench.blobs.deleteRun('run-1');
    const error = only(messagesOf(await gone.bench.parse(gone.response), 'error'));
    expect(error.model.error).toMatchObject({ code: 'parse.body_missing', class: 1 });
  });

  it('has repeated headers joined, for its reader and its record', async () => {
    const headers = [
      ['x-a', '1'],
      ['x-b', '2'],
      ['x-a', '3'],
    ] as const;
    const { bench, response } = await fetched({ body: 'item a\nhops 1', headers });
    const records: RecordedParse[] = [];
    const recorder = { record: async (parse: RecordedParse) => void records.push(parse) };
    await handle({ ...bench.parser, recorder }, response);
    expect(records).toMatchObject([
      {
        moduleId: 'shop@1.0.0',
        nodeId: response.model.requestId,
        stepIdx: 0,
        state: {},
        page: { url: 'http://shop.test/list', status: 200, headers: { 'x-a': '1, 3', 'x-b': '2' } },
        yielded: { items: [{ type: 'product' }], children: [{ stepIdx: 1 }] },
      },
    ]);
  });

  it.each([499, 501, 1_203])('may yield %i hops, those beyond a commit by way of the stage', async (count) => {
    const { bench, response } = await fetched({ body: `hops ${count}` });
    const outcome = await bench.parse(response);
    if (outcome.kind === 'next') outcome.handOver?.start();
    const staged = count > 500;
    expect(bench.pumps).toHaveLength(staged ? 1 : 0);
    expect(await bench.nodeOf(response)).toMatchObject({ state: staged ? 'releasing' : 'done' });
    const node = bench.pumps[0];
    while (node !== undefined && (await bench.coordinator.childrenPump({ node, wakeUps: 0 })).more);
    expect(await bench.nodeOf(response)).toMatchObject({ state: 'done' });
    expect(await created(bench)).toBe(3 + count);
  });
});

describe('a response out of turn', () => {
  it('is given back while somebody else holds its node', async () => {
    const { bench, response } = await fetched({ body: 'item a' });
    const { requestId: id, runId, context } = response.model;
    const node = { id, runId, moduleId: context!.moduleId, phase: context!.phase };
    await bench.coordinator.claim({ node, epoch: 0, owner: 'another', stage: 'parser', leaseMs: LEASE_MS });
    expect(await bench.parse(response)).toEqual({ kind: 'retry', delayMs: LEASE_MS, reason: 'LOCKED_BY_OTHER' });
    expect(await bench.items()).toEqual([]);
  });

  it('is kept until its node comes into being, and is handed out by the commit that does that', async () => {
    const { response } = await fetched({ body: 'item early' });
    const bench = openStageBench([shop]);
    const [hop] = await bench.begin();
    for (let times = 0; times < 2; times++) {
      expect(await bench.parse(response)).toEqual({ kind: 'skip', reason: 'OUT_OF_ORDER' });
    }
    const outcome = await bench.generate(hop!);
    const released = only(messagesOf(outcome, 'response'));
    expect(released).toEqual(response);
    expect(messagesOf(outcome, 'request')).toHaveLength(1);
    expect(await bench.parse(released)).toMatchObject({ kind: 'next' });
    expect(await bench.items()).toEqual([{ sku: 'early' }]);
  });

  it('is skipped when it is of an older epoch, or of a run that has ended', async () => {
    const { bench, response } = await fetched({ body: 'throw' });
    const error = only(messagesOf(await bench.parse(response), 'error'));
    await bench.retry(error);
    expect(await bench.parse(response)).toEqual({ kind: 'skip', reason: 'STALE_STEP' });
    await bench.coordinator.runControl({ runId: 'run-1', action: 'cancel' });
    expect(await bench.parse(response)).toEqual({ kind: 'skip', reason: 'TERMINATED' });
  });
});

describe('a failed download', () => {
  it('becomes an ErrorTaskModel that stays at its step, with prefix request and metadata kept', async () => {
    const bench = openStageBench([shop]);
    bench.http.answer = ({ url }) => {
      if (url.endsWith('list')) return { body: 'hops 1' };
      throw new CatenaError('download.timeout', 'too slow', {
        class: 'retryable',
        retryAfterMs: 4_000,
        data: { afterMs: 100 },
        cause: new Error('ECONNRESET'),
      });
    };
    const list = await bench.download(await bench.beginRequest());
    const detail = only(messagesOf(await bench.parse(list), 'parser_task'));
    const response = await bench.download(only(messagesOf(await bench.generate(detail), 'request')));
    const error = only(messagesOf(await bench.parse(response), 'error'));
    expect(error.model).toMatchObject({
      id: response.model.requestId,
      task: { runId: 'run-1', account: 'acme', platform: 'web' },
      context: { moduleId: 'shop@1.0.0', stepIdx: 1, epoch: 0, stayCurrentStep: true },
      prefixRequest: list.model.requestId,
      metadata: { team: 'blue' },
      isRequest: true,
      attempts: 1,
      error: { code: 'download.timeout', class: 1, message: 'too slow', stage: 'downloader', retryAfterMs: 4_000 },
    });
    expect(JSON.parse(Buffer.from(error.model.error!.data).toString())).toEqual({ afterMs: 100 });
    expect([messageFault(error), successionFault(response, error)]).toEqual([undefined, undefined]);
    expect(await bench.nodeOf(error)).toMatchObject({ state: 'failed' });
  });
});

describe('a page that cannot be parsed', () => {
  it.each([
    ['item a\nthrow', {}, 'parse.threw', 1],
    ['item a\nretry 700', {}, 'parse.retry', 1],
    ['item a\nitem b\nitem c\nitem d', { maxYieldsPerParse: 3 }, 'parse.too_many_yields', 2],
    ['hops 600\nthrow', {}, 'parse.threw', 1],
  ])('(%j) leaves nothing but its failure', async (body, options, code, errorClass) => {
    const { bench, response, error } = await failure({ body }, options);
    expect(error.model.error).toMatchObject({ code, class: errorClass, stage: 'parser' });
    expect(await bench.items()).toEqual([]);
    expect(await created(bench)).toBe(3);
    expect(await bench.nodeOf(response)).toMatchObject({ state: 'failed', committedToken: '' });
    expect(bench.metrics.total(METRICS.parserFailed)).toBe(1);
  });

  it('asks for its time when the parser does', async () => {
    const { error } = await failure({ body: 'retry 700' });
    expect(error.model.error).toMatchObject({ message: 'still loading', retryAfterMs: 700 });
  });

  it.each([
    [404, 2, 0],
    [500, 1, 7_000],
    [429, 1, 7_000],
  ])('because it answered %i is of the class of its status', async (status, errorClass, retryAfterMs) => {
    const { error } = await failure({ status, headers: [['retry-after', '7']] });
    expect(error.model.error).toMatchObject({ code: 'download.status', class: errorClass, retryAfterMs });
  });

  /** Downloads the page again after its failure, and parses it; undefined when the node has no further attempt. */
  async function again(bench: StageBench, error: Message<'error'>, page: FakePage | Error) {
    await bench.decide(error);
    const state = (await bench.nodeOf(error))!.state;
    if (state !== 'retry') return undefined;
    const retry = await bench.retry(error);
    bench.http.answer = () => {
      if (page instanceof Error) throw page;
      return page;
    };
    const { kind: _kind, model } = retry;
    const request = { kind: 'request', model: { ...model, runId: 'run-1' } } as unknown as Message<'request'>;
    return only(messagesOf(await bench.parse(await bench.download(request)), 'error'));
  }

  const timeout = new CatenaError('download.timeout', 'too slow', { class: 'retryable' });

  it.each<[string, string, string]>([
    ['throw', 'throw', 'two downloads gave the same bytes'],
    ['throw', 'item a\nthrow', 'two downloads failed'],
    ['item 7', 'item 8', 'two downloads failed'],
    ['json', 'json', 'two downloads gave the same bytes'],
  ])('(%j, then %j) is downloaded again once', async (first, second, why) => {
    const { bench, error } = await failure({ body: first }, { attempts: 5 }, picky);
    expect(error.model.error).toMatchObject({ class: 1 });
    const last = (await again(bench, error, { body: second }))!;
    expect(last.model.error).toMatchObject({ code: error.model.error!.code, class: 2 });
    expect(JSON.parse(Buffer.from(last.model.error!.data).toString())).toMatchObject({ pages: why });
    await bench.decide(last);
    expect(await bench.nodeOf(last)).toMatchObject({ state: 'dead', deathReason: 'failed', attempts: 2 });
  });

  it('because it cannot be read follows the policy for as long as its bytes change', async () => {
    const { bench, error } = await failure({ body: 'json 1' }, { attempts: 4 }, picky);
    const second = (await again(bench, error, { body: 'json 2' }))!;
    const third = (await again(bench, second, { body: 'json 3' }))!;
    expect([second, third].map(({ model }) => model.error!.class)).toEqual([1, 1]);
    const fourth = (await again(bench, third, { body: 'json 3' }))!;
    expect(fourth.model.error).toMatchObject({ code: 'parse.not_json', class: 2 });
  });

  it('because it asks for a retry, or is not the expected one, follows the policy, with the same bytes too', async () => {
    for (const body of ['retry 1', 'one moment']) {
      const { bench, error } = await failure({ body }, { attempts: 3 }, picky);
      const second = (await again(bench, error, { body }))!;
      expect(second.model.error).toMatchObject({ class: 1 });
      expect(await again(bench, second, { body })).toBeDefined();
    }
  });

  it('is remembered over a download that failed in between', async () => {
    const { bench, error } = await failure({ body: 'throw' }, { attempts: 9 }, picky);
    const lost = (await again(bench, error, timeout))!;
    expect(lost.model.error).toMatchObject({ code: 'download.timeout', class: 1 });
    const last = (await again(bench, lost, { body: 'throw' }))!;
    expect(last.model.error).toMatchObject({ code: 'parse.threw', class: 2 });
  });

  it('has fresh tries after a replay', async () => {
    const { bench, error } = await failure({ body: 'throw' }, { attempts: 5 }, picky);
    const last = (await again(bench, error, { body: 'throw' }))!;
    await bench.decide(last);
    const { id, moduleId, phase } = await bench.nodeOf(last);
    const { wakeUps } = await bench.coordinator.replay({
      node: { id, runId: 'run-1', moduleId, phase },
      rejoin: false,
    });
    const context = { ...last.model.context!, epoch: only(wakeUps).epoch };
    const request = {
      kind: 'request',
      model: { ...last.model, runId: 'run-1', context },
    } as unknown as Message<'request'>;
    const first = only(messagesOf(await bench.parse(await bench.download(request)), 'error'));
    expect(first.model.error).toMatchObject({ code: 'parse.threw', class: 1 });
  });

  it('is parsed anew when it is downloaded again', async () => {
    const { bench, response, error } = await failure({ body: 'item a\nthrow' });
    const retry = await bench.retry(error);
    bench.http.answer = () => ({ body: 'item whole' });
    const { kind: _kind, model } = retry;
    const request = { kind: 'request', model: { ...model, runId: 'run-1' } } as unknown as Message<'request'>;
    await bench.parse(await bench.download(request));
    expect(await bench.items()).toEqual([{ sku: 'whole' }]);
    expect(await bench.nodeOf(response)).toMatchObject({ state: 'done', epoch: 1 });
  });
});

describe('when a backend fails', () => {
  it.each(['hops 1', 'hops 600'])('by a lost lease (%s), nothing takes effect', async (commands) => {
    for (const known of [true, false]) {
      const lose = async () => {
        await loseLease(bench);
        if (known) bench.leases.renewDue();
      };
      const { bench, response } = await fetched({ body: `item a\n${commands}` }, {}, shopOf(lose));
      expect((await bench.parse(response)).kind).toBe('skip');
      expect(await bench.items()).toEqual([]);
      expect(await created(bench)).toBe(3);
      expect(await bench.nodeOf(response)).toMatchObject({ state: 'pending', epoch: 1, crashes: 1 });
    }
  });

  it.each([
    ['commitWith', 'item a'],
    ['stageChildren', 'hops 600'],
    ['commitError', 'throw'],
  ] as const)('P4: by a %s without answer, nothing is decided and the lease is let go', async (transition, body) => {
    const { bench, response } = await fetched({ body });
    const down = new CatenaError('store.disk_full', 'no space left', { class: 'retryable' });
    vi.spyOn(bench.coordinator, transition).mockRejectedValueOnce(down);
    await expect(bench.parse(response)).rejects.toBe(down);
    expect(await bench.nodeOf(response)).toMatchObject({ state: 'processing', error: '' });
    expect(bench.leases.oldestSinceMs()).toBeUndefined();
  });

  it('by state that does not fit together, its node fails and says so, and its run goes on', async () => {
    const { bench, response } = await fetched({ body: 'item a' });
    const { requestId: id, runId } = response.model;
    const broken = invariantBroken('I4', { id, runId, moduleId: 'shop', phase: 0 }, 'a child is missing');
    vi.spyOn(bench.coordinator, 'commitWith').mockRejectedValueOnce(broken);
    const error = only(messagesOf(await bench.parse(response), 'error'));
    expect(error.model.error).toMatchObject({ code: 'coordinator.invariant_broken', class: 2 });
    await bench.decide(error);
    expect(await bench.nodeOf(response)).toMatchObject({ state: 'dead', deathReason: 'failed' });
    expect(await bench.coordinator.findRun(runId)).toMatchObject({ mark: '' });
  });

  it('by a module that does not take its input any more, the node fails and says so', async () => {
    const { bench, response } = await fetched({ body: 'item a' });
    const deps = {
      ...bench.parser,
      execution: { ...bench.execution, runs: new Runs(bench.store, stricter(bench.registry.resolve('shop'))) },
    };
    const error = only(messagesOf(await handle(deps, response), 'error'));
    expect(error.model).toMatchObject({ id: response.model.requestId, error: { code: 'module.wrong_input' } });
  });
});
