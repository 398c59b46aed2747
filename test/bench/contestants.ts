/** Who takes part. */

export interface Contestant<Id extends string = string> {
  readonly id: Id;
  readonly name: string;
  /** In this folder; the variant is a word for the script. */
  readonly script: string;
  readonly variant: string;
}

/** They crawl the same shop. */
export const CRAWLERS = [
  { id: 'floor', name: 'floor: undici + cheerio slim', script: 'floor', variant: 'slim' },
  { id: 'floor-parse5', name: 'undici + cheerio parse5', script: 'floor', variant: 'parse5' },
  { id: 'floor-extract', name: 'undici + page.extract', script: 'floor', variant: 'extract' },
  { id: 'catena', name: 'Catena $, on a file (default)', script: 'catena-shop', variant: 'file' },
  { id: 'catena-extract', name: 'Catena extract, on a file', script: 'catena-shop', variant: 'file-extract' },
  { id: 'catena-memory', name: 'Catena $, in memory', script: 'catena-shop', variant: 'memory' },
  { id: 'catena-memory-extract', name: 'Catena extract, in memory', script: 'catena-shop', variant: 'memory-extract' },
  { id: 'catena-inline', name: 'Catena $, on a file, no workers', script: 'catena-shop', variant: 'file-inline' },
  { id: 'crawlee', name: 'Crawlee, in memory', script: 'crawlee', variant: 'memory' },
  { id: 'crawlee-disk', name: 'Crawlee, on disk', script: 'crawlee', variant: 'disk' },
] as const satisfies readonly Contestant[];

/** They execute the same steps, without network. */
export const STEPPERS = [
  { id: 'steps', name: 'Catena, on a file (default)', script: 'catena-steps', variant: 'file' },
  { id: 'steps-memory', name: 'Catena, in memory', script: 'catena-steps', variant: 'memory' },
] as const satisfies readonly Contestant[];

/** They read the same pages of the shop from memory: no network, no engine. */
export const PARSERS = [
  { id: 'parse-slim', name: 'cheerio slim', script: 'parsers', variant: 'slim' },
  { id: 'parse-dollar', name: '$', script: 'parsers', variant: 'dollar' },
  { id: 'parse-extract', name: 'page.extract', script: 'parsers', variant: 'extract' },
  { id: 'parse-sax', name: 'htmlparser2 SAX, by hand', script: 'parsers', variant: 'sax' },
  { id: 'parse-parse5', name: 'cheerio parse5', script: 'parsers', variant: 'parse5' },
] as const satisfies readonly Contestant[];

export type CrawlerId = (typeof CRAWLERS)[number]['id'];
export type StepperId = (typeof STEPPERS)[number]['id'];

export type ParserId = (typeof PARSERS)[number]['id'];

export const CONTESTANT_IDS = [...CRAWLERS, ...STEPPERS, ...PARSERS].map(({ id }) => id);

export function scriptOf({ script }: Contestant): string {
  return `contestants/${script}.ts`;
}
