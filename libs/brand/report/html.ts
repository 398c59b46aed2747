/**
 * HTML as values. The literal parts of an {@link html} template are markup; inserted values are text and are escaped, unless
 * they were created by `html`. So escaping happens in one place, and no text reaches a page without it.
 */

const MARKUP: unique symbol = Symbol('markup');

/** A piece of a page. It is a class, so that a value from JSON can never be one. */
export interface Markup {
  readonly [MARKUP]: string;
}

/** The values that may be inserted into markup. Null, undefined and false insert nothing. */
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

/** Characters that are not allowed in a page, or are meant for terminals only. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced.
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** Text that is safe between tags and in quotes of either kind. */
export function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(CONTROLS, '\ufffd')
    .replace(/[&<>"'`]/g, (char) => ENTITIES[char] ?? '');
}

/** Isolates foreign words in a sentence, so that their writing direction does not affect the text around them. */
export function foreign(text: string): Markup {
  return html`<bdi>${text}</bdi>`;
}

/** A link for a web address; any other text is shown without a link. */
export function link(url: string, text: string = url): Markup {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return foreign(text);
  return html`<a href="${parsed.href}" rel="noopener noreferrer nofollow"><bdi>${text}</bdi></a>`;
}
