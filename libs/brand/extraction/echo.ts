/** The question said again by the answer: naming a brand there is not the model's own mention. */
import { type FoldedText, fold, originalSpan } from './fold.ts';
import type { Meter } from './meter.ts';
import type { Span } from './text-spans.ts';

const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const ASKS = /[?？]|怎么|如何|哪|什么|吗|谁|多少|是否|\b(?:what|which|who|how|is|are|does|do|should|best|vs)\b/i;
/** Shorter questions are also said without echoing them. */
const MIN_ASKING_UNITS = 4;
const MIN_UNITS = 10;
const MAX_QUESTION_UNITS = 500;

/** Spans of the original that repeat the whole question word for word, whatever its marks and spaces. */
export function echoesIn(folded: FoldedText, question: string, meter: Meter): Span[] {
  const wanted = lettersOf(fold(question.slice(0, MAX_QUESTION_UNITS)), meter).text;
  if (wanted.length < (ASKS.test(question) ? MIN_ASKING_UNITS : MIN_UNITS)) return [];
  const { text, places } = lettersOf(folded, meter);
  const spans: Span[] = [];
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length)) {
    const last = places[at + wanted.length - 1] ?? 0;
    spans.push(originalSpan(folded, places[at] ?? 0, last + 1));
  }
  return spans;
}

/** Letters and digits alone, so that marks and spaces do not hide an echo. */
function lettersOf(folded: FoldedText, meter: Meter): { text: string; places: number[] } {
  const parts: string[] = [];
  const places: number[] = [];
  for (let at = 0; at < folded.text.length; at += 1) {
    meter.steps += 1;
    const unit = folded.text.charAt(at);
    if (!LETTER_OR_DIGIT.test(unit)) continue;
    parts.push(unit);
    places.push(at);
  }
  return { text: parts.join(''), places };
}
