/** Shapes of pages that cost more than their size where a reader searches, moves or compares what it has read before. */
import type { CheerioAPI } from 'cheerio/slim';
import type { Markup, SourcePage } from './page.ts';

export interface HostileShape {
  readonly name: string;
  /** A page of about so many characters. */
  readonly page: (chars: number) => string;
  readonly markup?: Markup;
  readonly read: ($: CheerioAPI, page: SourcePage) => unknown;
}

const repeated = (piece: string) => (chars: number) => piece.repeat(Math.ceil(chars / piece.length));
const inside = (before: string, piece: string, after: string) => (chars: number) =>
  before + repeated(piece)(chars) + after;
/** Pieces that differ by a number, as attributes or tags that must not be equal do. */
const numbered = (piece: (at: number) => string) => (chars: number) => {
  const count = Math.ceil(chars / piece(10_000).length);
  return Array.from({ length: count }, (_, at) => piece(at)).join('');
};
const nested = (open: string, close: string) => (chars: number) => {
  const times = Math.ceil(chars / (open.length + close.length));
  return `${open.repeat(times)}x${close.repeat(times)}`;
};

const title = ($: CheerioAPI): unknown => $('title').text();
const text = ($: CheerioAPI): unknown => $('body').text().length + $.root().text().length;
const items = repeated('<li><a href=x>y</a></li>');
const list = inside('<ul>', '<li class=a><a href=x>y</a></li>', '</ul>');
const flat = inside('<ul>', '<li class=a>y</li>', '</ul>');
const deepList = inside('<div>'.repeat(300), '<li class=a>y</li>', '');

