/** Decodes the bytes of a page to text. */
import { TextDecoder } from 'node:util';

/** How many bytes of a page are searched for its own declaration, as in browsers. */
const PRESCAN_BYTES = 1_024;

const decoders = new Map<string, TextDecoder>();
const utf8 = new TextDecoder('utf-8');

/**
 * Decodes by the byte order mark, else the charset of the content type, else the declaration in the first 1,024 bytes of
 * HTML or XML, else as UTF-8. An unknown label is ignored; invalid bytes become U+FFFD.
 */
export function decodeText(bytes: Uint8Array, contentType: string | undefined): string {
  return decoderFor(bytes, contentType).decode(bytes);
}

function decoderFor(bytes: Uint8Array, contentType: string | undefined): TextDecoder {
  const marked = markOf(bytes);
  if (marked !== undefined) return marked;
  const declared = contentType === undefined ? undefined : /charset\s*=\s*["']?\s*([^\s"';,]+)/i.exec(contentType)?.[1];
  const byHeader = declared === undefined ? undefined : decoderOf(declared);
  if (byHeader !== undefined) return byHeader;
  if (contentType !== undefined && !/html|xml/i.test(contentType)) return utf8;
  const inPage = declarationIn(bytes);
  return (inPage === undefined ? undefined : decoderOf(inPage)) ?? utf8;
}

function markOf(bytes: Uint8Array): TextDecoder | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return utf8;
  if (first === 0xff && second === 0xfe) return decoderOf('utf-16le');
  if (first === 0xfe && second === 0xff) return decoderOf('utf-16be');
  return undefined;
}

/** The label that the page declares, in `<meta charset>`, `<meta http-equiv>` or the XML declaration. */
function declarationIn(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, PRESCAN_BYTES)).toString(
    'latin1',
  );
  const xml = /^\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([^"']+)/i.exec(head)?.[1];
  const label = xml ?? metaIn(head.replaceAll(/<!--[\s\S]*?-->/g, ''));
  // A page whose declaration is readable as ASCII is not UTF-16, even if it declares that.
  return label !== undefined && /^utf-?16/i.test(label) ? 'utf-8' : label;
}

function metaIn(head: string): string | undefined {
  return /<meta\b[^>]{0,500}?\bcharset\s*=\s*["']?\s*([^\s"'>;/]+)/i.exec(head)?.[1];
}

/** Undefined for an unknown label. Only known labels are stored, so a hostile site cannot fill the map. */
function decoderOf(label: string): TextDecoder | undefined {
  const name = label.toLowerCase();
  const known = decoders.get(name);
  if (known !== undefined) return known;
  try {
    const decoder = new TextDecoder(name);
    decoders.set(name, decoder);
    return decoder;
  } catch {
    return undefined;
  }
}
