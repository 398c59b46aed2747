/** How a page of the book is read: pure functions of the parsed page. `count.py` defines the same counts independently. */
import type { Page } from 'catena';

type Html = Page['$'];

/** What one page of the book holds; see `README.md` for the exact meaning of each field. */
export interface PageContent {
  readonly title: string;
  readonly headings: string[];
  readonly code: string[];
  readonly links: string[];
  readonly words: number;
}

/** A chapter as the book's table of contents lists it. */
export interface ChapterEntry {
  readonly page: string;
  readonly title: string;
  /** The other pages of the chapter, in their order, each once. */
  readonly sections: string[];
}

/** The content of a page, without its banner and its navigation. */
export function readContent($: Html): PageContent {
  const content = $('body > div:not(#banner)');
  const headings = texts($, content.find('h1, h2, h3, h4, h5, h6')).map(collapse);
  const hrefs = content.find('a[href]').map((_, link) => $(link).attr('href') ?? '');
  return {
    title: headings[0] ?? '',
    headings,
    code: texts($, content.find('pre')),
    links: hrefs.get().filter((href) => !href.startsWith('#')),
    words: content.text().match(/[^ \t\n\f\r]+/g)?.length ?? 0,
  };
}

/**
 * The chapters of a book's first page. A chapter is `dt`, its sections are the links of the `dd` after it; prefaces and
 * appendices list theirs nowhere else, so the pages of a book are known from here and not from the chapters.
 */
export function readChapters($: Html): ChapterEntry[] {
  return $('.book > .toc > dl > dt')
    .toArray()
    .map((entry) => {
      const link = $(entry).find('a').first();
      const page = pageOf(link.attr('href') ?? '');
      const links = $(entry).next('dd').find('a').toArray();
      const sections = new Set(links.map((section) => pageOf($(section).attr('href') ?? '')));
      sections.delete(page);
      return { page, title: collapse(link.text()), sections: [...sections] };
    });
}

/** The languages that the first page of the site links to. */
export function readLanguages($: Html): string[] {
  return texts($, $('.languages a'));
}

function texts($: Html, elements: ReturnType<Html>): string[] {
  return elements.toArray().map((element) => $(element).text());
}

function pageOf(href: string): string {
  return href.split('#', 1)[0]!;
}

function collapse(text: string): string {
  return text.replace(/[ \t\n\f\r]+/g, ' ').trim();
}
