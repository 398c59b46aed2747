/** Decodes the bytes of a page to text, by the HTML and the Encoding standard. */
import { createRequire } from 'node:module';
import { TextDecoder } from 'node:util';

/** How many bytes of a page are searched for its own declaration: some pages declare it behind a long script, and browsers find it. */
const PRESCAN_BYTES = 65_536;
/** Where the standard wants the declaration to be. */
const USUAL_BYTES = 1_024;
/** What the search answers when it found nothing: no page can declare it, because the standard reads it as windows-1252 there. */
const NOTHING_FOUND = 'x-user-defined';

const utf8 = new TextDecoder('utf-8');
/** One decoder for each of the standard's encodings that was needed. */
const decoders = new Map<string, Pick<TextDecoder, 'decode'>>([['utf-8', utf8]]);

/**
 * Decodes by the byte order mark, else the charset of the content type, else the declaration in the first 64 KiB of HTML or XML, else
 * as UTF-8. An unknown label is ignored; invalid bytes become U+FFFD.
 */
export function decodeText(bytes: Uint8Array, contentType: string | undefined): string {
  return decoderFor(bytes, contentType).decode(bytes);
}

function decoderFor(bytes: Uint8Array, contentType: string | undefined): Pick<TextDecoder, 'decode'> {
  const marked = markOf(bytes);
  if (marked !== undefined) return decoderOf(marked);
  const byHeader = contentType === undefined ? undefined : encodingIn(contentType);
  if (byHeader !== undefined) return decoderOf(byHeader);
  if (contentType !== undefined && !/html|xml/i.test(contentType)) return utf8;
  return decoderOf(declaredIn(bytes));
}

function markOf([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return undefined;
}

/** The encoding of a content type, read in one pass: a header may be long and hostile. */
function encodingIn(contentType: string): string | undefined {
  for (const parameter of contentType.split(/[;,]/)) {
    const equals = parameter.indexOf('=');
    if (equals === -1 || parameter.slice(0, equals).trim().toLowerCase() !== 'charset') continue;
    const label = unquoted(parameter.slice(equals + 1).trim());
    const name = label === '' ? undefined : nameOf(label);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Some servers quote with `'`, and some forget the second quote. */
function unquoted(text: string): string {
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return text;
  const end = text.indexOf(quote, 1);
  return (end === -1 ? text.slice(1) : text.slice(1, end)).trim();
}

/** The encoding that the page declares, in `<meta charset>`, `<meta http-equiv>` or the XML declaration; UTF-8 without one. */
function declaredIn(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, PRESCAN_BYTES));
  // Most pages declare nothing, or at their beginning. The search itself reads all that it is given, and costs more than a parse.
  if (!/charset|encoding|^<\0|^\0</i.test(head.toString('latin1'))) return 'utf-8';
  const usual = head.subarray(0, head.lastIndexOf('>', USUAL_BYTES) + 1);
  return searched(usual) ?? searched(head) ?? 'utf-8';
}

function searched(head: Buffer): string | undefined {
  const label = sniffer().getEncoding(head, { maxBytes: PRESCAN_BYTES, defaultEncoding: NOTHING_FOUND });
  return label === NOTHING_FOUND ? undefined : nameOf(label);
}

/** The name of the encoding that a label means. */
function nameOf(label: string): string | undefined {
  return standard().normalizeEncoding(label) ?? undefined;
}

/** Node's decoders of these follow other tables than the standard, and read thousands of characters as others than browsers do. */
const WRONG_IN_NODE = new Set(['big5', 'euc-jp', 'euc-kr', 'iso-2022-jp', 'shift_jis']);

function decoderOf(name: string): Pick<TextDecoder, 'decode'> {
  const known = decoders.get(name);
  if (known !== undefined) return known;
  const decoder = newDecoder(name);
  decoders.set(name, decoder);
  return decoder;
}

function newDecoder(name: string): Pick<TextDecoder, 'decode'> {
  // Encodings by which a page could smuggle markup past a reader of ASCII: the standard reads nothing of them.
  if (name === 'replacement') return { decode: (bytes) => (bytes?.byteLength === 0 ? '' : '\ufffd') };
  return WRONG_IN_NODE.has(name) ? new (standard().TextDecoder)(name) : new TextDecoder(name);
}

const require = createRequire(import.meta.url);

/** Both are loaded on first use: most programs never need them. */
let loadedSniffer: typeof import('encoding-sniffer') | undefined;
let loadedStandard: typeof import('@exodus/bytes/encoding.js') | undefined;

function sniffer(): typeof import('encoding-sniffer') {
  loadedSniffer ??= require('encoding-sniffer') as typeof import('encoding-sniffer');
  return loadedSniffer;
}

function standard(): typeof import('@exodus/bytes/encoding.js') {
  loadedStandard ??= require('@exodus/bytes/encoding.js') as typeof import('@exodus/bytes/encoding.js');
  return loadedStandard;
}
