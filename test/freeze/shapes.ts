/** Twenty pages of a megabyte each, of shapes that have held a reader of pages up. */
import { PARSED, SELECTED } from '../../libs/modules/page/hostile-shapes.fixture.ts';

export interface Shape {
  readonly name: string;
  readonly contentType: string;
  readonly body: Buffer;
  /** Who can read it. */
  readonly readBy: readonly Reader[];
}

export const MARKUP = ['$', 'extract', 'links'] as const;
export const READERS = [...MARKUP, 'json'] as const;
export type Reader = (typeof READERS)[number];

const CHARS = 1_000_000;
const HTML = 'text/html; charset=utf-8';
const XML = 'application/xml';
const JSON_TYPE = 'application/json';

/** Shapes that tests of reading measure one by one. */
const KNOWN = [
  'elements nested and closed',
  'div opened and never closed',
  'closing tags of p that close nothing',
  'attributes of one element',
  'a fragment without a root',
  'one giant attribute',
  'entities in text',
  'comments that never end',
  'CDATA',
  'a script that never ends',
  'wrongly closed pairs',
  'foreign elements nested and closed',
];

const ENTITIES = Array.from({ length: 9 }, (_, at) => `<!ENTITY e${at + 1} "${`&e${at};`.repeat(10)}">`).join('');

const OTHERS: readonly (readonly [name: string, contentType: string, readBy: readonly Reader[], body: string])[] = [
  ['a table of 80,000 cells', HTML, MARKUP, `<table>${filled('<tr><td>1<td>2', CHARS)}`],
  ['NULs in tags and text', HTML, MARKUP, filled('<a href="/\0x">\0y</a>', CHARS)],
  ['UTF-8 that says it is UTF-16', 'text/html; charset=utf-16', MARKUP, filled('<li><a href="/é">é</a></li>', CHARS)],
  ['JSON nested 500,000 deep', JSON_TYPE, ['json'], '['.repeat(CHARS / 2) + ']'.repeat(CHARS / 2)],
  ['JSON of 80,000 keys', JSON_TYPE, ['json'], JSON.stringify(numbered(80_000))],
  ['a JSON number of a million digits', JSON_TYPE, ['json'], `[${'9'.repeat(CHARS)}]`],
  [
    'XML whose entities expand to 10⁹',
    XML,
    MARKUP,
    `<!DOCTYPE x [<!ENTITY e0 "lol">${ENTITIES}]><x>${filled('<a href="/1">&e9;</a>', CHARS)}</x>`,
  ],
  [
    'a sitemap of 27,000 pages',
    XML,
    MARKUP,
    `<urlset>${filled('<url><loc>https://a.test/1</loc></url>', CHARS)}</urlset>`,
  ],
];

/** Made anew each time: whoever serves them holds them. */
export function hostileShapes(): Shape[] {
  const known = KNOWN.map((name): Shape => {
    const shape = [...PARSED, ...SELECTED].find((each) => each.name === name);
    if (shape === undefined) throw new Error(`there is no shape "${name}" any more: choose another`);
    return { name, contentType: HTML, body: Buffer.from(shape.page(CHARS)), readBy: MARKUP };
  });
  const others = OTHERS.map(([name, contentType, readBy, body]) => ({
    ...{ name, contentType, readBy, body: Buffer.from(body) },
  }));
  return [...known, ...others];
}

function filled(piece: string, chars: number): string {
  return piece.repeat(Math.ceil(chars / piece.length));
}

function numbered(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`key${at}`, at]));
}
