/** `page.sitemap`: reads sitemaps and their indexes (https://www.sitemaps.org/protocol.html) without a tree, since they are large. */
import { gunzipSync } from 'node:zlib';
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Sitemap, SitemapEntry } from '../contract/reading.ts';
import { decodeText } from './charset.ts';

/** Twice what the protocol allows a sitemap to be, unpacked. */
const MAX_BYTES = 100 * 1024 * 1024;
/** Twenty times what the protocol allows. */
const MAX_ENTRIES = 1_000_000;
const MAX_URL_CHARS = 8_192;

export interface SitemapSource {
  readonly url: string;
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
}

/** See `Reading.sitemap`. Throws `parse.not_sitemap` and `parse.too_large`. */
export function sitemapOf(source: SitemapSource): Sitemap {
  const { bytes, contentType } = source;
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  // What is inside of a packed file has no content type of its own.
  const text = decodeText(isPacked ? unpacked(source) : bytes, isPacked ? undefined : contentType);
  const reader = new SitemapReader(source, text);
  if (/^\s*(?:<|\ufeff\s*<)/.test(text.slice(0, 1_024))) {
    const tokenizer = new Tokenizer({ xmlMode: true, decodeEntities: true }, reader);
    tokenizer.write(text);
    tokenizer.end();
  } else reader.readLines();
  return reader.result();
}

function unpacked(source: SitemapSource): Uint8Array {
  try {
    return gunzipSync(source.bytes, { maxOutputLength: MAX_BYTES });
  } catch (thrown) {
    if ((thrown as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge(source, `${MAX_BYTES} bytes unpacked`);
    throw notSitemap(
      source,
      `it cannot be unpacked: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      thrown,
    );
  }
}

const ignore = (): void => {};

class SitemapReader implements TokenizerCallbacks {
  readonly #source: SitemapSource;
  readonly #text: string;
  readonly #pages: SitemapEntry[] = [];
  readonly #sitemaps: SitemapEntry[] = [];
  /** What the root element puts before its names: `sm:`, or nothing. Others are of extensions. */
  #prefix: string | undefined;
  #isSitemap = false;
  /** The entry that is open, and which of its elements. */
  #entry: 'url' | 'sitemap' | undefined;
  #element: 'loc' | 'lastmod' | undefined;
  #loc = '';
  #lastmod = '';
  #tag = '';
  readonly onattribdata = ignore;
  readonly onattribentity = ignore;
  readonly onattribend = ignore;
  readonly onattribname = ignore;
  readonly oncomment = ignore;
  readonly ondeclaration = ignore;
  readonly onprocessinginstruction = ignore;
  readonly onend = ignore;

  constructor(source: SitemapSource, text: string) {
    this.#source = source;
    this.#text = text;
  }

  onopentagname(start: number, end: number): void {
    const name = this.#text.slice(start, end);
    if (this.#prefix === undefined) {
      const local = name.slice(name.indexOf(':') + 1);
      this.#prefix = name.slice(0, name.length - local.length);
      this.#isSitemap = local === 'urlset' || local === 'sitemapindex';
    }
    this.#tag = this.#localOf(name);
    if (this.#tag === 'url' || this.#tag === 'sitemap') {
      this.#entry = this.#tag;
      this.#loc = '';
      this.#lastmod = '';
    } else if (this.#entry !== undefined && (this.#tag === 'loc' || this.#tag === 'lastmod')) this.#element = this.#tag;
  }

  onopentagend(): void {}

  onselfclosingtag(): void {
    this.#close(this.#tag);
  }

  onclosetag(start: number, end: number): void {
    this.#close(this.#localOf(this.#text.slice(start, end)));
  }

  ontext(start: number, end: number): void {
    if (this.#element !== undefined) this.#add(this.#text.slice(start, end));
  }

  ontextentity(codePoint: number): void {
    if (this.#element !== undefined) this.#add(String.fromCodePoint(codePoint));
  }

  oncdata(start: number, end: number, endOffset: number): void {
    if (this.#element !== undefined) this.#add(this.#text.slice(start, end - endOffset));
  }

  /** A sitemap that is a text: one address per line. */
  readLines(): void {
    for (let from = 0; from < this.#text.length; ) {
      const next = this.#text.indexOf('\n', from);
      const end = next === -1 ? this.#text.length : next;
      const line = this.#text.slice(from, end).trim();
      from = end + 1;
      if (line === '') continue;
      if (!/^https?:\/\//i.test(line))
        throw notSitemap(this.#source, `it has the line ${JSON.stringify(line.slice(0, 60))}`);
      this.#isSitemap = true;
      this.#keep('url', line, '');
    }
  }

  result(): Sitemap {
    if (!this.#isSitemap)
      throw notSitemap(this.#source, 'it has neither urlset nor sitemapindex, nor addresses line by line');
    return { pages: this.#pages, sitemaps: this.#sitemaps };
  }

  #localOf(name: string): string {
    const prefix = this.#prefix ?? '';
    return name.startsWith(prefix) ? name.slice(prefix.length) : name;
  }

  #add(part: string): void {
    if (this.#element === 'loc') this.#loc += part;
    else this.#lastmod += part;
  }

  #close(name: string): void {
    if (name === this.#element) this.#element = undefined;
    if (name !== this.#entry) return;
    this.#keep(name as 'url' | 'sitemap', this.#loc.trim(), this.#lastmod.trim());
    this.#entry = undefined;
  }

  #keep(kind: 'url' | 'sitemap', loc: string, lastmod: string): void {
    const url = loc === '' || loc.length > MAX_URL_CHARS ? null : URL.parse(loc, this.#source.url);
    if (url === null) return;
    if (this.#pages.length + this.#sitemaps.length >= MAX_ENTRIES)
      throw tooLarge(this.#source, `${MAX_ENTRIES} entries`);
    const modified = lastmod === '' ? Number.NaN : Date.parse(lastmod);
    const entry = { url: url.href, lastModifiedMs: Number.isNaN(modified) ? undefined : modified };
    (kind === 'url' ? this.#pages : this.#sitemaps).push(entry);
  }
}

function notSitemap({ url, contentType }: SitemapSource, why: string, cause?: unknown): CatenaError {
  return new CatenaError('parse.not_sitemap', `${url} is no sitemap: ${why}`, {
    class: 'retryable',
    cause,
    data: { url, contentType: contentType ?? '' },
    remedy: 'check the address; robots.txt names the sitemaps of a site',
  });
}

function tooLarge({ url }: SitemapSource, limit: string): CatenaError {
  return new CatenaError('parse.too_large', `the sitemap ${url} has more than ${limit}`, {
    data: { url, limit },
    remedy: 'read its text or bytes',
  });
}
