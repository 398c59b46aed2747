import { isUtf8 } from 'node:buffer';
import type { Page } from '../../modules/contract/definition.ts';

/** The replacement character, which a decoder writes for invalid bytes. */
const REPLACEMENT = '\uFFFD';
/** The length of the longest UTF-8 character, less one byte. */
const MAX_CUT_BYTES = 3;

/** What is read of a reply, whole or as far as it has come. */
export type ReceivedPage = Pick<Page, 'url' | 'status' | 'headers' | 'bytes' | 'text' | 'partial' | 'elapsedMs'>;

/**
 * The text of a reply; undefined when its bytes are not text in any charset that it can claim. JSON and event streams are
 * UTF-8 by their standards, so bytes that are valid UTF-8 are decoded as UTF-8, whatever was declared (GBK text is almost never
 * valid UTF-8). Other bytes are decoded as declared, without a guess: a wrong guess would be counted as an answer.
 */
export function replyText(page: Pick<ReceivedPage, 'bytes' | 'text' | 'partial'>): string | undefined {
  const bytes = page.partial ? wholeCharacters(page.bytes) : page.bytes;
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  return page.text.includes(REPLACEMENT) ? undefined : page.text;
}

/** Removes an incomplete character at the end. */
function wholeCharacters(bytes: Uint8Array): Uint8Array {
  for (let cut = 0; cut <= Math.min(MAX_CUT_BYTES, bytes.length); cut += 1) {
    const rest = bytes.subarray(0, bytes.length - cut);
    if (isUtf8(rest)) return rest;
  }
  return bytes;
}
