import { existsSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { startServer } from '../../services/downloader/http/loopback.fixture.ts';
import { run, startNode } from '../fixtures/flow.ts';
import { crawl } from '../fixtures/modules/crawl.ts';
import { inMemory, scratchDatabase } from '../fixtures/single-mode.ts';
import { describeManners } from './suites/manners.ts';
import { describeSite } from './suites/site.ts';

describeSite(inMemory);
describeManners(inMemory);

// What a page is kept in differs by mode: a folder here, a bucket of the broker there.
it('a large page is kept in a file meanwhile, and gone when the run has ended', async () => {
  const { origin } = await startServer((request, response) => {
    response.end(request.url === '/list/1' ? 'links: /a /b' : 'ä'.repeat(400_000));
  });
  const path = scratchDatabase();
  let most = 0;
  const files = () =>
    existsSync(`${path}.blobs`)
      ? readdirSync(`${path}.blobs`, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
      : [];
  const recorder = {
    record: async () => {
      most = Math.max(most, files().length);
    },
  };
  const { items } = await run(startNode([crawl], { 'store.path': path }, { recorder }), crawl, { base: origin });
  expect(items).toMatchObject([{ length: 400_000 }, { length: 400_000 }]);
  expect([most > 0, files()]).toEqual([true, []]);
});
