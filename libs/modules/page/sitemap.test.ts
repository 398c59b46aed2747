import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SourcePage } from './page.ts';

function page(body: string | Uint8Array, contentType?: string): SourcePage {
  const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
  return new SourcePage(
    { url: 'https://shop.test/sitemap.xml', status: 200, headers, body: Buffer.from(body) },
    'fast',
  );
}

const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
const urlset = `${head}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="x">
<url><loc> https://shop.test/1?a=1&amp;b=2 </loc><lastmod>2024-05-01T12:00:00+02:00</lastmod><priority>0.5</priority></url>
<url><loc><![CDATA[https://shop.test/2]]></loc><lastmod>2024-05</lastmod><image:image><image:loc>https://shop.test/i.png</image:loc></image:image></url>
<url><loc>/3</loc><lastmod>soon</lastmod></url><url><loc></loc></url><url><loc/></url><url><loc>http://[</loc></url></urlset>`;

const pages = [
  { url: 'https://shop.test/1?a=1&b=2', lastModifiedMs: Date.parse('2024-05-01T10:00:00Z') },
  { url: 'https://shop.test/2', lastModifiedMs: Date.parse('2024-05-01T00:00:00Z') },
  { url: 'https://shop.test/3', lastModifiedMs: undefined },
];

describe('a sitemap', () => {
  it('lists pages with the time of their last change', () => {
    expect(page(urlset, 'application/xml').sitemap()).toEqual({ pages, sitemaps: [] });
  });

  it.each(['application/gzip', 'application/x-gzip', 'application/xml', undefined])(
    'is unpacked, served as %s',
    (type) => {
      expect(page(gzipSync(urlset), type).sitemap()).toEqual({ pages, sitemaps: [] });
    },
  );

  it('may be an index of sitemaps, and its names may have a prefix', () => {
    const index = `${head}<sm:sitemapindex xmlns:sm="x"><sm:sitemap><sm:loc>https://shop.test/a.xml.gz</sm:loc></sm:sitemap></sm:sitemapindex>`;
    expect(page(index).sitemap()).toEqual({
      pages: [],
      sitemaps: [{ url: 'https://shop.test/a.xml.gz', lastModifiedMs: undefined }],
    });
  });

  it('may be a text', () => {
    const text = '\ufeffhttps://shop.test/1\r\n\r\nHTTPS://shop.test/2';
    expect(
      page(text, 'text/plain')
        .sitemap()
        .pages.map(({ url }) => url),
    ).toEqual(['https://shop.test/1', 'https://shop.test/2']);
  });

  it('may be empty, or cut off', () => {
    expect(page('<urlset/>').sitemap()).toEqual({ pages: [], sitemaps: [] });
    expect(page(urlset.slice(0, urlset.indexOf('<url><loc>/3'))).sitemap().pages).toEqual(pages.slice(0, 2));
  });

  it.each([
    ['<html><body>no</body></html>', 'neither urlset nor sitemapindex'],
    ['', 'neither urlset nor sitemapindex'],
    ['not found', 'the line "not found"'],
    ['{"a": 1}', 'the line'],
  ])('%j is none', (body, why) => {
    expect(() => page(body).sitemap()).toThrow(
      expect.objectContaining({ code: 'parse.not_sitemap', class: 'retryable', message: expect.stringContaining(why) }),
    );
  });

  it('that is packed and broken, or unpacks without end, is refused', () => {
    const packed = gzipSync(urlset);
    expect(() => page(packed.subarray(0, 40)).sitemap()).toThrow('cannot be unpacked');
    expect(() => page(gzipSync(Buffer.alloc(101 * 1024 * 1024))).sitemap()).toThrow(
      expect.objectContaining({ code: 'parse.too_large' }),
    );
  });

  it('of 50,000 pages is read whole', () => {
    const entries = Array.from({ length: 50_000 }, (_, at) => `<url><loc>https://a.test/${at}</loc></url>`);
    const whole = page(gzipSync(`<urlset>${entries.join('')}</urlset>`)).sitemap();
    expect(whole.pages).toHaveLength(50_000);
    expect(whole.pages.at(-1)?.url).toBe('https://a.test/49999');
  });
});
