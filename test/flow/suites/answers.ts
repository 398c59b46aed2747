/** What requests are answered without being sent, in either mode. */
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type CachePolicy, defineModule, fetchStep } from '../../../libs/modules/index.ts';
import { startServer } from '../../../services/downloader/http/loopback.fixture.ts';
import { type FlowMode, run, startIn } from '../../fixtures/flow.ts';

const SHARED: CachePolicy = { scope: 'shared', ttlMs: 300_000 };

/** Asks one thing so many times, one after the other, with a pause between two. */
const asking = (
  cache: CachePolicy | undefined,
  ofRequest: { cache?: CachePolicy | false } = {},
  pauseMs: number | undefined = undefined,
) =>
  defineModule({
    name: 'asking',
    version: '1.0.0',
    input: z.object({
      origin: z.string(),
      times: z.number().default(1),
      authorization: z.string().optional(),
      json: z.unknown().optional(),
    }),
    steps: { ask: fetchStep(z.object({ n: z.number() }), { retry: { attempts: 1 }, ...(cache && { cache }) }) },
    items: { answer: z.object({ text: z.string(), fromCache: z.boolean(), cookie: z.string().optional() }) },
  }).implement({
    *start({ go }) {
      yield go.ask({ n: 1 });
    },
    steps: {
      ask: {
        request: ({ input: { origin, authorization, json } }) => ({
          url: `${origin}/ask`,
          limitKey: 'asked',
          ...(authorization === undefined ? {} : { headers: { authorization } }),
          ...(json === undefined ? {} : { json }),
          ...ofRequest,
        }),
        async *parse({ go, put, input, state, text, page }) {
          yield put.answer({ text, fromCache: page.fromCache, cookie: page.headers['set-cookie'] });
          if (pauseMs !== undefined) await setTimeout(pauseMs);
          if (state.n < input.times) yield go.ask({ n: state.n + 1 });
        },
      },
    },
  });

/** Looks at a page, with a login or without. */
const loggingIn = defineModule({
  name: 'logging-in',
  version: '1.0.0',
  input: z.object({ origin: z.string(), login: z.boolean() }),
  steps: { login: z.object({}), page: fetchStep(z.object({}), { cache: SHARED }) },
  items: { page: z.object({ text: z.string() }) },
}).implement({
  *start({ go, input }) {
    yield input.login ? go.login() : go.page();
  },
  steps: {
    login: {
      request: ({ input }) => `${input.origin}/login`,
      *parse({ go }) {
        yield go.page();
      },
    },
    page: {
      request: ({ input }) => `${input.origin}/page`,
      *parse({ put, text }) {
        yield put.page({ text });
      },
    },
  },
});

type Asking = ReturnType<typeof asking>;

/** A server that counts its answers, and runs that ask it. */
async function scene(mode: FlowMode, module: Asking, status = 200) {
  let count = 0;
  const { origin, seen } = await startServer((_request, response) => {
    count += 1;
    response.writeHead(status, { 'set-cookie': `session=${count}` }).end(`answer ${count}`);
  });
  const node = await startIn(mode, [module]);
  const ask = async (input: object = {}, account = 'acme') => {
    const { items } = await run(node, module, { origin, ...input }, { account });
    return items as { text: string; fromCache: boolean; cookie?: string }[];
  };
  return { node, seen, ask };
}

