/** The mentions that stand in a part of the answer. */
import type { Mention } from './brand.ts';

/** The mentions in a span, found by bisection. */
export function within(mentions: readonly Mention[], start: number, end: number): Mention[] {
  let low = 0;
  let high = mentions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((mentions[middle] as Mention).start < start) low = middle + 1;
    else high = middle;
  }
  const found: Mention[] = [];
  for (let at = low; at < mentions.length; at += 1) {
    const mention = mentions[at] as Mention;
    if (mention.start >= end) break;
    if (mention.end <= end) found.push(mention);
  }
  return found;
}
