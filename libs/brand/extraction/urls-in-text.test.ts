import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkTargetsIn, urlsIn } from './urls-in-text.ts';

const found = (text: string): string[] => urlsIn(text).map(({ url }) => url);

describe('addresses in answers', () => {
  it.each([
    ['见https://a.com/x。然后', 'https://a.com/x'],
    ['（https://a.com/x）', 'https://a.com/x'],
    ['HTTP://a.com/x', 'HTTP://a.com/x'],
    ['www.a.com/x', 'www.a.com/x'],
    ['访问www.a.com，', 'www.a.com'],
    ['https://www.a.com/x', 'https://www.a.com/x'],
    ['https://a.com/x\tor', 'https://a.com/x'],
    ['https://a.com/x获取更多', 'https://a.com/x'],
    ['https://zh.wikipedia.org/wiki/比亚迪', 'https://zh.wikipedia.org/wiki/'],
    ['<https://a.com/?q=1&r=2>', 'https://a.com/?q=1&r=2'],
    ['"https://a.com/x"', 'https://a.com/x'],
    ['| https://a.com/x|', 'https://a.com/x'],
    ['`https://a.com/x`', 'https://a.com/x'],
    ['https://web.archive.org/web/2024/https://a.com/x', 'https://web.archive.org/web/2024/https://a.com/x'],
  ])('end before white space, what is not ASCII, and quotes: %s', (text, url) => {
    expect(found(text)).toEqual([url]);
  });

  it.each([
    ['https://a.com/x, and', 'https://a.com/x'],
    ['https://a.com/x.', 'https://a.com/x'],
    ['https://a.com/x?!', 'https://a.com/x'],
    ["'https://a.com/x'", 'https://a.com/x'],
    ["https://a.com/it's", "https://a.com/it's"],
    ['**https://a.com/x**', 'https://a.com/x'],
    ['https://a.com/x_', 'https://a.com/x_'],
    ['(see https://a.com/x).', 'https://a.com/x'],
    ['(https://a.com/a_(b))', 'https://a.com/a_(b)'],
    ['[https://a.com/x]', 'https://a.com/x'],
    ['https://a.com/x[1]', 'https://a.com/x[1]'],
  ])('lose the marks of their sentence and brackets that they did not open: %s', (text, url) => {
    expect(found(text)).toEqual([url]);
  });

  it.each([
    ['[标题](https://a.com/x)，', 'https://a.com/x'],
    ['[t](https://en.wikipedia.org/wiki/A_(b))', 'https://en.wikipedia.org/wiki/A_(b)'],
    ['[比亚迪](https://zh.wikipedia.org/wiki/比亚迪)', 'https://zh.wikipedia.org/wiki/比亚迪'],
    ['[t](https://a.com/x "a title")', 'https://a.com/x'],
    ['[t](<https://a.com/x>)', 'https://a.com/x'],
    ['[t](www.a.com/x)', 'www.a.com/x'],
    ['[t](https://a.com/x, cut off', 'https://a.com/x'],
    ['[t](https://a.com/?u=https://b.com)', 'https://a.com/?u=https://b.com'],
  ])('are the whole target of a Markdown link: %s', (text, url) => {
    expect(found(text)).toEqual([url]);
  });

  it('are several where several stand', () => {
    expect(found('[https://a.com/x](https://a.com/x)')).toEqual(['https://a.com/x', 'https://a.com/x']);
    expect(found('https://a.com/1,https://a.com/2；www.b.com/3')).toEqual([
      'https://a.com/1',
      'https://a.com/2',
      'www.b.com/3',
    ]);
    expect(found('| [a](https://a.com/1) | [b](https://a.com/2) |')).toEqual(['https://a.com/1', 'https://a.com/2']);
  });

  it('begin with a scheme or www., and with nothing else', () => {
    expect(found('monday.com, a.com/x, node.jsx, me@www.a.com, ftp://a.com, awww.a.com')).toEqual([]);
    expect(found('https:// and http:// and www. and www.。')).toEqual([]);
  });

  it('are spans of the text, in order and without overlap, whatever the text holds', () => {
    const piece = fc.constantFrom(
      'https://',
      'www.',
      'a.com',
      '/',
      '](',
      '[',
      '(',
      ')',
      '<',
      '>',
      '"',
      ' ',
      '\n',
      '。',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('');
        let from = 0;
        for (const { start, end, url } of urlsIn(text)) {
          expect(text.slice(start, end)).toBe(url);
          expect(start).toBeGreaterThanOrEqual(from);
          from = end;
        }
      }),
    );
  });
});

describe('targets of links', () => {
  it('need be no address, but must be closed', () => {
    const targets = (text: string): string[] => linkTargetsIn(text).map(({ start, end }) => text.slice(start, end));
    expect(targets('[a](b.html) [c](/d) [e]() [f](g')).toEqual(['b.html', '/d']);
    expect(targets('[a](b c) [d]([e](f)')).toEqual(['f']);
  });
});
