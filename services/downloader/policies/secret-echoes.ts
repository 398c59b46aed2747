/** Finds secrets in what a server sends back, in the encodings in which servers repeat what they were sent. */

const TAKEN_OUT = '[secret]';
/** A part of a secret that is shorter would match by chance. */
const MIN_CHARS = 8;

const SYNTAX = /[\\^$.*+?()[\]{}|]/g;

/** Takes some secrets out of texts and bytes. */
export class SecretEchoes {
  readonly #pattern: RegExp;

  constructor(secrets: readonly string[]) {
    const spellings = new Set(secrets.flatMap(spellingsOf).filter((spelling) => spelling.length >= MIN_CHARS));
    // The longest first: a shorter spelling may be a part of it.
    const longestFirst = [...spellings].sort((one, other) => other.length - one.length);
    this.#pattern = new RegExp(longestFirst.map((spelling) => spelling.replace(SYNTAX, '\\$&')).join('|'), 'g');
  }

  /** A text whose characters are bytes, as those of headers are. */
  removedFrom(text: string): string {
    return text.replace(this.#pattern, TAKEN_OUT);
  }

  /** The same bytes, if they have none. */
  removedFromBytes(bytes: Uint8Array): Uint8Array {
    // Latin-1 preserves all bytes.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const clean = this.removedFrom(text);
    return clean === text ? bytes : Buffer.from(clean, 'latin1');
  }
}

/** A secret as it is, in URLs and forms, in JSON, in HTML, in base64 and in hexadecimal digits; each character is a byte. */
function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const inUrl = encodeURIComponent(secret.toWellFormed());
  const inForm = new URLSearchParams({ '': secret }).toString().slice(1);
  const inJson = JSON.stringify(secret).slice(1, -1);
  const hex = bytes.toString('hex');
  const texts = [
    secret,
    ...[inUrl, inForm].flatMap((text) => [text, text.replace(/%[\dA-F]{2}/g, (found) => found.toLowerCase())]),
    ...[inJson, escapedBeyondAscii(inJson)].flatMap((text) => [text, text.replaceAll('/', '\\/')]),
    ...inHtml(secret),
    ...[hex, hex.toUpperCase()],
    ...[0, 1, 2].flatMap((offset) => inBase64(bytes, offset)),
  ];
  return texts.map((text) => Buffer.from(text).toString('latin1'));
}

function escapedBeyondAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function inHtml(secret: string): string[] {
  const usual = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quoted = usual.replaceAll('"', '&quot;');
  return [usual, quoted, ...['&#39;', '&#x27;', '&apos;'].map((quote) => quoted.replaceAll("'", quote))];
}

/** The characters that a secret has for sure in base64, when so many other bytes stand before it. */
function inBase64(bytes: Buffer, offset: number): string[] {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor(((offset + bytes.length) * 8) / 6);
  const certain = encoded.slice(first, last);
  return [certain, certain.replaceAll('+', '-').replaceAll('/', '_')];
}
