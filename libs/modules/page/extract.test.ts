import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Fields, number, type Reader, url } from '../index.ts';
import { SourcePage } from './page.ts';

function page(body: string, contentType = 'text/html'): SourcePage {
  const headers = { 'content-type': contentType };
  return new SourcePage({ url: 'https://shop.test/dir/page', status: 200, headers, body: Buffer.from(body) }, 'fast');
}

const shop = page(`<h1> Two
  <b>lamps</b> </h1><script>var title = "no text";</script><p class="price big">1,299.50 €</p>
  <ul><li class="offer" data-id="a"><a href="../a">Lights</a><i>10</i></li><li class=offer><a href="b?x=1">Bulbs</a></li></ul>
  <pre>  $ ls
 -l</pre>`);

describe('extract', () => {
  it('reads texts, attributes, numbers, addresses, lists and records, with their types', () => {
    const product = shop.extract({
      title: 'h1',
      price: { select: '.price', as: number() },
      code: { select: 'pre', raw: true },
      rating: { select: '.rating', as: number(), default: null },
      badge: { select: '.badge', optional: true },
      first: { select: 'a', attr: 'href', as: url() },
      shops: ['li.offer > a'],
      offers: [
        {
          select: '.offer',
          fields: {
            id: { attr: 'data-id', optional: true },
            shop: 'a',
            pieces: { select: 'i', as: number(), default: 0 },
            links: [{ select: 'a', attr: 'href', as: url() }],
          },
        },
      ],
    });
    expect(product).toEqual({
      title: 'Two lamps',
      price: 1_299.5,
      code: '  $ ls\n -l',
      rating: null,
      first: 'https://shop.test/a',
      shops: ['Lights', 'Bulbs'],
      offers: [
        { id: 'a', shop: 'Lights', pieces: 10, links: ['https://shop.test/a'] },
        { shop: 'Bulbs', pieces: 0, links: ['https://shop.test/dir/b?x=1'] },
      ],
    });
    expectTypeOf(product).toEqualTypeOf<{
      title: string;
      price: number;
      code: string;
      rating: number | null;
      badge: string | undefined;
      first: string;
      shops: string[];
      offers: { id: string | undefined; shop: string; pieces: number; links: string[] }[];
    }>();
  });

  it('finds what $ finds, for every kind of selector', () => {
    const html = `<div><p class="a b" id=x>1</p><p class=b>2</p><div><p class=a>3</p><i>4</i></div></div>`;
    const both = page(html);
    const selectors =
      'p|.a|.a.b|p.b|#x|*|div p|div > p|p + p|p ~ div i|.a:not(.b)|div:has(i)|p:first|p:eq(1)|p:not(:first)|.a, i|:contains(2)|p:nth-child(2)|.none';
    for (const select of selectors.split('|')) {
      const { all } = both.extract({ all: [{ select, raw: true }] });
      const texts = both
        .$(select)
        .map((_, node) => both.$(node).text())
        .get();
      expect(all, select).toEqual(texts);
      expect(both.extract({ one: { select, raw: true, optional: true } }).one, select).toEqual(texts[0]);
    }
  });

  it('looks for the fields of a record inside of it alone, and for what the selector names too', () => {
    const nested = page('<div class=out><b>0</b><ul class=in><li><b>1</b></li></ul></div>');
    const read = (select: string): unknown =>
      nested.extract({ list: { select: '.in', fields: { b: [select] } } }).list.b;
    expect(read('b')).toEqual(['1']);
    expect(read('li b')).toEqual(['1']);
    expect(read('.out b')).toEqual([]);
    expect(read('> li')).toEqual(['1']);
    expect(read('> b')).toEqual([]);
    expect(read(':scope > li > b')).toEqual(['1']);
  });

  it('reads XML as XML', () => {
    const feed = page('<Feed><Item><Link>/1</Link><pubDate>x</pubDate></Item></Feed>', 'application/xml');
    const { items } = feed.extract({
      items: [{ select: 'Item', fields: { link: { select: 'Link', as: url() }, at: 'pubDate' } }],
    });
    expect(items).toEqual([{ link: 'https://shop.test/1', at: 'x' }]);
  });

  it('takes a field by any name', () => {
    const { values } = page('<b>1</b>').extract({
      values: { select: 'b', fields: { __proto__: 'i', constructor: { optional: true } } } as never,
    }) as never;
    expect(values).toEqual({ constructor: '1' });
    const own = page('<b>1</b>').extract(JSON.parse('{ "__proto__": "b" }') as Fields);
    expect(Object.entries(own)).toEqual([['__proto__', '1']]);
  });

  it('says which fields match nothing, all at once and with their places', () => {
    const read = (): unknown =>
      shop.extract({
        name: '.name',
        offers: [{ select: '.offer', fields: { id: { attr: 'data-id' }, seller: '.seller' } }],
      });
    expect(read).toThrow(
      expect.objectContaining({
        code: 'parse.missing_fields',
        class: 'retryable',
        data: expect.objectContaining({
          fields: ['name', 'offers[0].seller', 'offers[1].id', 'offers[1].seller'],
          count: 4,
        }),
      }),
    );
    const many = page('<li></li>'.repeat(50));
    expect(() => many.extract({ all: [{ select: 'li', fields: { a: 'b' } }] })).toThrow('and 30 more');
  });

  it('says which value cannot be read', () => {
    expect(() =>
      shop.extract({ offers: [{ select: '.offer', fields: { pieces: { select: 'a', as: number() } } }] }),
    ).toThrow(
      expect.objectContaining({
        code: 'parse.wrong_field',
        class: 'retryable',
        message: expect.stringContaining('"offers[0].pieces"'),
        data: expect.objectContaining({ text: 'Lights' }),
        remedy: expect.stringContaining('locale'),
      }),
    );
  });

  it('counts what was looked for and found', () => {
    const counted = page('<li><a href=x>1</a></li><li></li>');
    counted.extract({
      title: { select: 'h1', optional: true },
      rows: [{ select: 'li', fields: { a: { select: 'a', default: '' } } }],
    });
    counted.extract({ title: { select: 'h1', default: '' } });
    expect(counted.fills).toEqual([
      { field: 'title', asked: 2, found: 0 },
      { field: 'rows[].a', asked: 2, found: 1 },
      { field: 'rows', asked: 1, found: 1 },
    ]);
  });

  it('keeps apart what declarations of equal selectors do with their values', () => {
    const one = (as: Reader<unknown>, none: unknown): unknown =>
      shop.extract({ price: { select: '.price', as }, none: { select: '.none', default: none } });
    expect(one((text) => text.length, 1)).toEqual({ price: 10, none: 1 });
    expect(one((text) => text.slice(0, 1), [2])).toEqual({ price: '1', none: [2] });
  });

  it.each<[unknown, string, string]>([
    [undefined, 'the declaration', 'it is nothing'],
    [[], 'the declaration', 'it is array'],
    [{ a: 1 }, '"a"', 'it is number'],
    [{ a: '' }, '"a"', 'empty'],
    [{ a: 'li[' }, '"a"', 'its selector "li[" is none'],
    [{ a: ':what(is)' }, '"a"', 'there is no pseudo-class :what'],
    [{ a: 'p::before' }, '"a"', 'pseudo-elements'],
    [{ a: [] }, '"a"', 'a list of 0'],
    [{ a: ['b', 'c'] }, '"a"', 'a list of 2'],
    [{ a: [['b']] }, '"a"', 'a list of 1'],
    [{ a: [{ select: 'b', optional: true }] }, '"a"', 'cannot be optional'],
    [{ a: [{ attr: 'b' }] }, '"a"', 'a list without select'],
    [{ a: { selector: 'b' } }, '"a"', 'it has selector'],
    [{ a: { select: 5 } }, '"a"', 'its select is number'],
    [{ a: { select: 'b', attr: '' } }, '"a"', 'its attr is empty'],
    [{ a: { select: 'b', as: 'number' } }, '"a"', 'its as is string'],
    [{ a: { select: 'b', optional: 'yes' } }, '"a"', 'its optional is string'],
    [{ a: { select: 'b', fields: 'c' } }, '"a"', 'its fields are string'],
    [{ a: { select: 'b', fields: {}, as: number() } }, '"a"', 'it has fields and as'],
    [{ a: [{ select: 'b', fields: { c: { fields: { d: '((' } } } }] }, '"a[].c.d"', 'its selector'],
  ])('refuses the declaration %j', (fields, whose, what) => {
    expect(() => shop.extract(fields as Fields)).toThrow(
      expect.objectContaining({
        code: 'module.wrong_fields',
        class: 'fatal',
        message: expect.stringMatching(new RegExp(`${escaped(whose)}.*${escaped(what)}`)),
        remedy: expect.any(String),
      }),
    );
  });

  it('refuses a declaration that holds itself', () => {
    const fields: Record<string, unknown> = {};
    fields.a = { select: 'b', fields };
    expect(() => shop.extract(fields as never)).toThrow('nests deeper than 32');
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
