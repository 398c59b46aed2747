/**
 * What authors do wrong ends the node at once, by its own name, and nothing waits for it: no lease, no second worker. What cannot get
 * better is not tried again, and the end of the run says once what is wrong. See the field cases E8, E9 and E11.
 */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Failure } from '../../../libs/errors/failure.ts';
import { defineModule } from '../../../libs/modules/index.ts';
import { startServer } from '../../../services/downloader/http/loopback.fixture.ts';
import { ended, type FlowMode, run, startIn, submit } from '../../fixtures/flow.ts';

type Loose = Readonly<Record<string, (...args: unknown[]) => unknown>>;
type Scope = { readonly put: Loose; readonly retry: Loose['x']; readonly url: string };

const circular: Record<string, unknown> = {};
circular.self = circular;

const throwing = (): never => {
  throw new RangeError('no');
};

function unreadable(): Error {
  return Object.defineProperty(new Error('x'), 'cause', { get: throwing });
}

/** What the first page of three is asked with. */
const REQUESTS: Readonly<Record<string, (url: string) => unknown>> = {
  bigint: (url) => ({ url, json: { id: 1n } }),
  circular: (url) => ({ url, json: circular }),
  function: (url) => ({ url, json: { f: throwing } }),
  date: (url) => ({ url, json: { at: new Date(0) } }),
  getter: (url) => ({
    url,
    get json() {
      return throwing();
    },
  }),
  header: (url) => ({ url, headers: { 'x-id': 'a\r\nb: c' } }),
  form: (url) => ({ url, form: { tags: ['a'] } }),
  bytes: (url) => ({ url, body: new Float64Array(2) }),
  timeout: (url) => ({ url, timeoutMs: Date.now() + 2_000 }),
  method: (url) => ({ url, method: 'PSOT' }),
  relative: () => '/p/1',
  nothing: () => undefined,
  promise: (url) => [Promise.resolve(url)],
  // biome-ignore lint/correctness/useYield: that is the mistake
  returned: function* (url: string) {
    return url;
  },
};

/** What the parse of the first page does. */
const PARSES: Readonly<Record<string, (scope: Scope) => unknown>> = {
  epoch: function* ({ retry }) {
    yield retry!('busy', { afterMs: Date.now() + 2_000 });
  },
  'after a text': function* ({ retry }) {
    yield retry!('busy', { afterMs: '2000' });
  },
  'without end': function* ({ retry }) {
    yield retry!('busy', { afterMs: Number.POSITIVE_INFINITY });
  },
  'after 60 days': function* ({ retry }) {
    yield retry!('busy', { afterMs: 60 * 86_400_000 });
  },
  'misspelt option': function* ({ retry }) {
    yield retry!('busy', { after: 5 });
  },
  'rejected promise': function* () {
    yield Promise.reject(new RangeError('late'));
  },
  'finally that throws': function* () {
    try {
      yield 5;
    } finally {
      throwing();
    }
  },
  'unreadable error': () => {
    throw unreadable();
  },
  null: () => {
    throw null;
  },
  'bigint item': function* ({ put }) {
    yield put.row!({ id: 1n });
  },
  'circular item': function* ({ put }) {
    yield put.row!(circular);
  },
  // biome-ignore lint/correctness/useYield: that is the mistake
  'returned item': async function* ({ put }) {
    return put.row!({ n: 1 });
  },
  // biome-ignore lint/correctness/useYield: that is the mistake
  'item not yielded': async function* ({ put }) {
    put.row!({ n: 1 });
  },
  'async and no generator': async () => [],
  'ten million yields': function* ({ put }) {
    for (let n = 0; n < 1e7; n += 1) yield put.row!({ n: 1 });
  },
};

const faulty = defineModule({
  name: 'faulty',
  version: '1.0.0',
  input: z.object({ origin: z.string(), request: z.string().default(''), parse: z.string().default('') }),
  steps: { page: z.object({ n: z.number() }) },
  items: { row: z.any() },
}).implement({
  *start({ go }) {
    for (let n = 0; n < 3; n += 1) yield go.page({ n });
  },
  steps: {
    page: {
      request: ({ state, input }) => {
        const url = `${input.origin}/${state.n}`;
        const make = state.n === 0 ? REQUESTS[input.request] : undefined;
        return make === undefined ? url : (make(url) as string);
      },
      parse: (scope) => {
        const fault = scope.state.n === 0 ? PARSES[scope.input.parse] : undefined;
        if (fault !== undefined) return fault(scope as unknown as Scope) as never;
        return [scope.put.row({ n: scope.state.n })];
      },
    },
  },
});

/** Twenty pages; which of them fail, and how, is in the input. */
const twenty = defineModule({
  name: 'twenty',
  version: '1.0.0',
  input: z.object({ origin: z.string(), fault: z.string(), pages: z.number().default(20) }),
  steps: { page: z.object({ n: z.number() }) },
  items: { row: z.object({ title: z.string().min(3) }) },
}).implement({
  *start({ go, input }) {
    for (let n = 0; n < input.pages; n += 1) yield go.page({ n });
  },
  steps: {
    page: {
      request: ({ state, input }) => `${input.origin}/${state.n}`,
      *parse({ page, put, state, input }) {
        if (input.fault === 'throw') throw new TypeError(`no price on page ${state.n}`);
        if (input.fault === 'schema') yield put.row({ title: 'x' });
        if (input.fault === 'json') yield put.row(page.json as { title: string });
        if (input.fault === 'mended' && page.text === 'first') throw new TypeError('a half page');
        yield put.row({ title: `page ${state.n}` });
      },
    },
  },
});

const NEVER_TRIPS = { 'thresholds.module_errors': 10_000, 'thresholds.task_errors': 10_000 } as const;

