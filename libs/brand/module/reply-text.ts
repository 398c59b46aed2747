import { isUtf8 } from 'node:buffer';
import type { Page } from '../../modules/contract/definition.ts';

/** Not a character that was sent: what a decoder writes where bytes make none. */
const REPLACEMENT = '\uFFFD';
/** The longest character in UTF-8, less one byte. */
const MAX_CUT_BYTES = 3;

/**
 * The text of a reply; undefined when its bytes are not text in any charset that it can claim. JSON and event streams are
 * UTF-8 by their standards, so bytes that are valid as that are read as that, whatever was declared (no text in GBK is, but
 * for chance); others are what was declared, and no guess: a guess that is wrong would be counted as an answer.
 */
export function replyText(page: Page): string | undefined {
  const bytes = page.partial ? wholeCharacters(page.bytes) : page.bytes;
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  return page.text.includes(REPLACEMENT) ? undefined : page.text;
}

/** Without the beginning of a character whose rest was cut off. */
function wholeCharacters(bytes: Uint8Array): Uint8Array {
  for (let cut = 0; cut <= Math.min(MAX_CUT_BYTES, bytes.length); cut += 1) {
    const rest = bytes.subarray(0, bytes.length - cut);
    if (isUtf8(rest)) return rest;
  }
  return bytes;
}
