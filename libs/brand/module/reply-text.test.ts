import { describe, expect, it } from 'vitest';
import { SourcePage } from '../../modules/page/page.ts';
import { replyText } from './reply-text.ts';

/** 云步 in GBK. */
const GBK = Uint8Array.of(0xd4, 0xc6, 0xb2, 0xbd);
const utf8 = (text: string) => new TextEncoder().encode(text);

function read(body: Uint8Array, type = 'application/json', partial = false): string | undefined {
  const page = { url: 'https://a.test/', status: 200, headers: { 'content-type': type }, body, partial };
  return replyText(new SourcePage(page, 'fast'));
}

describe('the text of a reply', () => {
  it('is UTF-8 wherever it can be, whatever was declared', () => {
    for (const type of ['application/json', 'application/json; charset=gbk', 'text/event-stream; charset=utf-16le']) {
      expect(read(utf8('云步'), type)).toBe('云步');
    }
    expect(read(utf8('\uFEFF{}'))).toBe('{}');
    expect(read(utf8(''))).toBe('');
  });

  it('is what was declared where it is not UTF-8', () => {
    expect(read(GBK, 'application/json; charset=gbk')).toBe('云步');
    expect(read(GBK, 'text/event-stream; charset="GB18030"')).toBe('云步');
  });

  it('is none where neither holds: nothing is guessed', () => {
    expect(read(GBK)).toBeUndefined();
    expect(read(GBK, 'application/json; charset=utf-8')).toBeUndefined();
    expect(read(Uint8Array.of(0xff, 0x80, 0x81), 'application/json; charset=no-such-thing')).toBeUndefined();
    expect(read(Uint8Array.of(...utf8('{"a":"'), 0x80, ...utf8('"}')))).toBeUndefined();
  });

  it('keeps a replacement character that was sent as one', () => {
    expect(read(utf8('a\uFFFDb'))).toBe('a\uFFFDb');
  });

  it('that was cut off within a character is without its beginning; one that was not cut off is broken', () => {
    for (const cut of [1, 2]) {
      const body = utf8('云步').subarray(0, 6 - cut);
      expect(read(body, 'text/event-stream', true)).toBe('云');
      expect(read(body, 'text/event-stream')).toBeUndefined();
    }
    expect(read(utf8('a😀').subarray(0, 4), 'text/event-stream', true)).toBe('a');
    expect(read(GBK, 'text/event-stream', true)).toBeUndefined();
  });
});
