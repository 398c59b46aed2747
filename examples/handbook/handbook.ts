/**
 * The Debian Administrator's Handbook, in every language that the Debian package ships: index → languages → chapters →
 * sections. One item per page of the book.
 */
import { defineModule } from 'catena';
import { z } from 'zod';
import { readChapters, readContent, readLanguages } from './reading.ts';

const place = z.object({ language: z.string(), page: z.string(), chapter: z.string() });

export default defineModule({
  name: 'handbook',
  version: '1.0.0',
  input: z.object({
    /** The address of the site, as `site.ts` prints it. */
    base: z.url(),
    /** Only these languages, by a comma: `en-US,fr-FR`; default: all. */
    languages: z.string().optional(),
  }),
  steps: {
    index: z.object({}),
    language: z.object({ language: z.string() }),
    chapter: place.extend({ sections: z.array(z.string()) }),
    section: place,
  },
  items: {
    section: place.extend({
      title: z.string().min(1),
      headings: z.array(z.string()),
      code: z.array(z.string()),
      links: z.array(z.string()),
      words: z.number().int().positive(),
    }),
  },
}).implement({
  *start({ go }) {
    yield go.index({});
  },
  steps: {
    index: {
      request: ({ input }) => ({ url: input.base }),
      expect: { type: 'html', selector: '.languages a' },
      *parse({ page, go, input }) {
        const wanted = input.languages?.split(',');
        for (const language of readLanguages(page)) {
          if (wanted?.includes(language) ?? true) yield go.language({ language });
        }
      },
    },
    language: {
      request: ({ input, state }) => ({ url: new URL(`/${state.language}/index.html`, input.base) }),
      expect: { type: 'html', selector: '.book > .toc' },
      *parse({ page, go, state }) {
        for (const { title, ...chapter } of readChapters(page)) {
          yield go.chapter({ language: state.language, chapter: title, ...chapter });
        }
      },
    },
    chapter: {
      request: ({ input, state }) => ({ url: new URL(`/${state.language}/${state.page}`, input.base) }),
      expect: { type: 'html', selector: ['body > div h1', 'ul.docnav:not(.top)'] },
      *parse({ page, go, put, state }) {
        const { sections, ...here } = state;
        yield put.section({ ...here, ...readContent(page) });
        for (const section of sections) yield go.section({ ...here, page: section });
      },
    },
    section: {
      request: ({ input, state }) => ({ url: new URL(`/${state.language}/${state.page}`, input.base) }),
      expect: { type: 'html', selector: ['body > div h2', 'ul.docnav:not(.top)'] },
      *parse({ page, put, state }) {
        yield put.section({ ...state, ...readContent(page) });
      },
    },
  },
});
