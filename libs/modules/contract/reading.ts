/** What authors declare to read a page, and what they get: fields, links, forms, sitemaps. */
import type { RequestSpec } from './request.ts';

/** What a {@link Reader} may ask of the page. */
export interface ReadingPlace {
  /** The address of the page, after redirects. */
  readonly url: string;
  /** An absolute address; relative ones are resolved against the page's `base` element, else its address. */
  resolve(text: string): string;
}

/** Makes a value of a text. It throws for a text that it cannot read: the page then fails with the field's name. */
export type Reader<Value> = (text: string, place: ReadingPlace) => Value;

/** Where a field is found, and what is done when it is not. */
interface FoundField {
  /** A CSS selector; the first match counts, in a list every match. Without it: the element of the record itself. */
  readonly select?: string;
  /** The value is undefined if nothing matches. Without this and without `default`, the page then fails as `parse.missing_fields`. */
  readonly optional?: true;
  /** The value if nothing matches. */
  readonly default?: unknown;
}

/** A field with one value: the text of an element, or an attribute. */
export interface ValueField extends FoundField {
  /** The attribute to read in place of the text; an element without it counts as no match. */
  readonly attr?: string;
  /** Keeps the text as it stands. Without this, white space at the ends is cut and any other is one blank. */
  readonly raw?: true;
  /** Converts the text: {@link number}, {@link url}, or any function. */
  readonly as?: Reader<unknown>;
  readonly fields?: undefined;
}

/** A field with fields of its own, which are looked for inside of the element. */
export interface RecordField extends FoundField {
  readonly fields: Fields;
  readonly attr?: undefined;
  readonly as?: undefined;
  readonly raw?: undefined;
}

type OneField = string | ValueField | RecordField;

/** A field: a selector, whose text is the value; a {@link ValueField} or {@link RecordField}; or a list `[field]` with a value for each match. */
export type Field = OneField | readonly [OneField];

/** The fields that `page.extract` reads, by name. */
export interface Fields {
  readonly [name: string]: Field;
}

/**
 * What `page.extract` returns for a declaration.
 *
 * @example
 * ```ts
 * import { type Extracted, number } from 'catena';
 *
 * const fields = {
 *   title: 'h1',
 *   price: { select: '.price', as: number('de') },
 *   rating: { select: '.rating', as: number(), default: null },
 *   offers: [{ select: '.offer', fields: { shop: 'b' } }],
 * } as const;
 *
 * export const product: Extracted<typeof fields> = {
 *   title: 'Lamp',
 *   price: 1234.5,
 *   rating: null,
 *   offers: [{ shop: 'Lights' }],
 * };
 * ```
 */
export type Extracted<Declared extends Fields> = {
  -readonly [Name in keyof Declared]: FieldResult<Declared[Name]>;
};

type FieldResult<Declared> = Declared extends readonly [infer One]
  ? Found<One>[]
  : Declared extends string
    ? string
    : Found<Declared> | Absent<Declared>;

type Found<Declared> = Declared extends { readonly fields: infer Inner extends Fields }
  ? Extracted<Inner>
  : Declared extends { readonly as: (...given: never) => infer Value }
    ? Value
    : string;

type Absent<Declared> = Declared extends { readonly default: infer Value }
  ? Value
  : Declared extends { readonly optional: true }
    ? undefined
    : never;

/** How often a field of `page.extract` was looked for, and found. */
export interface FieldFill {
  /** The field with the names of the fields around it: `offers[].shop`. */
  readonly field: string;
  readonly asked: number;
  readonly found: number;
}

/** Which links `page.links` returns; all that are left out do not restrict. */
export interface LinkOptions {
  /** A selector: only links inside of its matches. */
  readonly within?: string;
  /** The absolute address must match: an expression, or a function that accepts it. */
  readonly match?: RegExp | ((url: URL) => boolean);
  /** Only links to the registrable domain of the page: `www.shop.co.uk` and `shop.co.uk` are one site. */
  readonly sameSite?: boolean;
}

export interface FormOptions {
  /** A selector of the button that is pressed. Default: the first one of the form, as when a person presses Enter; `false`: none. */
  readonly submit?: string | false;
}

/** A form as a browser would send it. */
export interface PageForm {
  /** The absolute address that it is sent to. */
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** Names and values in the order of the page, a name as often as it is sent. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The request that sends the form with other values: each replaces all of its name, or is added. It is JSON, so a state can carry it. */
  request(values?: Readonly<Record<string, string>>): RequestSpec;
}

/** An address in a sitemap. */
export interface SitemapEntry {
  readonly url: string;
  /** When it was last changed, in Unix milliseconds; undefined if the sitemap does not say so, or says no date. */
  readonly lastModifiedMs: number | undefined;
}

/** What a sitemap lists: pages, or other sitemaps if it is an index. */
export interface Sitemap {
  readonly pages: readonly SitemapEntry[];
  readonly sitemaps: readonly SitemapEntry[];
}

/** How a page is read besides its views; the same functions are among the arguments of `parse`. */
export interface Reading {
  /**
   * Reads fields by selectors, much faster than `$` does; see {@link Fields}. A declaration is compiled once. Throws
   * `parse.missing_fields` if fields that are neither optional nor have a default match nothing, `parse.wrong_field` if a value cannot be
   * read, and `module.wrong_fields` for a declaration that is wrong.
   */
  extract<const Declared extends Fields>(fields: Declared): Extracted<Declared>;
  /**
   * The absolute addresses of the page's links (`a`, `area`) to web pages, in order, each once, without fragments. They are
   * resolved against the `base` element.
   */
  links(options?: LinkOptions): string[];
  /** The first form that a selector matches; default: the first form. Throws `parse.no_form`. */
  form(selector?: string, options?: FormOptions): PageForm;
  /**
   * The entries of a sitemap, plain or compressed with gzip: XML, or a text with one address per line. Throws `parse.not_sitemap`, and
   * `parse.too_large` for one that is larger than sitemaps may be.
   */
  sitemap(): Sitemap;
  /** An absolute address; relative ones are resolved against the `base` element, else the page's address. Throws `parse.not_a_url`. */
  resolve(text: string): string;
  /**
   * The number that a text is: with the separators of a locale (default `en`), with or without a currency. Throws `parse.not_a_number`
   * for what is no number in that locale.
   */
  number(text: string, locale?: string): number;
}
