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

  it.each([1_020, 1_024, 30_000, 65_000])('W11c: follows a declaration behind %i bytes', (before) => {
    const head = `${' '.repeat(before)}<meta charset=iso-8859-1>`;
    expect(decodeText(withHead(head, CAFE_LATIN1), 'text/html')).toContain('café');
  });

  it('does not look for a declaration behind 64 KiB, nor in what is no markup', () => {
    const meta = '<meta charset=iso-8859-1>';
    expect(decodeText(withHead(' '.repeat(65_536) + meta, CAFE_LATIN1), 'text/html')).toContain('caf\ufffd');
    expect(decodeText(withHead(meta, CAFE_LATIN1), 'application/json')).toContain('caf\ufffd');
  });

  it.each([
    '<meta name="description" content="How to set charset=gbk in a page"><meta charset="utf-8">',
    '<title>charset=gbk</title>',
    '<script>var meta = "charset=gbk"</script>',
    '<p title="<meta charset=gbk>">',
    '<!-- <meta charset=gbk> -->',
    '<!--><meta charset=utf-8><!-- > <meta charset=gbk> -->',
    '<meta content="text/html; charset=gbk">',
    '<meta http-equiv="refresh" content="text/html; charset=gbk">',
    '<metadata charset=gbk>',
    '</meta charset=gbk>',
    '<meta charset=klingon><meta charset=utf-8>',
    '<meta data-charset=gbk charset=utf-8>',
  ])('W11: takes no prose for a declaration: %s', (head) => {
    expect(decodeText(Buffer.from(`${head}Käse 平`), 'text/html')).toBe(`${head}Käse 平`);
  });

  it.each([
    ['<meta charset=x-user-defined>', 'caf\xe9', 'café'],
    ["<meta content='text/html; charset=koi8-r' http-equiv=content-type>", '\xe4\xc1', 'Да'],
    ['<meta charset=" gb2312 ">', '\xc6\xbd', '平'],
  ])('reads %s as browsers do', (head, written, read) => {
    expect(decodeText(Buffer.from(head + written, 'latin1'), 'text/html').endsWith(read)).toBe(true);
  });

  it.each([
    ['euc-kr', '8c63b9e6b0a2c7cf20c164', '똠방각하 햏'],
    ['ks_c_5601-1987', '8c63b9e6b0a2c7cf20c164', '똠방각하 햏'],
    ['big5', '8740f9d6a1458862', '䏰碁‧Ê̄'],
    ['shift_jis', '87408160fa40', '①～ⅰ'],
    ['euc-jp', 'a1c1ada18fb0a1', '～①丂'],
    ['iso-2022-jp', '1b24422d211b284241', '①A'],
    ['iso-2022-kr', '616263', '\ufffd'],
    ['windows-1252', '8081', '€\x81'],
  ])('W11b: reads %s by the table of the Encoding standard', (label, hex, read) => {
    expect(decodeText(Buffer.from(hex.replaceAll(' ', ''), 'hex'), `text/plain; charset=${label}`)).toBe(read);
  });

  it('passes over labels that nobody knows', () => {
    expect(decodeText(Buffer.from('Käse'), 'text/html; charset=klingon')).toBe('Käse');
    expect(decodeText(withHead('<meta charset=klingon>', Buffer.from('Käse')), undefined)).toContain('Käse');
    expect(decodeText(withHead('<meta charset=latin1>', CAFE_LATIN1), 'text/html; charset=')).toContain('café');
  });

  it('does not believe an ASCII page that calls itself UTF-16', () => {
    expect(decodeText(Buffer.from('<meta charset="utf-16">Käse'), 'text/html')).toContain('Käse');
  });

  it.each([
    ['text/html; charset', 'Käse'],
    ['text/html; charset=; charset=utf-8', 'Käse'],
    ['text/html; charset="utf-8', 'Käse'],
    ['text/html;charset=utf-8;charset=gbk', 'Käse'],
    ['text/html, text/html; charset=utf-8', 'Käse'],
    ['text/html; x="charset=gbk"', 'Käse'],
    ['text/html; xcharset=gbk', 'Käse'],
  ])('reads the content type %s', (contentType, read) => {
    expect(decodeText(Buffer.from('Käse'), contentType)).toBe(read);
  });

  it.each([
    ['blanks', 'text/html; charset=', ' '],
    ['quotes', 'text/html; charset=', '"'],
    ['parameters', 'text/html', '; charset='],
    ['tabs', 'text/html; charset', '\t'],
    ['equals signs', 'text/html; charset', '='],
  ])('W15: takes no longer than in proportion for a content type of %s', (_of, start, fill) => {
    const ms = (chars: number): number => {
      const contentType = start + fill.repeat(chars / fill.length);
      const startMs = performance.now();
      decodeText(CAFE_LATIN1, contentType);
      return performance.now() - startMs;
    };
    ms(1_000);
    // A quadratic reader takes minutes for a header of the largest size.
    expect(ms(262_144)).toBeLessThan(1_000);
  });

  it('decodes part of a larger buffer, and nothing at all', () => {
    expect(decodeText(Buffer.from('xxKäse').subarray(2), undefined)).toBe('Käse');
    expect(decodeText(new Uint8Array(0), undefined)).toBe('');
  });
});
