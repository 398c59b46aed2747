import { describe, expect, it } from 'vitest';
import { normaliseUrl, registrableDomain } from './normalise-url.ts';
import { urlsIn } from './urls-in-text.ts';

describe('URLs in answers', () => {
  it.each([
    ['见https://a.com/x。然后', 'https://a.com/x'],
    ['（https://a.com/x）', 'https://a.com/x'],
    ['[标题](https://a.com/x)，', 'https://a.com/x'],
    ['[t](https://en.wikipedia.org/wiki/A_(b))', 'https://en.wikipedia.org/wiki/A_(b)'],
    ['<https://a.com/?q=1&r=2>', 'https://a.com/?q=1&r=2'],
    ['**https://a.com/x**', 'https://a.com/x'],
    ['https://zh.wikipedia.org/wiki/比亚迪', 'https://zh.wikipedia.org/wiki/比亚迪'],
    ['https://a.com/x获取更多', 'https://a.com/x'],
    ['https://a.com/x, and', 'https://a.com/x'],
    ['www.a.com/x', 'https://www.a.com/x'],
    ['a.com/x 上', 'https://a.com/x'],
  ])('stop where the URL stops: %s', (text, url) => {
    expect(urlsIn(text).map((each) => [each.kind, each.url])).toEqual([['link', url]]);
  });

  it('knows a bare domain from a link, and from a file or an abbreviation', () => {
    expect(urlsIn('monday.com is not node.jsx, e.g. v1.2.3 or U.S.').map(({ kind, url }) => [kind, url])).toEqual([
      ['domain', 'https://monday.com'],
    ]);
    expect(urlsIn('https:// and http://')).toEqual([]);
  });
});

describe('normalised URLs', () => {
  it.each([
    ['http://www.Zhihu.com/question/1/?utm_source=x#top', 'https://zhihu.com/question/1'],
    ['https://m.zol.com.cn:443/a', 'https://zol.com.cn/a'],
    ['https://a.com:8443/', 'https://a.com:8443'],
    ['https://a.com/%E6%AF%94?b=2&spm=1', 'https://a.com/比?b=2'],
    ['https://m.com/', 'https://m.com'],
    ['https://a.com/%', 'https://a.com/%'],
  ])('%s is %s', (url, normal) => {
    expect(normaliseUrl(url)).toBe(normal);
    expect(normaliseUrl(normal)).toBe(normal);
  });

  it.each([
    'ftp://a.com',
    'https://',
    'no url',
    'https://localhost/x',
    'https://10.0.0.1/',
    `https://a.com/${'x'.repeat(3_000)}`,
  ])('there is none for %s', (url) => {
    expect(normaliseUrl(url)).toBeUndefined();
  });

  it('knows domains that are registered under two labels', () => {
    expect(registrableDomain('finance.sina.com.cn')).toBe('sina.com.cn');
    expect(registrableDomain('https://post.smzdm.com/p/1')).toBe('smzdm.com');
  });
});
