import { expect, it } from 'vitest';
import { Repeats } from './repeats.ts';

function open() {
  const clock = { nowMs: 0 };
  const reported: [string, number][] = [];
  const repeats = new Repeats({
    most: 3,
    windowMs: 1_000,
    now: () => clock.nowMs,
    onRepeated: (kind, count) => reported.push([kind, count]),
  });
  return { clock, reported, repeats };
}

it('writes the first lines of a kind, counts the others, and reports their number when the window has ended', () => {
  const { clock, reported, repeats } = open();
  const written = Array.from({ length: 2_412 }, () => repeats.isWritten('foreign')).filter(Boolean);
  expect([written.length, reported]).toEqual([3, []]);
  expect(repeats.isWritten('other')).toBe(true);
  clock.nowMs = 1_000;
  expect(repeats.isWritten('foreign')).toBe(true);
  expect(reported).toEqual([['foreign', 2_409]]);
});

it('reports nothing of a kind that did not repeat', () => {
  const { clock, reported, repeats } = open();
  for (let line = 0; line < 3; line++) expect(repeats.isWritten('seldom')).toBe(true);
  clock.nowMs = 2_000;
  expect(repeats.isWritten('seldom')).toBe(true);
  expect(reported).toEqual([]);
});
