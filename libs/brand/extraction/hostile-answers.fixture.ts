/** Answers that repeat one thing, of any length: what it costs to read them. */
import { expect } from 'vitest';
import { extractAnswer } from './extract-answer.ts';
import { brandMatcher } from './match-brands.ts';

const BRANDS = ['小米', '华为', 'vivo'].map((name) => ({ name }));

/** What they repeat: beginnings of everything that is looked for in an answer. */
export const UNITS = [
  '[',
  '{',
  '\n',
  '{"a":',
  '1.\n',
  '- 小米\n',
  '小米',
  '小米粥',
  '<think>',
  '|a|\n|-|\n',
  '据',
  '①',
  '（',
  '但',
  'a.',
  'https://a.com/',
  '](',
  'A.',
  '  - 小米：好\n',
];

/** Reading `length` characters takes at most eight times the steps of an eighth, and at most forty a character. */
export function expectProportion(unit: string, length: number): void {
  const [part, whole] = [stepsOf(unit, length / 8), stepsOf(unit, length)];
  expect(whole).toBeLessThan(8.1 * part + 1_000);
  expect(whole).toBeLessThan(40 * length);
}

function stepsOf(unit: string, length: number): number {
  const meter = { steps: 0 };
  const text = unit.repeat(Math.ceil(length / unit.length));
  extractAnswer({ text, question: '手机哪个好？', brands: BRANDS }, brandMatcher(BRANDS), meter);
  return meter.steps;
}