export const PARSED: readonly HostileShape[] = [
  ...['p', 'div', 'br', 'x', 'a', 'li', 'table', 'svg', 'title', 'body', 'script', 'td'].map((name) => ({
    name: `closing tags of ${name} that close nothing`,
    page: repeated(`</${name}>`),
    read: title,
  })),
  ...[
    'div',
    'b',
    'a',
    'p',
    'li',
    'ul',
    'table',
    'td',
    'svg',
    'math',
    'select',
    'button',
    'font',
    'x-y',
    'desc',
    'template',
  ].map((name) => ({ name: `${name} opened and never closed`, page: repeated(`<${name}>`), read: text })),
  { name: 'elements nested and closed', page: nested('<div>', '</div>'), read: text },
  { name: 'tables nested and closed', page: nested('<table><tr><td>', '</td></tr></table>'), read: text },
  { name: 'lists nested and closed', page: nested('<ul><li>', '</li></ul>'), read: text },
  { name: 'inline elements nested and closed', page: nested('<b><i>', '</i></b>'), read: text },
  { name: 'foreign elements nested and closed', page: nested('<svg><g>', '</g></svg>'), read: text },
  { name: 'stray closing tags in deep nesting', page: (n) => '<div>'.repeat(600) + repeated('</x>')(n), read: text },
  { name: 'wrongly closed pairs', page: repeated('<b><i></b></i>'), read: text },
  { name: 'open tags of many names', page: numbered((at) => `<t${at}>`), read: text },
  { name: 'closing tags of many names', page: numbered((at) => `</t${at}>`), read: text },
  { name: 'attributes of one element', page: (n) => `<a ${numbered((at) => `a${at}=1 `)(n)}>x</a>`, read: title },
  { name: 'one attribute many times', page: inside('<a ', 'a=1 ', '>x</a>'), read: title },
  { name: 'attributes of a tag that never ends', page: (n) => `<a ${numbered((at) => `a${at}=1 `)(n)}`, read: title },
  {
    name: 'one giant attribute',
    page: inside('<a href="', 'x y ', '">x</a>'),
    read: ($) => $('a.x, a[href~=y]').length,
  },
  {
    name: 'one giant class',
    page: inside('<a class="', 'xy ', '">x</a>'),
    read: ($) => $('.x').length + Number($('a').hasClass('x')),
  },
  { name: 'an attribute that never ends', page: inside('<a href="', 'x y ', ''), read: title },
  {
    name: 'entities in an attribute',
    page: inside('<a href="', '&amp;', '">x</a>'),
    read: ($) => $('a').attr('href')?.length,
  },
  { name: 'entities in text', page: repeated('&amp;&#65;&lt'), read: text },
  { name: 'ampersands', page: repeated('&'), read: text },
  { name: 'an entity that never ends', page: inside('&#', '1', ''), read: text },
  { name: 'one comment', page: inside('<!--', '- -', '-->'), read: text },
  { name: 'comments that never end', page: repeated('<!--'), read: text },
  { name: 'many comments', page: repeated('<!---->'), read: text },
  { name: 'CDATA', page: inside('<![CDATA[', ']] ', ']]>'), read: text },
  { name: 'declarations', page: repeated('<!x><?y>'), read: text },
  { name: 'angle brackets', page: repeated('<'), read: text },
  { name: 'a script that never ends', page: inside('<script>', '</scrip', ''), read: text },
  { name: 'titles that never end', page: repeated('<title>'), read: title },
  { name: 'XML elements nested', page: nested('<a:b>', '</a:b>'), markup: 'xml', read: ($) => $.root().text() },
  { name: 'XML elements never closed', page: repeated('<item>'), markup: 'xml', read: ($) => $('item').length },
  {
    name: 'XML closing tags that close nothing',
    page: repeated('</item>'),
    markup: 'xml',
    read: ($) => $('item').length,
  },
  { name: 'XML CDATA sections', page: repeated('<a><![CDATA[x]]></a>'), markup: 'xml', read: ($) => $('a').text() },
  ...[
    '<div>',
    '<b>',
    '<p>',
    '<table>',
    '</p>',
    '<table><br>',
    '<a href=x>',
    '<li>x',
    '<b><p>',
    '<svg><g>',
    '<option>',
    '<form>',
  ].map((piece): HostileShape => ({ name: `${piece} for parse5`, page: repeated(piece), markup: 'spec', read: text })),
  { name: 'formatting that differs for parse5', page: numbered((at) => `<b a${at}><p>x`), markup: 'spec', read: text },
  {
    name: 'formatting in blocks for parse5',
    page: numbered((at) => `<div><b a${at}></div>`),
    markup: 'spec',
    read: text,
  },
  { name: 'text before a table for parse5', page: inside('<table>', 'x<i></i>', ''), markup: 'spec', read: text },
  { name: 'elements adopted by parse5', page: inside('<b><p>', '<i></i>', '</b>'), markup: 'spec', read: text },
  {
    name: 'attributes of one element for parse5',
    page: (n) => `<a ${numbered((at) => `a${at}=1 `)(n)}>x`,
    markup: 'spec',
    read: title,
  },
];

export const SELECTED: readonly HostileShape[] = [
  { name: 'a fragment without a root', page: items, read: ($) => $('a').length },
  { name: 'find in a long list', page: list, read: ($) => $('ul').find('a').length },
  { name: 'find in each of many', page: list, read: ($) => $('li').find('a').length },
  { name: 'find within many, by a chain', page: list, read: ($) => $('li').find('.a > a').length },
  { name: 'find nodes in nodes', page: list, read: ($) => $('li').find($('a')).length },
  { name: 'find for each', page: list, read: ($) => $('li').each((_, li) => void $(li).find('a').attr('href')).length },
  {
    name: 'find beside each',
    page: flat,
    read: ($) => $('li').each((_, li) => void $(li).find('+ li.a').length).length,
  },
  {
    name: 'descendant chains',
    page: (n) => '<div>'.repeat(500) + repeated('<b>y</b>')(n),
    read: ($) => $('div div div div p div b').length,
  },
  {
    name: 'child chains',
    page: (n) => '<div>'.repeat(500) + repeated('<b>y</b>')(n),
    read: ($) => $('div > div > div div > div p > b').length,
  },
  { name: 'an earlier sibling', page: flat, read: ($) => $('.b ~ li').length },
  { name: 'chains of siblings', page: flat, read: ($) => $('.b ~ .a ~ li, li + .a + .b ~ li').length },
  { name: 'nth-child', page: flat, read: ($) => $('li:nth-child(3n)').length + $('li:nth-last-child(2)').length },
  {
    name: 'nth-of-type',
    page: flat,
    read: ($) => $('li:nth-of-type(3n)').length + $('li:nth-last-of-type(2n)').length,
  },
  {
    name: 'first and last of type',
    page: inside('<b></b>', '<i></i>', '<p></p>'),
    read: ($) => $('p:first-of-type, b:last-of-type, :only-of-type').length,
  },
  { name: 'only children', page: flat, read: ($) => $(':only-child').length + $('li:last-child').length },
  {
    name: ':has',
    page: deepList,
    read: ($) => $('div:has(.b)').length + $('div:has(> .b)').length + $(':has(~ .b)').length,
  },
  { name: ':has of a chain', page: deepList, read: ($) => $('div:has(div li.b)').length },
  { name: ':contains', page: deepList, read: ($) => $('div:contains(z)').length + $('li:contains(y)').length },
  { name: ':not and :is', page: deepList, read: ($) => $('li:not(div .b):is(div li)').length },
  {
    name: 'positions',
    page: flat,
    read: ($) => $('li:first').length + $('li:eq(3)').length + $('li:not(:first)').length,
  },
  { name: 'alternatives', page: list, read: ($) => $('li, a, .a, li:even').length },
  {
    name: 'form states',
    page: inside('<fieldset disabled>', '<select><option>y</select><input>', ''),
    read: ($) => $(':disabled').length + $(':selected').length,
  },
];