export function describeAnswersOfRuns(mode: FlowMode): void {
  describe('an equal request (B32)', () => {
    it('of a later run is answered without being sent, and the page says so', async () => {
      const { seen, ask } = await scene(mode, asking(SHARED));
      expect(await ask()).toEqual([{ text: 'answer 1', fromCache: false, cookie: 'session=1' }]);
      expect(await ask({ times: 3 })).toEqual(Array(3).fill({ text: 'answer 1', fromCache: true }));
      expect(seen).toHaveLength(1);
    });

    it('is sent when anything that is sent differs', async () => {
      const { seen, ask } = await scene(mode, asking(SHARED));
      for (const more of [{}, { json: 1 }, { json: 2 }, { authorization: 'a' }, { authorization: 'b' }])
        await ask(more);
      expect(seen).toHaveLength(5);
    });

    it('that names a secret is never given what another account was answered', async () => {
      const { node, seen, ask } = await scene(mode, asking(SHARED));
      for (const account of ['one', 'two']) {
        await node.store.putAccount({ account, platform: 'web', login: { KEY: `key of ${account}` }, updatedAtMs: 1 });
      }
      const authorization = 'Bearer {{secret:KEY}}';
      const texts = [];
      for (const account of ['one', 'two', 'one', 'two']) texts.push(...(await ask({ authorization }, account)));
      expect(texts.map(({ text }) => text)).toEqual(['answer 1', 'answer 2', 'answer 1', 'answer 2']);
      expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer key of one', 'Bearer key of two']);
    });

    it('of a session that holds cookies is neither given to another run nor taken from one', async () => {
      const { origin, seen } = await startServer((request, response) => {
        const { url, headers } = request;
        if (url === '/login') return response.writeHead(200, { 'set-cookie': 'user=me; Path=/' }).end('welcome');
        return response.end(`page of ${headers.cookie ?? 'nobody'}`);
      });
      const node = await startIn(mode, [loggingIn]);
      const pages = async (login: boolean) => (await run(node, loggingIn, { origin, login })).items;
      expect(await pages(true)).toEqual([{ text: 'page of user=me' }]);
      expect(await pages(false)).toEqual([{ text: 'page of nobody' }]);
      expect(await pages(true)).toEqual([{ text: 'page of user=me' }]);
      expect(await pages(false)).toEqual([{ text: 'page of nobody' }]);
      expect(seen.filter(({ url }) => url === '/page')).toHaveLength(3);
    });

    it('without a secret may have been asked by any account', async () => {
      const { seen, ask } = await scene(mode, asking(SHARED));
      await ask({}, 'one');
      await ask({}, 'two');
      expect(seen).toHaveLength(1);
    });

    it.each<[string, Asking, number]>([
      ['was answered with a failure', asking(SHARED), 500],
      ['was answered too long ago', asking({ scope: 'shared', ttlMs: 1 }), 200],
      ['wants no kept answer', asking(SHARED, { cache: false }), 200],
    ])('is sent when it %s', async (_why, module, status) => {
      const { seen, ask } = await scene(mode, module, status);
      await ask();
      await ask();
      expect(seen).toHaveLength(2);
    });

    it('within a run keeps the answer that the run was given, however old', async () => {
      const { seen, ask } = await scene(mode, asking({ scope: 'shared', ttlMs: 1 }));
      await ask({ times: 3 });
      expect(seen).toHaveLength(1);
    });

    it('of one run alone is answered for the run’s own requests', async () => {
      const { seen, ask } = await scene(mode, asking({ scope: 'run', ttlMs: 300_000 }));
      await ask({ times: 2 });
      await ask({ times: 2 });
      expect(seen).toHaveLength(2);
    });

    it('of one run alone is sent when its answer is too old', async () => {
      const { seen, ask } = await scene(mode, asking({ scope: 'run', ttlMs: 1 }, {}, 10));
      await ask({ times: 2 });
      expect(seen).toHaveLength(2);
    });

    it('waits for no limit when it is answered', async () => {
      const module = asking(SHARED);
      const { origin, seen } = await startServer((_request, response) => response.end('yes'));
      // One start in ten seconds: whoever waits for a limit does not end in time.
      const node = await startIn(mode, [module], { 'limits.requests_per_second': 0.1 });
      const startedMs = performance.now();
      const { items } = await run(node, module, { origin, times: 4 });
      expect(items).toHaveLength(4);
      expect(seen).toHaveLength(1);
      expect(performance.now() - startedMs).toBeLessThan(9_000);
    });
  });
}
