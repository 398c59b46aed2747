/**
 * HTML as values. What stands between the backticks of {@link html} is markup; what is put in is text, and is escaped, unless
 * it was itself made by `html`. So there is one place that escapes, and nothing reaches a page beside it.
 */

const MARKUP: unique symbol = Symbol('markup');

/** A piece of a page. JSON can hold nothing that passes for one. */
export interface Markup {
  readonly [MARKUP]: string;
}

/** What may be put into markup. Null, undefined and false are nothing. */
export type Content = Markup | string | number | null | undefined | false | readonly Content[];

/** Markup with values in it: between tags, or between the quotes of an attribute. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  const text = parts.reduce((done, part, index) => done + render(values[index - 1]) + part);
  return { [MARKUP]: text };
}

/** The markup as text, to be written to a file. */
export function textOf(markup: Markup): string {
  return markup[MARKUP];
}

function render(content: Content): string {
  if (content === null || content === undefined || content === false) return '';
  if (typeof content === 'string') return escapeText(content);
  if (typeof content === 'number') return escapeText(String(content));
  if (isList(content)) return content.map(render).join('');
  return content[MARKUP];
}

function isList(content: Markup | readonly Content[]): content is readonly Content[] {
  return Array.isArray(content);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Characters that no page may hold, or that only a terminal understands. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced.
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** Text as it may stand between tags and between quotes of either kind. */
export function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(CONTROLS, '\ufffd')
    .replace(/[&<>"'`]/g, (char) => ENTITIES[char] ?? '');
}

/** Foreign words within a sentence: whatever direction they are written in, they turn nothing around them. */
export function foreign(text: string): Markup {
  return html`<bdi>${text}</bdi>`;
}

/** A link for an address of the web; anything else is shown and leads nowhere. */
export function link(url: string, text: string = url): Markup {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return foreign(text);
  return html`<a href="${parsed.href}" rel="noopener noreferrer nofollow"><bdi>${text}</bdi></a>`;
}
