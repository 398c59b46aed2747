import { describe, expect, it } from 'vitest';
import { SourcePage } from './page.ts';

function page(body: string, url = 'https://www.shop.co.uk/x/y.html?q=1'): SourcePage {
  return new SourcePage({ url, status: 200, headers: {}, body: Buffer.from(body) }, 'fast');
}

const many = page(`<nav><a href="/">home</a><a href="#top">top</a></nav>
<main><a href="p/1">one</a><a href="p/1#reviews">one</a><a href=" P/2 ">two</a><a>none</a><map><area href="map"></map>
<a href="mailto:a@b.test">m</a><a href="javascript:void 0">j</a><a href="http://">bad</a><a href="//other.test/z">z</a>
<a href="https://shop.co.uk/w">w</a><link href="style.css"></main>`);

describe('links', () => {
  it('are absolute addresses of web pages, each once, without fragments', () => {
    expect(many.links()).toEqual([
      'https://www.shop.co.uk/',
      'https://www.shop.co.uk/x/y.html?q=1',
      'https://www.shop.co.uk/x/p/1',
      'https://www.shop.co.uk/x/P/2',
      'https://www.shop.co.uk/x/map',
      'https://other.test/z',
      'https://shop.co.uk/w',
    ]);
  });

  it('are those within an area, those that match, those of the same site', () => {
    expect(many.links({ within: 'nav' })).toEqual(['https://www.shop.co.uk/', 'https://www.shop.co.uk/x/y.html?q=1']);
    expect(many.links({ within: 'a[href^=p]' })).toEqual(['https://www.shop.co.uk/x/p/1']);
    expect(many.links({ match: /\/p\/\d+$/gi })).toEqual([
      'https://www.shop.co.uk/x/p/1',
      'https://www.shop.co.uk/x/P/2',
    ]);
    expect(many.links({ match: ({ host }) => host === 'other.test' })).toEqual(['https://other.test/z']);
    expect(many.links({ sameSite: true })).not.toContain('https://other.test/z');
    expect(many.links({ sameSite: true })).toContain('https://shop.co.uk/w');
    expect(() => many.links({ match: '/p/' as never })).toThrow('must be a regular expression or a function');
  });

  it.each([
    ['https://a.github.io/', 'https://b.github.io/', false],
    ['http://10.0.0.1/', 'http://10.0.0.2/', false],
    ['http://10.0.0.1/', 'http://10.0.0.1:8080/x', true],
    ['http://localhost:1/', 'http://localhost:2/', true],
  ])('of %s and %s are of one site: %s', (from, to, isSame) => {
    expect(page(`<a href="${to}">x</a>`, from).links({ sameSite: true })).toHaveLength(isSame ? 1 : 0);
  });
});

describe('the base element', () => {
  it.each([
    ['<base href="/base/dir/">', 'https://www.shop.co.uk/base/dir/rel.html'],
    ['<base target=x><base href="/a/"><base href="/b/">', 'https://www.shop.co.uk/a/rel.html'],
    ['<base href="https://cdn.test/z/">', 'https://cdn.test/z/rel.html'],
    ['<base href="">', 'https://www.shop.co.uk/x/rel.html'],
    ['<base href="http://">', 'https://www.shop.co.uk/x/rel.html'],
    ['<base href="data:text/html,x">', 'https://www.shop.co.uk/x/rel.html'],
    ['<base href="javascript:x">', 'https://www.shop.co.uk/x/rel.html'],
    ['<!-- <base href="/no/"> -->', 'https://www.shop.co.uk/x/rel.html'],
  ])('%s leads rel.html to %s, wherever it is asked', (base, wanted) => {
    for (const markup of ['fast', 'spec'] as const) {
      const body = Buffer.from(`<head>${base}</head><a href="rel.html">x</a>`);
      const one = new SourcePage({ url: 'https://www.shop.co.uk/x/y.html', status: 200, headers: {}, body }, markup);
      expect(one.links()).toEqual([wanted]);
      expect(one.resolve('rel.html')).toBe(wanted);
      expect(one.$('a').prop('href')).toBe(wanted);
      expect(one.extract({ a: { select: 'a', attr: 'href', as: (text, place) => place.resolve(text) } }).a).toBe(
        wanted,
      );
    }
  });

  it('refuses what is no address', () => {
    expect(() => page('').resolve('http://[')).toThrow(
      expect.objectContaining({ code: 'parse.not_a_url', class: 'retryable' }),
    );
  });
});
