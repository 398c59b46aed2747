import { load } from 'cheerio';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BrandFinding } from '../extraction/extract-answer.ts';
import { highlighted } from './highlight.ts';
import { html, textOf } from './html.ts';

type Span = { readonly start: number; readonly end: number };

const finding = (brand: string, mentions: readonly Span[], evidence?: Span): BrandFinding =>
  ({
    brand,
    mentions,
    evidence: evidence === undefined ? null : { ...evidence, sentence: '' },
  }) as unknown as BrandFinding;

const shown = (text: string, findings: readonly BrandFinding[]) =>
  load(textOf(html`<pre>${highlighted(text, findings, 'Apex')}</pre>`), null, false);

describe('highlighting', () => {
  it('marks evidence, and mentions inside and outside of it', () => {
    const text = 'Bolt. Apex is good. Apex!';
    const page = shown(text, [
      finding(
        'Apex',
        [
          { start: 6, end: 10 },
          { start: 20, end: 24 },
        ],
        { start: 6, end: 19 },
      ),
    ]);
    expect(page('mark').text()).toBe('Apex is good.');
    expect(page('mark b.own').text()).toBe('Apex');
    expect(page('b.own')).toHaveLength(2);
  });

  it('keeps sentences apart that touch, and shares one that several brands rest on', () => {
    const page = shown('ab', [
      finding('Apex', [{ start: 0, end: 1 }], { start: 0, end: 2 }),
      finding('Bolt', [{ start: 1, end: 2 }], { start: 0, end: 2 }),
    ]);
    expect(page('mark').text()).toBe('ab');
    expect(page('b.own').text() + page('b.rival').text()).toBe('ab');
  });

  it('leaves out what the text does not have, and never cuts a character', () => {
    const spans = [
      { start: -1, end: 2 },
      { start: 3, end: 99 },
      { start: 2, end: 2 },
      { start: 1, end: 2 },
    ];
    const page = shown(
      '😀ok',
      spans.map((span) => finding('Apex', [span], span)),
    );
    expect(page('mark, b')).toHaveLength(0);
    expect(page('pre').text()).toBe('😀ok');
  });

  it('loses nothing of the text, whatever the spans are', () => {
    const span = fc.record({ start: fc.integer({ min: -2, max: 30 }), end: fc.integer({ min: -2, max: 30 }) });
    const findings = fc.array(fc.tuple(fc.constantFrom('Apex', 'Bolt'), fc.array(span, { maxLength: 4 }), span));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 25 }), findings, (text, told) => {
        fc.pre(!/\p{Cc}/u.test(text));
        const page = shown(
          `x${text}`,
          told.map(([brand, mentions, evidence]) => finding(brand, mentions, evidence)),
        );
        expect(page('pre').text()).toBe(`x${text}`);
      }),
    );
  });
});
