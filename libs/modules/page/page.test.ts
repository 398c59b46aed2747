import { describe, expect, it } from 'vitest';
import { type Markup, SourcePage } from './page.ts';

function page(body: string | Uint8Array, contentType?: string, markup: Markup = 'fast'): SourcePage {
  return new SourcePage(
    {
      url: 'https://shop.test/dir/page',
      status: 200,
      headers: contentType === undefined ? {} : { 'content-type': contentType },
      body: Buffer.from(body),
    },
    markup,
  );
}

describe('a page', () => {
  it('makes each view once', () => {
    const one = page('{"a":[1]}');
    expect(one.json).toBe(one.json);
    expect(one.$).toBe(one.$);
    expect(one.text).toBe('{"a":[1]}');
  });

  it('keeps a JSON null, which is a value like any other', () => {
    expect(page('null').json).toBeNull();
  });

  it('resolves links against its own address', () => {
    expect(page('<a href="../p/1">x</a>').$('a').prop('href')).toBe('https://shop.test/p/1');
  });

  it('survives markup that never ends', () => {
    const { $ } = page('<div><p class="a">one<p class="a">two<table><tr><td>');
    expect($('.a').length).toBe(2);
    expect(page('').$('*').length).toBe(0);
  });

  it('builds the tree of a browser when asked to', () => {
    const html = '<table><a>x</a></table>';
    expect(page(html).$('table > a').length).toBe(1);
    expect(page(html, 'text/html', 'spec').$('body > a').length).toBe(1);
  });

  it('reads XML as XML, by its content type or when asked to', () => {
    const feed = '<rss><item><link>https://x.test/1</link></item></rss>';
    expect(page(feed, 'text/html').$('link').text()).toBe('');
    expect(page(feed, 'application/rss+xml; charset=utf-8').$('link').text()).toBe('https://x.test/1');
    expect(page(feed, 'text/html', 'xml').$('link').text()).toBe('https://x.test/1');
    expect(page('<P>x</P>', 'application/xhtml+xml').$('p').length).toBe(1);
  });

  it.each(['image/png', 'application/json; charset=utf-8', 'application/ld+json', 'application/pdf', 'video/mp4'])(
    'does not take %s for markup',
    (contentType) => {
      expect(() => page('<p>x</p>', contentType).$).toThrow(
        expect.objectContaining({ code: 'parse.not_markup', class: 'retryable' }),
      );
    },
  );

  it('does not take binary data without a type for markup, but SVG with one', () => {
    expect(() => page(new Uint8Array([0x50, 0x4b, 3, 4, 0, 0])).$).toThrow('it is binary');
    expect(page('<svg><path/></svg>', 'image/svg+xml').$('path').length).toBe(1);
  });

  it('says where the JSON ends to be JSON', () => {
    expect(() => page('{"a": 1, b}', 'text/html').json).toThrow(
      expect.objectContaining({
        code: 'parse.not_json',
        class: 'retryable',
        data: expect.objectContaining({ position: 9, contentType: 'text/html', url: 'https://shop.test/dir/page' }),
      }),
    );
    expect(() => page('{"a": ').json).toThrow(
      expect.objectContaining({ code: 'parse.not_json', data: expect.objectContaining({ position: 6 }) }),
    );
    expect(() => page('').json).toThrow('at position 0 of 0');
  });
});
