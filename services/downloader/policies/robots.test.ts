import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { defineModule, fetchStep } from '../../../libs/modules/index.ts';
import { openStageBench } from '../../../test/fixtures/stage-bench.ts';
import type { DownloaderDeps } from '../deps.ts';
import { answerOf, hopContext, replyOf, requestContext } from './policy.fixture.ts';
import { robots, robotsOfRedirect } from './robots.ts';
import type { RobotsAnswer } from './robots-rules.ts';

const HOST = 'shop.test';

const shop = defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({}),
  steps: { list: fetchStep(z.object({})) },
  items: {},
}).implement({
  *start({ go }) {
    yield go.list({});
  },
  steps: { list: { request: () => `http://${HOST}/list`, *parse() {} } },
});

describe('robots.txt', () => {
  const rules = 'User-agent: *\nDisallow: /list\n';
  const withRules = (body: string) => {
    const bench = openStageBench([shop], { obeyRobots: true });
    bench.http.answer = ({ url }) => ({ body: url.endsWith('robots.txt') ? body : 'page' });
    return bench;
  };

  it('that disallows a page is a named, fatal failure, and the page is not asked for', async () => {
    const bench = withRules(rules);
    const { model } = await bench.download(await bench.beginRequest());
    expect(model.error).toMatchObject({ code: 'robots.disallowed', class: 2, stage: 'downloader' });
    expect(bench.http.asked.map(({ url }) => url)).toEqual([`http://${HOST}/robots.txt`]);
  });

  it('is not asked for when it is not to be obeyed', async () => {
    const bench = openStageBench([shop]);
    await bench.download(await bench.beginRequest());
    expect(bench.http.asked).toHaveLength(1);
  });

  it('sets the pace of its host by its Crawl-delay', async () => {
    const bench = withRules('User-agent: *\nCrawl-delay: 3\n');
    const pace = vi.spyOn(bench.limiter, 'setMinInterval');
    await bench.download(await bench.beginRequest());
    expect(pace).toHaveBeenCalledWith(HOST, 3_000);
  });
});

function open(check: (url: URL, signal: AbortSignal) => RobotsAnswer | Promise<RobotsAnswer>) {
  const asked: string[] = [];
  const setMinInterval = vi.fn();
  const rules = {
    check: async (url: URL, signal: AbortSignal) => {
      asked.push(url.href);
      return check(url, signal);
    },
  } as DownloaderDeps['robots'];
  const sending = requestContext({
    deps: { robots: rules, limiter: { setMinInterval } as unknown as DownloaderDeps['limiter'] },
  });
  return { asked, setMinInterval, sending };
}

const sent = vi.fn(async () => answerOf());

describe('the rules of a redirect', () => {
  it('are those of the host that it leads to, and pace that host', async () => {
    const { asked, setMinInterval, sending } = open(() => ({ allowed: true, crawlDelayMs: 2_000 }));
    await robotsOfRedirect(hopContext(sending, { url: 'http://other.test/page' }), sent);
    expect(asked).toEqual(['http://other.test/page']);
    expect(setMinInterval.mock.calls).toEqual([['other.test', 2_000]]);
  });

  it('are obeyed, and credentials stand in no error', async () => {
    const { sending } = open(() => ({ allowed: false }));
    sent.mockClear();
    const hop = hopContext(sending, { url: 'http://ann:pw@other.test/page' });
    await expect(robotsOfRedirect(hop, sent)).rejects.toMatchObject({
      code: 'robots.disallowed',
      class: 'fatal',
      message: 'robots.txt does not allow http://other.test/page',
      data: { url: 'http://other.test/page', host: 'other.test' },
    });
    expect(sent).not.toHaveBeenCalled();
  });

  it('are not asked for by a request that ignores them, nor again by the request itself', async () => {
    const { asked, sending } = open(() => ({ allowed: false }));
    await robotsOfRedirect(hopContext({ ...sending, obeysRobots: false }), sent);
    await robots({ ...sending, obeysRobots: false }, async () => replyOf());
    await robotsOfRedirect(hopContext(sending, { redirects: 0 }), sent);
    expect(asked).toEqual([]);
  });

  it('are awaited within the time of the request, which then is what ended it', async () => {
    const { sending } = open(
      (_url, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new CatenaError('robots.aborted', 'given up'))),
        ),
    );
    const hop = hopContext(sending, { url: 'http://other.test/page', timeoutMs: 20 });
    await expect(robotsOfRedirect(hop, sent)).rejects.toMatchObject({ code: 'download.timeout' });
  });
});
