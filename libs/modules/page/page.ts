/** A downloaded page with its views for authors; each is created once, on first use. */
import { createRequire } from 'node:module';
import { type CheerioAPI, load } from 'cheerio/slim';
import { compile, selectOne } from 'css-select';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Page, PageSource } from '../contract/definition.ts';
import { decodeText } from './charset.ts';

/** `fast`: htmlparser2. `spec`: parse5, the same tree as in a browser, at about a third of the speed. */
export type Markup = 'fast' | 'spec' | 'xml';

/** Content types that are never markup: `$` on them would match nothing and look like an empty page. */
const NEVER_MARKUP =
  /^\s*(?:(?:image\/(?!svg)|audio\/|video\/|font\/)|application\/(?:[\w.-]+\+)?(?:json|pdf|zip|gzip|octet-stream)\b)/i;
const XML = /^\s*(?:application|text)\/(?!xhtml)(?:[\w.-]+\+)?xml\b/i;
const SNIFF_CHARS = 512;
const EXCERPT_CHARS = 40;

export class SourcePage implements Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  readonly partial: boolean;
  readonly elapsedMs: number;
  readonly fromCache: boolean;
  readonly #markup: Markup;
  #text: string | undefined;
  #json: { readonly value: unknown } | undefined;
  #query: CheerioAPI | undefined;

  constructor(source: PageSource, markup: Markup) {
    this.url = source.url;
    this.status = source.status;
    this.headers = source.headers;
    this.bytes = source.body;
    this.partial = source.partial ?? false;
    this.elapsedMs = source.elapsedMs ?? 0;
    this.fromCache = source.fromCache ?? false;
    this.#markup = markup;
  }

  get text(): string {
    this.#text ??= decodeText(this.bytes, this.headers['content-type']);
    return this.#text;
  }

  get json(): unknown {
    this.#json ??= { value: this.#parseJson() };
    return this.#json.value;
  }

  get $(): CheerioAPI {
    this.#query ??= this.#parseMarkup();
    return this.#query;
  }

  /** Whether any element matches a selector. It stops at the first match, and compiles each selector once per process. */
  has(selector: string): boolean {
    const { $ } = this;
    const test = this.#isXml() ? undefined : compiled(selector);
    return test === undefined ? $(selector).length > 0 : selectOne(test, $.root().toArray()) !== null;
  }

  #isXml(): boolean {
    const contentType = this.headers['content-type'];
    return this.#markup === 'xml' || (contentType !== undefined && XML.test(contentType));
  }

  #parseMarkup(): CheerioAPI {
    const contentType = this.headers['content-type'];
    if (contentType !== undefined && NEVER_MARKUP.test(contentType))
      throw notMarkup(this, `its type is ${contentType}`);
    const text = this.text;
    if (text.lastIndexOf('\0', SNIFF_CHARS) !== -1) throw notMarkup(this, 'it is binary');
    const options = { baseURI: this.url };
    if (this.#markup === 'spec') return loadBySpec()(text, options);
    return load(text, this.#isXml() ? { ...options, xml: true } : options);
  }

  #parseJson(): unknown {
    try {
      return JSON.parse(this.text);
    } catch (thrown) {
      throw notJson(this, thrown);
    }
  }
}

let bySpec: typeof load | undefined;

/** The full cheerio with parse5, loaded on first use: most programs never need it. */
function loadBySpec(): typeof load {
  bySpec ??= (createRequire(import.meta.url)('cheerio') as { load: typeof load }).load;
  return bySpec;
}

function notMarkup(page: Page, why: string): CatenaError {
  return new CatenaError('parse.not_markup', `the page ${page.url} cannot be read as HTML or XML: ${why}`, {
    class: 'retryable',
    data: { url: page.url, contentType: page.headers['content-type'] ?? '', bytes: page.bytes.byteLength },
    remedy: 'read it as text, json or bytes, or refuse such pages with expect',
  });
}

function notJson(page: Page, thrown: unknown): CatenaError {
  const { text } = page;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  // The message of JSON.parse has the position, unless the text ends too early.
  const position = Number(/ at position (\d+)/.exec(reason)?.[1] ?? text.length);
  const excerpt = text.slice(Math.max(0, position - EXCERPT_CHARS / 2), position + EXCERPT_CHARS / 2);
  const contentType = page.headers['content-type'] ?? '';
  return new CatenaError(
    'parse.not_json',
    `the page ${page.url} is not JSON: at position ${position} of ${text.length}, near ${JSON.stringify(excerpt)}`,
    { class: 'retryable', cause: thrown, data: { url: page.url, position, excerpt, contentType } },
  );
}

type Test = ReturnType<typeof compile>;

/** Selectors come from contracts, so they are few; if a program creates them at run time, the cache is emptied at this size. */
const MAX_KEPT = 1_000;
const kept = new Map<string, Test | undefined>();

/** The compiled selector for HTML; undefined for a selector that only cheerio's extensions support. */
export function compiled(selector: string): Test | undefined {
  if (kept.has(selector)) return kept.get(selector);
  if (kept.size >= MAX_KEPT) kept.clear();
  const test = tryCompile(selector);
  kept.set(selector, test);
  return test;
}

function tryCompile(selector: string): Test | undefined {
  try {
    return compile(selector);
  } catch {
    return undefined;
  }
}
