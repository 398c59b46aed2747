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

  it.each([
    ['a zip', 'PK\x03\x04\0\0', undefined],
    ['a zip that calls itself a page', 'PK\x03\x04\0\0', 'text/html'],
    ['a PNG that calls itself a page', '\x89PNG\r\n\x1a\n\0\0\0', 'text/html; charset=utf-8'],
    ['bytes without a type', 'abc\x01\x02', undefined],
    ['NULs without a type', 'abc\0\0', undefined],
  ])('does not take %s for markup', (_what, bytes, contentType) => {
    expect(() => page(Buffer.from(bytes, 'latin1'), contentType).$).toThrow('it is binary');
  });

  it.each(['fast', 'spec'] as const)('W13: reads a page with NULs as browsers do, by the %s reader', (markup) => {
    const body = `<title>A\0B</title><p class="a\0b">C\0D</p><!--x\0--><script>"e\0"</script><textarea>f\0</textarea>\0<svg><text>g\0</text></svg>`;
    const { $ } = page(body, 'text/html', markup);
    expect([$('title').text(), $('p').text(), $('p').attr('class')]).toEqual(['A\ufffdB', 'CD', 'a\ufffdb']);
    expect([$('script').text(), $('textarea').text(), $('svg text').text()]).toEqual([
      '"e\ufffd"',
      'f\ufffd',
      'g\ufffd',
    ]);
    expect($('body').length === 0 || $('body').text().includes('\0')).toBe($('body').length === 0);
  });

  it('W13: reads a page with NULs that says nothing of its type, and one in UTF-16', () => {
    expect(page('<!doctype html><title>A\0B</title>').$('title').text()).toBe('A\ufffdB');
    expect(page(Buffer.from('\ufeff<title>AB</title>', 'utf16le')).$('title').text()).toBe('AB');
  });

  it('W14: keeps the digits of integers that a number cannot hold, as text', () => {
    const body =
      '{"id":1234567890123456789,"ids":[-9007199254740993,9007199254740991],"x":1e400,"y":0.1234567890123456,"z":1e20,"t":"1234567890123456789"}';
    expect(page(body).json).toEqual({
      id: '1234567890123456789',
      ids: ['-9007199254740993', 9007199254740991],
      x: '1e400',
      y: 0.1234567890123456,
      z: 1e20,
      t: '1234567890123456789',
    });
    expect(page('12345678901234567890').json).toBe('12345678901234567890');
    const { json } = page('{"__proto__":12345678901234567890}');
    expect(Object.entries(json as object)).toEqual([['__proto__', '12345678901234567890']]);
  });

  it('takes SVG for markup', () => {
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
