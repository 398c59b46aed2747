/** Tells files of other kinds from pages, by their first bytes: servers call anything a page, and say nothing of much. */

/** How the files begin that sites send in place of pages. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the bytes that are meant.
const SIGNATURES = /^(?:\x89PNG|\xff\xd8\xff|GIF8[79]a|%PDF-|PK\x03\x04|\x1f\x8b\x08|RIFF[\s\S]{4}WEBP|\0\0\x01\0)/;
const SNIFF_BYTES = 512;
/** Bytes of no text (https://mimesniff.spec.whatwg.org/#binary-data-byte), but for NUL, which stands in pages too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are meant.
const BINARY = /[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f]/;
const MARKUP = /^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*</;

/**
 * Whether bytes are no page. With a content type that says page only a known signature counts; without one also bytes that no text has,
 * unless it begins with a tag.
 */
export function isBinary(bytes: Uint8Array, contentType: string | undefined): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, SNIFF_BYTES)).toString('latin1');
  if (SIGNATURES.test(head)) return true;
  return contentType === undefined && !MARKUP.test(head) && (BINARY.test(head) || head.includes('\0'));
}
