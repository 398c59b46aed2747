import { describe, it } from 'vitest';
import { expectLinear } from './growth.fixture.ts';
import { CALLED, type HostileShape, PARSED, SELECTED } from './hostile-shapes.fixture.ts';

/** From 8,000 to 128,000 characters: the square would take 256 times as long, and 46 times are allowed. */
function staysLinear(shape: HostileShape): void {
  expectLinear(shape, 8_000, 4);
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
