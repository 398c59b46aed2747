import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecretEchoes } from './secret-echoes.ts';

const SECRET = 'p/s "s&\\ wörd+\'<1>';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const withEscapes = (text: string) =>
  JSON.stringify(text).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

function clean(text: string, secret = SECRET): string {
  const bytes = new SecretEchoes([secret]).removedFromBytes(Buffer.from(text));
  return Buffer.from(bytes).toString();
}

describe('S9: a secret that comes back', () => {
  it.each([
    ['as it is', SECRET],
    ['in a URL', encodeURIComponent(SECRET)],
    ['in a URL in small letters', encodeURIComponent(SECRET).replace(/%../g, (found) => found.toLowerCase())],
    ['in a form', new URLSearchParams({ k: SECRET }).toString().slice(2)],
    ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['in JSON with escaped slashes', JSON.stringify(SECRET).slice(1, -1).replaceAll('/', '\\/')],
    ['in JSON of ASCII', withEscapes(SECRET).slice(1, -1)],
    ['in HTML', SECRET.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')],
    [
      'in an attribute',
      SECRET.replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&#39;'),
    ],
    ['in hexadecimal digits', Buffer.from(SECRET).toString('hex')],
  ])('%s is taken out', (_how, echo) => {
    expect(clean(`{"key":"${echo}","rest":1}`)).toBe('{"key":"[secret]","rest":1}');
  });

  it.each(['', 'u', 'us', 'user:', 'user12:'])('in base64 behind %j is taken out, whatever follows', (before) => {
    for (const after of ['', '!', '@x', ' and more']) {
      for (const encoding of ['base64', 'base64url'] as const) {
        const echo = Buffer.from(before + SECRET + after).toString(encoding);
        expect(clean(echo)).toContain('[secret]');
        const left = Buffer.from(clean(echo).replace('[secret]', ''), encoding).toString('latin1');
        expect(left).not.toContain('wö');
      }
    }
  });

  it('is taken out of bytes that are no text, which stay as they are', () => {
    const bytes = Buffer.concat([Buffer.from([0, 255, 128]), Buffer.from(SECRET), Buffer.from([254, 1])]);
    const rest = Buffer.from(new SecretEchoes([SECRET]).removedFromBytes(bytes));
    expect(rest).toEqual(Buffer.concat([Buffer.from([0, 255, 128]), Buffer.from('[secret]'), Buffer.from([254, 1])]));
    const other = Buffer.from([0, 255, 128, 65]);
    expect(new SecretEchoes([SECRET]).removedFromBytes(other)).toBe(other);
  });

  it('is taken out as a whole when another secret is a part of it', () => {
    const echoes = new SecretEchoes(['abcdefgh', 'abcdefgh-and-more']);
    expect(echoes.removedFrom('x abcdefgh-and-more y abcdefgh z')).toBe('x [secret] y [secret] z');
  });

  it('is found whatever its characters are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 8, maxLength: 40 }), (secret) => {
        fc.pre(Buffer.from(secret).length >= 8 && !'[secret]'.includes(secret));
        for (const echo of [secret, encodeURIComponent(secret), JSON.stringify(secret), base64(secret)]) {
          expect(clean(echo, secret)).toContain('[secret]');
        }
      }),
    );
  });
});
