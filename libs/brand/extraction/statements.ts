/**
 * Who is spoken of where: every clause of an answer with the brands it is about. A clause that names none is about those
 * that the same line spoke of before, or about the brand whose list item holds it.
 */
import type { Mention } from './brand.ts';
import type { RankedItem } from './list-rank.ts';
import { within } from './mentions-within.ts';
import type { Meter } from './meter.ts';
import { isAdviceLabel } from './recommendation-cues.ts';
import { clausesOf, linesOf, type Span, sentencesOf } from './text-spans.ts';

export interface Statement {
  /** The clause's text, with the names that were found in it blanked out. */
  readonly text: string;
  readonly span: Span;
  /** What the clause itself names, in order. */
  readonly mentions: readonly Mention[];
  /** The brands it is about: those named, else those carried over. */
  readonly about: readonly number[];
  /** What was spoken of right before it; the subject of a clause that begins with a comparison. */
  readonly before: readonly number[];
  /** Whether it stands after 但, however and the like in its sentence: what follows them weighs more. */
  readonly afterTurn: boolean;
}

/** A clause that names others only to compare with them. */
const COMPARED =
  /^\s*(?:(?:和|与|跟|同|比起|对比|相比(?:于|之下)?|较之)|.{0,6}(?:不如|不及|逊于|比不上)|compared (?:to|with)|unlike)/i;

const TURN = /^\s*(?:但|不过|然而|可是|只是|却|\bbut\b|\bhowever\b|\bthough\b|\byet\b)/i;

/** The clauses that are about some brand; parts that `skips` leaves out are not looked at. */
export function statementsOf(
  text: string,
  mentions: readonly Mention[],
  items: readonly RankedItem[],
  skips: (offset: number) => boolean,
  meter: Meter,
): Statement[] {
  const statements: Statement[] = [];
  const holder = holders(items);
  for (const line of linesOf(text)) {
    let about = holder(line.start);
    for (const sentence of sentencesOf(text, line)) {
      let afterTurn = false;
      for (const span of clausesOf(text, sentence)) {
        meter.steps += 1;
        const words = text.slice(span.start, span.end);
        const lead = words.length - words.trimStart().length;
        if (skips(span.start + lead)) continue;
        const named = within(mentions, span.start, span.end);
        const before = about;
        if (named.length > 0) about = [...new Set(named.map(({ brand }) => brand))];
        else if (/[:：]/.test(text.charAt(span.end)) && isAdviceLabel(words))
          about = labelled(text, span, sentence, mentions, about);
        afterTurn ||= TURN.test(words);
        if (about.length > 0) {
          statements.push({ text: blanked(text, span, named), span, mentions: named, about, before, afterTurn });
        }
        // After 和X相比 or 不如X the sentence goes on about its subject.
        if (named.length > 0 && before.length > 0 && COMPARED.test(words)) about = before;
      }
    }
  }
  return statements;
}

/**
 * Whom a label of advice speaks of: the brands behind its colon. Where it names none, it opens a list of its own, or, as a remark
 * within an item, it still speaks of that.
 */
function labelled(
  text: string,
  label: Span,
  sentence: Span,
  mentions: readonly Mention[],
  holding: readonly number[],
): readonly number[] {
  const rest = text.slice(label.end, sentence.end);
  const stop = /[;；]/.exec(rest)?.index ?? rest.length;
  const behind = within(mentions, label.end, label.end + stop);
  if (behind.length > 0) return [...new Set(behind.map(({ brand }) => brand))];
  return /^\s*\*\*|^#/.test(text.slice(label.start, label.end)) ? [] : holding;
}

/** Looks up, for rising offsets, the innermost item about a brand whose body holds the offset. */
function holders(items: readonly RankedItem[]): (offset: number) => readonly number[] {
  const open: RankedItem[] = [];
  let next = 0;
  return (offset) => {
    while (next < items.length && (items[next] as RankedItem).item.start <= offset) {
      open.push(items[next] as RankedItem);
      next += 1;
    }
    while (open.length > 0 && (open.at(-1) as RankedItem).item.end <= offset) open.pop();
    return open.at(-1)?.brands ?? [];
  };
}

function blanked(text: string, { start, end }: Span, mentions: readonly Mention[]): string {
  let words = '';
  let from = start;
  for (const mention of mentions) {
    words += `${text.slice(from, mention.start)}\u25a1`;
    from = mention.end;
  }
  return words + text.slice(from, end);
}
