/** Marks the evidence in an answer: the sentences that findings are based on, and every mention of a brand. */
import type { BrandFinding } from '../extraction/extract-answer.ts';
import { html, type Markup } from './html.ts';

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly isEvidence: boolean;
  /** The brand that is mentioned here. */
  readonly brand: string | undefined;
}

/** A part of an answer between two cuts, marked. */
export interface MarkedPiece {
  readonly start: number;
  readonly end: number;
  readonly markup: Markup;
}

/** `own` is the diagnosed brand. Offsets outside the text are ignored. */
export function highlighted(text: string, findings: readonly BrandFinding[], own: string): Markup[] {
  return markedPieces(text, findings, own, []).map(({ markup }) => markup);
}

/** The text in pieces, in order and without gaps, cut wherever a mark begins or ends and at `cuts`. */
export function markedPieces(
  text: string,
  findings: readonly BrandFinding[],
  own: string,
  cuts: readonly number[],
): MarkedPiece[] {
  return piecesOf(text, findings, cuts).map(({ start, end, isEvidence, brand }) => {
    const words = text.slice(start, end);
    const named =
      brand === undefined ? words : html`<b class="${brand === own ? 'own' : 'rival'}" title="${brand}">${words}</b>`;
    return { start, end, markup: isEvidence ? html`<mark>${named}</mark>` : html`${named}` };
  });
}

/** The text cut wherever a mark begins or ends, in order and without gaps. */
function piecesOf(text: string, findings: readonly BrandFinding[], more: readonly number[]): Piece[] {
  const evidence = findings
    .flatMap((finding) => (finding.evidence === null ? [] : [finding.evidence]))
    .filter(isIn(text));
  const mentions = findings
    .flatMap(({ brand, mentions: all }) => all.map(({ start, end }) => ({ start, end, brand })))
    .filter(isIn(text))
    .sort((one, other) => one.start - other.start);
  const cuts = new Set([0, text.length, ...more]);
  for (const { start, end } of [...evidence, ...mentions]) cuts.add(start).add(end);
  const places = [...cuts].sort((one, other) => one - other);
  const inEvidence = covered(places, evidence);
  let next = 0;
  return places.slice(0, -1).flatMap((start, index) => {
    const end = places[index + 1] ?? text.length;
    while ((mentions[next]?.end ?? Number.POSITIVE_INFINITY) <= start) next += 1;
    const mention = mentions[next];
    const brand = mention !== undefined && mention.start <= start && mention.end >= end ? mention.brand : undefined;
    return [{ start, end, isEvidence: inEvidence[index] === true, brand }];
  });
}

/** For each piece between two cuts, whether a span covers it. */
function covered(
  cuts: readonly number[],
  spans: readonly { readonly start: number; readonly end: number }[],
): boolean[] {
  const opened = new Map<number, number>();
  for (const { start, end } of spans) {
    opened.set(start, (opened.get(start) ?? 0) + 1);
    opened.set(end, (opened.get(end) ?? 0) - 1);
  }
  let depth = 0;
  return cuts.map((cut) => {
    depth += opened.get(cut) ?? 0;
    return depth > 0;
  });
}

function isIn(text: string) {
  return ({ start, end }: { readonly start: number; readonly end: number }): boolean =>
    start >= 0 && end > start && end <= text.length && !splitsPair(text, start) && !splitsPair(text, end);
}

/** Whether an offset is between the two halves of a surrogate pair. */
function splitsPair(text: string, offset: number): boolean {
  return /^[\udc00-\udfff]/.test(text.charAt(offset)) && /^[\ud800-\udbff]/.test(text.charAt(offset - 1));
}
