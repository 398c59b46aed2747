/** A downloaded page with its views for authors; each is created once, on first use. */
import type { CheerioAPI } from 'cheerio/slim';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Page, PageSource } from '../contract/definition.ts';
import type { Extracted, FieldFill, Fields, FormOptions, LinkOptions, PageForm, Sitemap } from '../contract/reading.ts';
import { isBinary } from './binary.ts';
import { decodeText } from './charset.ts';
import { type ExtractedPage, extract, Fills } from './extract.ts';
import { formOf } from './form.ts';
import { parseJson } from './json.ts';
import { type LinkingPage, linksOf } from './links.ts';
import { readNumber } from './number.ts';
import { DocumentMemory, queryOf } from './query.ts';
import { compileSelector } from './select/compile.ts';
import { findInside } from './select/find.ts';
import { sitemapOf } from './sitemap.ts';
import { buildSpecTree } from './spec-tree.ts';
import { buildTree, type Tree } from './tree.ts';

/** `fast`: htmlparser2. `spec`: parse5, the same tree as in a browser, at about a third of the speed. */
export type Markup = 'fast' | 'spec' | 'xml';

/** Content types that are never markup: `$` on them would match nothing and look like an empty page. */
const NEVER_MARKUP =
  /^\s*(?:(?:image\/(?!svg)|audio\/|video\/|font\/)|application\/(?:[\w.-]+\+)?(?:json|pdf|zip|gzip|octet-stream)\b)/i;
const XML = /^\s*(?:application|text)\/(?!xhtml)(?:[\w.-]+\+)?xml\b/i;
const EXCERPT_CHARS = 40;

export class SourcePage implements Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly partial: boolean;
  readonly elapsedMs: number;
  readonly fromCache: boolean;
  /** See {@link PageSource.undecoded}. */
  readonly undecoded: string | undefined;
  readonly #body: Uint8Array;
  readonly #markup: Markup;
  #text: string | undefined;
  #json: { readonly value: unknown } | undefined;
  #tree: Tree | undefined;
  #isSpec = false;
  #baseUrl: string | undefined;
  readonly #fills = new Fills();
  readonly #memory = new DocumentMemory();
  #query: CheerioAPI | undefined;

  constructor(source: PageSource, markup: Markup) {
    this.url = source.url;
    this.status = source.status;
    this.headers = source.headers;
    this.#body = source.body;
    this.partial = source.partial ?? false;
    this.elapsedMs = source.elapsedMs ?? 0;
    this.fromCache = source.fromCache ?? false;
    this.undecoded = source.undecoded;
    this.#markup = markup;
  }

  get bytes(): Uint8Array {
    return this.#body;
  }

  get text(): string {
    this.#text ??= decodeText(this.#body, this.headers['content-type']);
    return this.#text;
  }

  get json(): unknown {
    this.#json ??= { value: this.#parseJson() };
    return this.#json.value;
  }

  get $(): CheerioAPI {
    if (this.#query === undefined) {
      const { document } = this.#parsed();
      this.#query = queryOf(document, this.#memory, { baseURI: this.#base(), xml: this.#isXml(), spec: this.#isSpec });
    }
    return this.#query;
  }

  /** Whether any element matches a selector; the search stops at the first. */
  has(selector: string): boolean {
    const { document } = this.#parsed();
    return findInside([document], compileSelector(selector, this.#isXml()), this.#memory.current, 1).length > 0;
  }

  get flattenedNodes(): number {
    return this.#tree?.flattened ?? 0;
  }

  /** The address against which links are resolved: that of the first `base` element with one, else the page's. */
  #base(): string {
    this.#baseUrl ??= baseOf(this.#parsed().base, this.url);
    return this.#baseUrl;
  }

  extract<const Declared extends Fields>(fields: Declared): Extracted<Declared> {
    return extract(this.#reading(), fields) as Extracted<Declared>;
  }

  get fills(): readonly FieldFill[] {
    return this.#fills.all;
  }

  links(options?: LinkOptions): string[] {
    return linksOf(this.#reading(), options);
  }

  form(selector?: string, options?: FormOptions): PageForm {
    return formOf(this.#reading(), selector, options);
  }

  sitemap(): Sitemap {
    const { url } = this;
    return sitemapOf({ url, bytes: this.bytes, contentType: this.headers['content-type'] });
  }

  resolve(text: string): string {
    const url = URL.parse(text, this.#base());
    if (url === null) throw notAnAddress(this, text);
    return url.href;
  }

  number(text: string, locale?: string): number {
    return readNumber(text, locale);
  }

  #reading(): ExtractedPage & LinkingPage {
    const { document } = this.#parsed();
    const { current: memory } = this.#memory;
    const resolve = (text: string): string => this.resolve(text);
    return { document, memory, xml: this.#isXml(), fills: this.#fills, url: this.url, base: this.#base(), resolve };
  }

  #isXml(): boolean {
    const contentType = this.headers['content-type'];
    return this.#markup === 'xml' || (contentType !== undefined && XML.test(contentType));
  }

  #parsed(): Tree {
    this.#tree ??= this.#parseMarkup();
    return this.#tree;
  }

  #parseMarkup(): Tree {
    const contentType = this.headers['content-type'];
    if (contentType !== undefined && NEVER_MARKUP.test(contentType))
      throw notMarkup(this, `its type is ${contentType}`);
    if (isBinary(this.#body, contentType)) throw notMarkup(this, 'it is binary');
    const { text } = this;
    if (this.#markup !== 'spec') return buildTree(text, this.#isXml());
    const tree = buildSpecTree(text);
    this.#isSpec = tree !== undefined;
    return tree ?? buildTree(text);
  }

  #parseJson(): unknown {
    try {
      return parseJson(this.text);
    } catch (thrown) {
      throw notJson(this, thrown);
    }
  }
}

/** What a `base` element may not be, a browser takes for no address at all. */
function baseOf(href: string | undefined, pageUrl: string): string {
  const url = href === undefined ? null : URL.parse(href, pageUrl);
  return url === null || url.protocol === 'data:' || url.protocol === 'javascript:' ? pageUrl : url.href;
}

function notAnAddress(page: Page, text: unknown): CatenaError {
  const written = String(text).slice(0, EXCERPT_CHARS);
  return new CatenaError('parse.not_a_url', `${JSON.stringify(written)} on ${page.url} is no address`, {
    class: 'retryable',
    data: { url: page.url, text: written },
  });
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
