import { describe, expect, it } from 'vitest';
import { expectLinear } from './growth.fixture.ts';
import { CALLED, type HostileShape, PARSED, SELECTED } from './hostile-shapes.fixture.ts';
import { SourcePage } from './page.ts';

/** From 64,000 to a million characters: the square would take 256 times as long, and 46 times are allowed. */
function staysLinear(shape: HostileShape): void {
  expectLinear(shape, 64_000, 4);
}

describe('sixteen times the page takes about sixteen times as long to parse', () => {
  it.each(PARSED)('$name', staysLinear);
});

describe('sixteen times the page takes about sixteen times as long to select from', () => {
  it.each(SELECTED)('$name', staysLinear);
});

describe('sixteen times the page takes about sixteen times as long to go through', () => {
  it.each(CALLED)('$name', staysLinear);
});

describe('a page of 16 MB is read, or refused for its nodes, in the time of its size', () => {
  it.each(PARSED)('$name', (shape) => {
    // From half a megabyte: 32 times the page, the square would take 1,024 times as long, and 118 times are allowed.
    expectLinear(shape, 500_000, 5);
  });
});

describe('a page that is too large for a tree', () => {
  it.each([
    ['nodes', '<a>'.repeat(1_000_001)],
    ['nodes', '<!---->'.repeat(1_000_001)],
    ['attributes', `<a ${Array.from({ length: 2_000_001 }, (_, at) => `a${at}`).join(' ')}>`],
  ])('is a failure that says so: %s', (what, body) => {
    const page = new SourcePage({ url: 'https://a.test/', status: 200, headers: {}, body: Buffer.from(body) }, 'fast');
    expect(() => page.$).toThrow(
      expect.objectContaining({
        code: 'parse.too_large',
        class: 'fatal',
        message: expect.stringContaining(what),
        remedy: expect.stringContaining('smaller pages'),
      }),
    );
  });
});