export const CALLED: readonly HostileShape[] = [
  {
    name: 'text of each',
    page: list,
    read: ($) =>
      $('li')
        .map((_, li) => $(li).text())
        .get().length,
  },
  {
    name: 'map',
    page: list,
    read: ($) =>
      $('a')
        .map((at) => at)
        .get().length,
  },
  {
    name: 'text and html of all',
    page: list,
    read: ($) => $('li').text().length + ($('ul').html()?.length ?? 0) + $.html().length,
  },
  {
    name: 'closest',
    page: list,
    read: ($) => $('a').closest('li').length + $('a').closest('.b').length + $('a').closest($('ul')).length,
  },
  {
    name: 'closest of each',
    page: deepList,
    read: ($) => $('li').each((_, li) => void $(li).closest('.b').length).length,
  },
  {
    name: 'is of each',
    page: list,
    read: ($) => $('li').each((_, li) => void $(li).is('li:nth-child(2), .b ~ li')).length,
  },
  {
    name: 'is, filter and not by nodes',
    page: list,
    read: ($) => Number($('li').is($('ul'))) + $('li').filter($('.a')).length + $('li').not($('.a')).length,
  },
  { name: 'has', page: list, read: ($) => $('li').has('a').length + $('li').has($('a')[0]!).length },
  { name: 'add', page: list, read: ($) => $('li').add('a').length + $('li').find('a').addBack().length },
  { name: 'index of each', page: flat, read: ($) => $('li').each((_, li) => void $(li).index()).length },
  { name: 'parents', page: deepList, read: ($) => $('li').parents().length + $('li').parentsUntil('body').length },
  { name: 'siblings', page: flat, read: ($) => $('li').siblings().length },
  {
    name: 'all that follow and precede',
    page: flat,
    read: ($) => $('li').nextAll().length + $('li').prevAll('.b').length,
  },
  {
    name: 'up to a selector',
    page: flat,
    read: ($) => $('li').nextUntil('.b').length + $('li').prevUntil('.b').length,
  },
  { name: 'next and previous of each', page: flat, read: ($) => $('li').next().length + $('li').prev('.a').length },
  { name: 'children and contents', page: list, read: ($) => $('li').children().length + $('ul, li').contents().length },
  {
    name: 'remove',
    page: inside('<div>', '<script></script><b>y</b>', '</div>'),
    read: ($) => $('script').remove().length + $('b').length,
  },
  {
    name: 'fields of a form',
    page: inside('<form>', '<input name=a value=b>', '</form>'),
    read: ($) => $('form').serializeArray().length,
  },
  { name: 'has of the page', page: items, read: (_, page) => page.has('.b ~ .b') },
];
