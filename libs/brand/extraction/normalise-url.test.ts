import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseUrl, registrableDomain } from './normalise-url.ts';

describe('normalised URLs', () => {
  it.each([
    ['https where the scheme is missing', 'zhihu.com/question/1', 'https://zhihu.com/question/1'],
    ['https where only www. is there', 'www.zhihu.com/question/1', 'https://zhihu.com/question/1'],
    ['https whatever the suffix, after www.', 'www.shop.example', 'https://shop.example'],
    ['https whatever the suffix, before a path', 'shop.example/x', 'https://shop.example/x'],
    ['https where only // is there', '//zhihu.com/question/1', 'https://zhihu.com/question/1'],
    ['the scheme as it is written', 'HTTP://a.com/x', 'http://a.com/x'],
    ['the host in lower case, the path as it is', 'https://WWW.Zhihu.COM/Question/A', 'https://zhihu.com/Question/A'],
    ['no m.', 'https://m.zol.com.cn/a', 'https://zol.com.cn/a'],
    ['no m. before www.', 'https://m.www.a.com/', 'https://a.com'],
    ['a domain that is called m or www', 'https://m.com/', 'https://m.com'],
    ['a public suffix is no page', 'https://www.com.cn/', 'https://www.com.cn'],
    ['wap. stays', 'https://wap.a.com/x', 'https://wap.a.com/x'],
    ['no fragment', 'https://a.com/x?b=2#top?utm_a=1', 'https://a.com/x?b=2'],
    ['no utm_ parameter', 'https://a.com/x?utm_source=ai&b=2&utm_x=&a=1', 'https://a.com/x?b=2&a=1'],
    ['other parameters as they are', 'https://a.com/x?spm=1&q=a%20b+c&z', 'https://a.com/x?spm=1&q=a%20b+c&z'],
    ['no empty query', 'https://a.com/x?', 'https://a.com/x'],
    ['no query that is empty without utm_', 'https://a.com/x/?utm_source=ai', 'https://a.com/x'],
    ['no closing slash', 'https://a.com/x/', 'https://a.com/x'],
    ['no closing slash of a host', 'https://a.com/', 'https://a.com'],
    ['no closing slash before a query', 'https://a.com/?q=1', 'https://a.com?q=1'],
    ['the path as it is written', 'https://a.com/%E6%AF%94/亚', 'https://a.com/%E6%AF%94/亚'],
    ['a port that says something', 'https://a.com:8443/', 'https://a.com:8443'],
    ['no port that says nothing', 'https://a.com:443/a', 'https://a.com/a'],
    ['no password', 'https://me:secret@a.com/a', 'https://a.com/a'],
    ['broken escapes', 'https://a.com/%', 'https://a.com/%'],
    ['white space around it', ' https://a.com/a b\n', 'https://a.com/a%20b'],
  ])('have %s: %s', (_, url, normal) => {
    expect(normaliseUrl(url)).toBe(normal);
    expect(normaliseUrl(normal)).toBe(normal);
  });

  it('tell pages apart that differ by scheme', () => {
    expect(normaliseUrl('http://a.com')).not.toBe(normaliseUrl('https://a.com'));
  });

  it.each([
    'ftp://a.com',
    'mailto:me@a.com',
    'javascript:alert(1)',
    'https://',
    'no url',
    'doc_1',
    'report.pdf',
    'https://localhost/x',
    'https://10.0.0.1/',
    'https://[::1]/',
    '',
    `https://a.com/${'x'.repeat(3_000)}`,
  ])('there is none for %s', (url) => {
    expect(normaliseUrl(url)).toBeUndefined();
  });

  it('do not change when normalised again, whatever they hold, and never throw', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'https://',
        '//',
        'www.',
        'm.',
        'a.com',
        '/',
        '?',
        '&',
        'utm_a=1',
        '#',
        '%25',
        '\\',
        ' ',
        '@',
        ':',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const normal = normaliseUrl(pieces.join(''));
        if (normal !== undefined) expect(normaliseUrl(normal)).toBe(normal);
      }),
      { numRuns: 2_000 },
    );
  });

  it('know domains that are registered under two labels', () => {
    expect(registrableDomain('finance.sina.com.cn')).toBe('sina.com.cn');
    expect(registrableDomain('https://post.smzdm.com/p/1')).toBe('smzdm.com');
  });
});
