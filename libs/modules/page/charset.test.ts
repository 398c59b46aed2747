import { describe, expect, it } from 'vitest';
import { decodeText } from './charset.ts';

const CAFE_LATIN1 = Buffer.from('caf\xe9', 'latin1');
const withHead = (head: string, body: Buffer) => Buffer.concat([Buffer.from(head, 'latin1'), body]);

describe('the text of a page', () => {
  it('is UTF-8 if nothing says otherwise', () => {
    expect(decodeText(Buffer.from('Käse 平'), undefined)).toBe('Käse 平');
    expect(decodeText(Buffer.from('Käse 平'), 'text/html')).toBe('Käse 平');
  });

  it.each(['text/html; charset=ISO-8859-1', 'text/plain;charset="latin1"', "text/html; Charset = 'windows-1252'"])(
    'follows the content type %s',
    (contentType) => {
      expect(decodeText(CAFE_LATIN1, contentType)).toBe('café');
    },
  );

  it('follows a byte order mark before the content type', () => {
    expect(decodeText(Buffer.from('\ufeffKäse'), 'text/html; charset=iso-8859-1')).toBe('Käse');
    expect(decodeText(Buffer.from('\ufeffKäse', 'utf16le'), 'text/html; charset=utf-8')).toBe('Käse');
    expect(decodeText(Buffer.from('\ufeffKäse', 'utf16le').swap16(), undefined)).toBe('Käse');
  });

  it.each([
    '<meta charset=iso-8859-1>',
    '<META CHARSET="ISO-8859-1"/>',
    '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">',
    '<?xml version="1.0" encoding="ISO-8859-1"?>',
    '<!-- <meta charset="utf-8"> --><meta charset="iso-8859-1">',
  ])('follows the declaration %s', (head) => {
    expect(decodeText(withHead(head, CAFE_LATIN1), 'text/html')).toBe(`${head}café`);
  });

  it('does not look for a declaration behind 1,024 bytes, nor in what is no markup', () => {
    const meta = '<meta charset=iso-8859-1>';
    expect(decodeText(withHead(' '.repeat(1_024) + meta, CAFE_LATIN1), 'text/html')).toContain('caf\ufffd');
    expect(decodeText(withHead(meta, CAFE_LATIN1), 'application/json')).toContain('caf\ufffd');
  });

  it('passes over labels that nobody knows', () => {
    expect(decodeText(Buffer.from('Käse'), 'text/html; charset=klingon')).toBe('Käse');
    expect(decodeText(withHead('<meta charset=klingon>', Buffer.from('Käse')), undefined)).toContain('Käse');
    expect(decodeText(withHead('<meta charset=latin1>', CAFE_LATIN1), 'text/html; charset=')).toContain('café');
  });

  it('does not believe an ASCII page that calls itself UTF-16', () => {
    expect(decodeText(Buffer.from('<meta charset="utf-16">Käse'), 'text/html')).toContain('Käse');
  });

  it('decodes part of a larger buffer, and nothing at all', () => {
    expect(decodeText(Buffer.from('xxKäse').subarray(2), undefined)).toBe('Käse');
    expect(decodeText(new Uint8Array(0), undefined)).toBe('');
  });
});
