import { load } from 'cheerio';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeText, foreign, html, link, textOf } from './html.ts';

describe('text put into markup', () => {
  it.each([
    `<script>alert(1)</script>`,
    `"><img src=x onerror=alert(1)>`,
    `' onmouseover='alert(1)`,
    '</style></title></textarea><!--',
    '&lt;b&gt; &amp; &#60;',
    '\u202egnp.exe\u202c שלום 🏃‍♀️',
  ])('stays text between tags and between quotes: %s', (text) => {
    const page = load(textOf(html`<p title="${text}">${text}</p>`));
    expect(page('p').text()).toBe(text);
    expect(page('p').attr('title')).toBe(text);
    expect(page('body *')).toHaveLength(1);
  });

  it('is read back as it was, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        // What no page can hold, and what a parser makes one of.
        fc.pre(!/\p{Cc}/u.test(text));
        const page = load(textOf(html`<p title='${text}'>${text}</p>`));
        expect(page('p').text()).toBe(text);
        expect(page('p').attr('title')).toBe(text);
      }),
    );
  });

  it('holds no control characters and no halves of characters', () => {
    expect(escapeText('a\u0000b\u001b[31mc\ud800d')).toBe('a\ufffdb\ufffd[31mc\ufffdd');
  });

  it('is escaped once, however deep it stands', () => {
    const inner = html`<b>${'<'}</b>`;
    expect(textOf(html`<p>${[inner, [inner, '&']]}</p>`)).toBe('<p><b>&lt;</b><b>&lt;</b>&amp;</p>');
  });

  it('cannot pass for markup by being an object of the same shape', () => {
    const forged = JSON.parse('{"markup":"<script>","Symbol(markup)":"<script>"}') as never;
    expect(textOf(html`<p>${forged}</p>`)).not.toContain('<script>');
  });

  it('is nothing where there is nothing, and a number where there is one', () => {
    expect(textOf(html`${null}${undefined}${false}${0}`)).toBe('0');
  });
});

describe('a link', () => {
  it.each(['javascript:alert(1)', 'data:text/html,<script>', 'file:///etc/passwd', 'nothing', ' javascript:alert(1)'])(
    'leads nowhere for %s',
    (url) => {
      const page = load(textOf(link(url)));
      expect(page('a')).toHaveLength(0);
      expect(page('body').text()).toBe(url);
    },
  );

  it('leads to a page of the web, and tells it nothing', () => {
    const page = load(textOf(link('https://a.test/?q="x"&y=<z>', 'A "page"')));
    expect(page('a').attr()).toEqual({
      href: 'https://a.test/?q=%22x%22&y=%3Cz%3E',
      rel: 'noopener noreferrer nofollow',
    });
    expect(page('a').text()).toBe('A "page"');
  });

  it('isolates foreign words', () => {
    expect(textOf(foreign('שלום'))).toBe('<bdi>שלום</bdi>');
  });
});
