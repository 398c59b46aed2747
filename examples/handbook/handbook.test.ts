import { describe, expect, it } from 'vitest';
import handbook from './handbook.ts';
import { renderIndex } from './site.ts';

const input = { base: 'http://book.test' };
const here = { language: 'en-US', page: 'apt.html', chapter: '6. Maintenance and Updates: The APT Tools' };

const banner = '<div id="banner"><a href="http://book.test/get/"><span>Download the ebook</span></a></div>';
const menu = '<ul class="docnav"><li><a accesskey="n" href="next.html"><strong>Next</strong></a></li></ul>';

function pageWith(content: string): string {
  return `<?xml version="1.0"?><html><body>${banner}<ul class="docnav top"></ul>${content}${menu}</body></html>`;
}

const contents = pageWith(`<div class="book"><div class="toc"><dl class="toc">
<dt><span class="preface"><a href="preface.html">Preface</a></span></dt>
<dt><span class="chapter"><a href="apt.html">6. The
  <code>APT</code> Tools</a></span></dt>
<dd><dl><dt><a href="apt.html#first">6.1.</a></dt><dt><a href="sect.get.html">6.2.</a></dt>
<dd><dl><dt><a href="sect.get.html#a">6.2.1.</a></dt></dl></dd><dt><a href="sect.cache.html">6.3.</a></dt></dl></dd>
</dl></div></div>`);

describe('the handbook module', () => {
  it('goes to every language of the index, or to those that were asked for', async () => {
    const body = renderIndex(['de-DE', 'en-US', 'fr-FR']);
    const languages = async (wanted?: string): Promise<unknown[]> => {
      const given = wanted === undefined ? input : { ...input, languages: wanted };
      return (await handbook.test('index', { input: given, body })).hops.map((hop) => hop.state);
    };
    expect(await languages()).toEqual([{ language: 'de-DE' }, { language: 'en-US' }, { language: 'fr-FR' }]);
    expect(await languages('fr-FR,de-DE')).toEqual([{ language: 'de-DE' }, { language: 'fr-FR' }]);
  });

  it('goes from a table of contents to its chapters, each with its other pages once', async () => {
    const { hops, requests } = await handbook.test('language', { input, state: { language: 'en-US' }, body: contents });
    expect(String(requests[0]?.url)).toBe('http://book.test/en-US/index.html');
    const chapter = { language: 'en-US', page: 'apt.html', chapter: '6. The APT Tools' };
    expect(hops).toEqual([
      { step: 'chapter', state: { language: 'en-US', page: 'preface.html', chapter: 'Preface', sections: [] } },
      { step: 'chapter', state: { ...chapter, sections: ['sect.get.html', 'sect.cache.html'] } },
    ]);
  });

  it('yields a chapter as an item and goes on to its sections', async () => {
    const state = { ...here, sections: ['sect.get.html'] };
    const body = pageWith('<div class="chapter"><h1>Chapter 6</h1></div>');
    const { hops, items } = await handbook.test('chapter', { input, state, body });
    expect(hops).toEqual([{ step: 'section', state: { ...here, page: 'sect.get.html' } }]);
    expect(items).toEqual([
      {
        type: 'section',
        data: { ...here, title: 'Chapter 6', headings: ['Chapter 6'], code: [], links: [], words: 2 },
      },
    ]);
  });

  it('reads headings, code, links and words of the content alone', async () => {
    const body = pageWith(`<div class="section"><h2><a id="x"></a>6.2.\n  Remote &amp; <code>ssh</code></h2>
<p>Two&nbsp;words</p><pre>$ ls  -l\n<strong>total 0</strong></pre>
<h3>More</h3><p><a href="https://www.debian.org/">Debian</a> <a href="#x">here</a> <a href="apt.html#y">there</a></p>
<p><a href="https://www.debian.org/">Debian</a> <a name="z">no link</a></p></div>`);
    const { items } = await handbook.test('section', { input, state: here, body });
    expect(items[0]?.data).toEqual({
      ...here,
      title: '6.2. Remote & ssh',
      headings: ['6.2. Remote & ssh', 'More'],
      code: ['$ ls  -l\ntotal 0'],
      links: ['https://www.debian.org/', 'apt.html#y', 'https://www.debian.org/'],
      // Tags are no white space: "Two words$" and "MoreDebian" are one word each, the former by its no-break space too.
      words: 4 + 1 + 4 + 1 + 2 + 3,
    });
  });

  it('refuses a page without the navigation that ends it, or of the wrong kind', async () => {
    const whole = pageWith('<div class="section"><h2>One</h2></div>');
    const unexpected = { code: 'parse.unexpected_page', class: 'retryable' };
    const cut = whole.slice(0, whole.indexOf(menu));
    await expect(handbook.test('section', { input, state: here, body: cut })).rejects.toMatchObject(unexpected);
    const state = { ...here, sections: [] };
    await expect(handbook.test('chapter', { input, state, body: whole })).rejects.toMatchObject(unexpected);
    await expect(handbook.test('language', { input, state: { language: 'en-US' }, body: whole })).rejects.toMatchObject(
      unexpected,
    );
  });
});
