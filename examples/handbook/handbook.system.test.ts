import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import handbook from './handbook.ts';
import { debianFolder, type HandbookSite, languagesOf, startHandbookSite } from './site.ts';

interface Counts {
  pages: number;
  items: number;
  headings: number;
  code_blocks: number;
  code_characters: number;
  links: number;
  words: number;
}

interface Report {
  readonly languages: Readonly<Record<string, Counts>>;
  readonly total: Counts;
}

interface Section {
  readonly language: string;
  readonly page: string;
  readonly headings: readonly string[];
  readonly code: readonly string[];
  readonly links: readonly string[];
  readonly words: number;
}

const run = promisify(execFile);
const repository = join(import.meta.dirname, '..', '..');
let counted: Report;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handbook-'));
  const { stdout } = await run('python3', [join(import.meta.dirname, 'count.py')]);
  counted = JSON.parse(stdout) as Report;
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('the handbook of the Debian package', () => {
  it('is whole: 26 languages of 127 pages', () => {
    expect(Object.values(counted.languages).map((counts) => counts.pages)).toEqual(Array(26).fill(127));
    expect(counted.total.items).toBe(26 * 126);
  });

  it('parses, page by page from the disk, to the totals of the independent count', async () => {
    const sections: Section[] = [];
    for (const language of await languagesOf(debianFolder)) sections.push(...(await readBook(language)));
    expect(totalsOf(sections)).toEqual(counted);
  });

  it('runs through the engine to the totals of the independent count', async () => {
    const site: HandbookSite = await startHandbookSite();
    try {
      const output = join(folder, 'sections.jsonl');
      const module = join(import.meta.dirname, 'handbook.ts');
      const limits = ['--rps', '0', '--concurrency', '16'];
      const flags = ['--input', `base=${site.url}`, '-o', output, '--db', join(folder, 'run.db'), ...limits];
      await run(process.execPath, [join(repository, 'services', 'catena.ts'), 'run', module, ...flags]);
      expect(totalsOf(await readItems(output))).toEqual(counted);
    } finally {
      await site.close();
    }
  });
});

/** Every section of one language, by the module's own steps and without network. */
async function readBook(language: string): Promise<Section[]> {
  const input = { base: 'http://book.test' };
  const sections: Section[] = [];
  const body = (page: string): Promise<Buffer> => readFile(join(debianFolder, language, page));
  const book = await handbook.test('language', { input, state: { language }, body: await body('index.html') });
  for (const chapter of book.hops) {
    if (chapter.step !== 'chapter') throw new Error(`a table of contents led to a ${chapter.step}`);
    const { state } = chapter;
    const first = await handbook.test('chapter', { input, state, body: await body(state.page) });
    sections.push(...first.items.map((item) => item.data));
    for (const hop of first.hops) {
      if (hop.step !== 'section') throw new Error(`a chapter led to a ${hop.step}`);
      const page = await handbook.test('section', { input, state: hop.state, body: await body(hop.state.page) });
      sections.push(...page.items.map((item) => item.data));
    }
  }
  return sections;
}

/** The items of a run's output file, one per line. */
async function readItems(path: string): Promise<Section[]> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Section);
}

function totalsOf(sections: readonly Section[]): Report {
  const languages: Record<string, Counts> = {};
  const total = noCounts();
  for (const section of sections) {
    languages[section.language] ??= { ...noCounts(), pages: 1 };
    add(languages[section.language]!, section);
    add(total, section);
  }
  // A book's first page is read for its table of contents and is no item.
  total.pages += Object.keys(languages).length;
  return { languages, total };
}

function noCounts(): Counts {
  return { pages: 0, items: 0, headings: 0, code_blocks: 0, code_characters: 0, links: 0, words: 0 };
}

function add(counts: Counts, { headings, code, links, words }: Section): void {
  counts.pages += 1;
  counts.items += 1;
  counts.headings += headings.length;
  counts.code_blocks += code.length;
  for (const block of code) counts.code_characters += [...block].length;
  counts.links += links.length;
  counts.words += words;
}
