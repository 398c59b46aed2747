/** How a page of the book is read: its fields by selectors. `count.py` defines the same counts independently. */
import type { Fields, Page } from 'catena';

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
const content = 'body > div:not(#banner)';

const contentFields = {
  headings: [`${content} :is(h1, h2, h3, h4, h5, h6)`],
  code: [{ select: `${content} pre`, raw: true }],
  hrefs: [{ select: `${content} a[href]`, attr: 'href' }],
  texts: [{ select: content, raw: true }],
} as const satisfies Fields;

export function readContent(page: Page): PageContent {
  const { headings, code, hrefs, texts } = page.extract(contentFields);
  return {
    title: headings[0] ?? '',
    headings,
    code,
    links: hrefs.filter((href) => !href.startsWith('#')),
    words: texts.join('').match(/[^ \t\n\f\r]+/g)?.length ?? 0,
  };
}

/**
 * A chapter is `dt`, its sections are the links of the `dd` after it; prefaces and appendices list theirs nowhere else, so the pages of a
 * book are known from here and not from the chapters.
 */
const chapterFields = {
  chapters: [
    {
      select: '.book > .toc > dl > dt',
      fields: {
        title: 'a',
        page: { select: 'a', attr: 'href', as: pageOf },
        sections: [{ select: '+ dd a', attr: 'href', as: pageOf }],
      },
    },
  ],
} as const satisfies Fields;

/** The chapters of a book's first page. */
export function readChapters(page: Page): ChapterEntry[] {
  return page.extract(chapterFields).chapters.map((chapter) => ({
    ...chapter,
    sections: [...new Set(chapter.sections)].filter((section) => section !== chapter.page),
  }));
}

/** The languages that the first page of the site links to. */
export function readLanguages(page: Page): string[] {
  return page.extract({ languages: ['.languages a'] }).languages;
}

function pageOf(href: string): string {
  return href.split('#', 1)[0]!;
}
