/**
 * Percent-encodes some characters of a text, so that it fits between separators and stays readable.
 *
 * `reserved` is a global, Unicode regular expression of single characters; it must match `%`, or the encoding is
 * ambiguous. A character becomes its UTF-8 bytes; a lone surrogate has none, and becomes the bytes of its code unit.
 */
export function percentEncode(text: string, reserved: RegExp): string {
  return text.replace(reserved, encodeCharacter);
}

function encodeCharacter(character: string): string {
  const unit = character.charCodeAt(0);
  const bytes = character.isWellFormed() ? Buffer.from(character) : Buffer.from([unit >> 8, unit & 0xff]);
  let encoded = '';
  for (const byte of bytes) encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return encoded;
}
