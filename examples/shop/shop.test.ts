import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import shop from './shop.ts';
import { Catalogue, expectedItems } from './site/catalogue.ts';
import { crashRunFaults, malformed } from './site/faults.ts';
import { listPath, productPath, renderList, renderProduct } from './site/pages.ts';
import { renderPage } from './site/routes.ts';
import { type ShopSite, startShopSite } from './site/site.ts';

const input = { base: 'http://shop.test' };
const options = { products: 130, pageSize: 20, seed: 6 };
const catalogue = new Catalogue(options);

let site: ShopSite | undefined;

afterEach(async () => {
  await site?.close();
  site = undefined;
});

interface Input {
  readonly base: string;
  readonly pages?: number;
}

type Load = (url: string) => Promise<string>;

/** A run in miniature: every hop in turn, its page by `load`; a page that fails is loaded again, up to `attempts` times. */
async function collect(load: Load, input: Input, attempts = 1): Promise<unknown[]> {
  const { hops } = await shop.test('start', { input });
  const queue = [...hops];
  const items: unknown[] = [];
  for (let hop = queue.shift(); hop !== undefined; hop = queue.shift()) {
    const result = await insist(attempts, load, input, hop);
    queue.push(...result.hops);
    items.push(...result.items.map((item) => item.data));
  }
  return items;
}

type Hop = Awaited<ReturnType<typeof shop.test>>['hops'][number];

async function insist(attempts: number, load: Load, input: Input, hop: Hop): ReturnType<typeof shop.test> {
  const { requests } = await parse(input, hop);
  for (let attempt = 1; ; attempt++) {
    try {
      return await parse(input, hop, await load(String(requests[0]?.url)));
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}

function parse(input: Input, hop: Hop, body?: string): ReturnType<typeof shop.test> {
  const given = { input, ...(body !== undefined && { body }) };
  return hop.step === 'list'
    ? shop.test('list', { ...given, state: hop.state })
    : shop.test('detail', { ...given, state: hop.state });
}

const fromCatalogue: Load = async (url) => renderPage(catalogue, new URL(url).pathname) ?? '';

describe('the shop module', () => {
  it('collects from the pages exactly the items of the oracle', async () => {
    const items = await collect(fromCatalogue, input);
    expect(items).toHaveLength(130);
    expect(bySku(items)).toEqual(bySku(expectedItems(options)));
  });

  it('reads as many list pages as its input says', async () => {
    const items = await collect(fromCatalogue, { ...input, pages: 2 });
    expect(bySku(items)).toEqual(bySku(expectedItems(options, 2)));
  });

  it('goes from a list to its products and to the next list, from the last one no further', async () => {
    const first = await shop.test('list', { input, state: { page: 1 }, body: renderList(catalogue, 1) });
    expect(first.requests.map((request) => String(request.url))).toEqual(['http://shop.test/catalogue/1']);
    expect(first.hops).toHaveLength(21);
    expect(first.hops.at(-1)).toEqual({ step: 'list', state: { page: 2 } });
    const last = await shop.test('list', { input, state: { page: 7 }, body: renderList(catalogue, 7) });
    expect(last.hops.map((hop) => hop.step)).toEqual(Array.from({ length: 10 }, () => 'detail'));
  });

  it('takes the number of pages from a command line, and no nonsense', async () => {
    await expect(shop.test('start', { input: { ...input, pages: '2' } })).resolves.toBeDefined();
    await expect(shop.test('start', { input: { ...input, pages: 0 } })).rejects.toThrow(/pages/);
    await expect(shop.test('start', { input: { base: 'shop' } })).rejects.toThrow(/base/);
  });

  it('fails, to be retried, on every page that was cut off, wherever', async () => {
    const pages = [
      { html: renderProduct(catalogue, 3), hop: detailOf(3) },
      { html: renderList(catalogue, 2), hop: listOf(2) },
    ];
    for (const { html, hop } of pages) {
      const end = html.indexOf('</html>');
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: end }), async (length) => {
          await expect(parse(input, hop, html.slice(0, length))).rejects.toMatchObject(unexpectedPage);
        }),
      );
    }
  });

  it('fails, to be retried, on every malformed page that the site may send', async () => {
    for (let nth = 1; nth <= 30; nth++) {
      const path = productPath(catalogue.productAt(nth).sku);
      const product = malformed(renderProduct(catalogue, nth), options.seed, path, nth);
      await expect(parse(input, detailOf(nth), product), `product ${nth}`).rejects.toMatchObject(unexpectedPage);
      const list = malformed(renderList(catalogue, 3), options.seed, listPath(3), nth);
      await expect(parse(input, listOf(3), list), `list ${nth}`).rejects.toMatchObject(unexpectedPage);
    }
  });

  it('gets every item from a failing site that is asked three times at most', async () => {
    const rates = { error: 0.3, timeout: 0.02, malformed: 0.3, throttled: 0.2 };
    const faulty = { ...options, products: 40, seed: 2 };
    site = await startShopSite({ ...faulty, faults: { ...crashRunFaults, rates, retryAfterS: 0 } });
    const items = await collect(ask, { base: site.url }, 3);
    expect(bySku(items)).toEqual(bySku(expectedItems(faulty)));
    expect(site.stats().mostOften).toBe(3);
    expect(Math.min(...Object.values(site.stats().outcomes))).toBeGreaterThan(0);
  });
});

const unexpectedPage = { code: 'parse.unexpected_page', class: 'retryable' };

async function ask(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}

function listOf(page: number): Hop {
  return { step: 'list', state: { page } };
}

function detailOf(index: number): Hop {
  return { step: 'detail', state: { sku: catalogue.productAt(index).sku } };
}

function bySku(items: readonly unknown[]): unknown[] {
  return (items as { sku: string }[]).toSorted((one, other) => one.sku.localeCompare(other.sku));
}