async function site(bodyOf: (path: string, hits: number) => string = () => '<p>page</p>') {
  const hits = new Map<string, number>();
  const { origin } = await startServer(({ url = '' }, response) => {
    const count = (hits.get(url) ?? 0) + 1;
    hits.set(url, count);
    response.end(bodyOf(url, count));
  });
  return { origin, hits };
}

const failureOf = (letters: readonly { readonly error: string }[]) => JSON.parse(letters[0]!.error) as Failure;

export function describeAuthorFaults(mode: FlowMode): void {
  describe('a mistake of an author ends its node at once, by name, and no other (E8, E9)', () => {
    it.each(Object.keys(REQUESTS))('a request with %s', async (request) => {
      const { origin, hits } = await site();
      const node = await startIn(mode, [faulty]);
      const { end, items, deadLetters } = await run(node, faulty, { origin, request });
      expect(end).toMatchObject({ finishReason: 'completed', dead: 1 });
      expect(items).toEqual([{ n: 1 }, { n: 2 }]);
      expect(failureOf(deadLetters)).toMatchObject({ code: expect.stringMatching(/^module\.wrong_/), class: 'fatal' });
      expect(deadLetters).toMatchObject([{ kind: 'hop', reason: 'failed', attempts: 1, crashes: 0 }]);
      expect(hits.has('/0')).toBe(false);
    });

    it.each(Object.keys(PARSES))('a parse with %s', async (parse) => {
      const { origin, hits } = await site();
      const node = await startIn(mode, [faulty], { max_yields_per_parse: 500 });
      const { end, items, deadLetters } = await run(node, faulty, { origin, parse });
      expect(end).toMatchObject({ finishReason: 'completed', dead: 1 });
      expect(items).toEqual([{ n: 1 }, { n: 2 }]);
      const failure = failureOf(deadLetters);
      expect(failure.code).toMatch(/^(?:module\.(?:wrong_|not_yielded)|parse\.(?:threw|too_many_yields))/);
      expect(deadLetters).toMatchObject([{ kind: 'request', reason: 'failed', crashes: 0 }]);
      // What another page may mend is downloaded once more, and nothing else.
      expect(hits.get('/0')).toBe(failure.code === 'parse.threw' ? 2 : 1);
    });
  });

  describe('what cannot get better is not tried again (E11)', () => {
    it.each([
      ['throw', 'parse.threw'],
      ['schema', 'module.wrong_item'],
      ['json', 'parse.not_json'],
    ])(
      'twenty pages that fail by %s are downloaded twice at most, however many attempts are allowed',
      async (fault, code) => {
        const { origin, hits } = await site();
        const node = await startIn(mode, [twenty], { ...NEVER_TRIPS, 'retry.attempts': 6 });
        const { end, deadLetters } = await run(node, twenty, { origin, fault });
        expect(end).toMatchObject({ finishReason: 'completed', dead: 20, failures: [{ code, count: 20 }] });
        expect([...hits.values()]).toEqual(Array(20).fill(2));
        expect(new Set(deadLetters.map(({ attempts }) => attempts))).toEqual(new Set([2]));
      },
    );

    it('other bytes that fail in the code too are not downloaded a third time either', async () => {
      const { origin, hits } = await site((path, count) => `<p>${path} ${count}</p>`);
      const node = await startIn(mode, [twenty], { ...NEVER_TRIPS, 'retry.attempts': 6 });
      await run(node, twenty, { origin, fault: 'throw', pages: 3 });
      expect([...hits.values()]).toEqual([2, 2, 2]);
    });

    it('a page that was only half there is mended by its second download', async () => {
      const { origin } = await site((_path, count) => (count === 1 ? 'first' : 'whole'));
      const node = await startIn(mode, [twenty], NEVER_TRIPS);
      const { end, items } = await run(node, twenty, { origin, fault: 'mended', pages: 3 });
      expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
      expect(end.failures).toBeUndefined();
      expect(items).toHaveLength(3);
    });

    it('a page that is no JSON is asked for again while its bytes change, and then no more', async () => {
      const { origin, hits } = await site((_path, count) => `<p>${Math.min(count, 3)}</p>`);
      const node = await startIn(mode, [twenty], { ...NEVER_TRIPS, 'retry.attempts': 6 });
      await run(node, twenty, { origin, fault: 'json', pages: 1 });
      expect(hits.get('/0')).toBe(4);
    });

    it('a threshold that ends the run hides nothing: its detail and its failures name the line, once', async () => {
      const { origin } = await site();
      const node = await startIn(mode, [twenty]);
      const { end } = await run(node, twenty, { origin, fault: 'throw', pages: 40 });
      expect(end.finishReason).toBe('terminated');
      expect(end.detail).toMatch(/^threshold: \d+ errors in \d+ executions; \d+ × parse\.threw: .*no price on page/);
      const line = expect.stringMatching(/author-faults\.ts:\d+:\d+$/);
      const url = expect.stringContaining(origin);
      expect(end.failures).toEqual([expect.objectContaining({ code: 'parse.threw', stepIdx: 0, at: line, url })]);
    });

    it('after a replay a page has its two tries again', async () => {
      const { origin, hits } = await site();
      const node = await startIn(mode, [twenty], { ...NEVER_TRIPS, dispatch_grace_ms: 100 });
      const runId = await submit(node, twenty, { origin, fault: 'throw', pages: 1 });
      const { deadLetters } = await ended(node, runId);
      const { nodeId: id, moduleId, phase } = deadLetters[0]!;
      await node.store.markOpen(runId);
      await node.coordinator.replay({ node: { id, runId, moduleId, phase }, rejoin: false });
      await node.closed(runId);
      expect(hits.get('/0')).toBe(4);
    });
  });
}
