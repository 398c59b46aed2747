/**
 * Mentions at the end of a text that was cut off. What followed may have made another word of them (On, of Online), another name
 * (华为, of 华为云), or another meaning (小米, of 小米粥), so they are not known yet.
 */
import type { Brand, Mention } from './brand.ts';
import { fold } from './fold.ts';

/** The mentions that stay what they are, however the text would have gone on. */
export function settledMentions(text: string, mentions: readonly Mention[], brands: readonly Brand[]): Mention[] {
  const forms = brands.flatMap(formsOf);
  const longest = Math.max(0, ...forms.map(({ length }) => length));
  return mentions.filter(({ brand, start, end }) => {
    if (text.length - end > longest) return true;
    if (end >= text.length) return false;
    const [tail, rest] = [fold(text.slice(start)).text, fold(text.slice(end)).text.trim()];
    const beside = (brands[brand]?.negativeContexts ?? []).map((context) => fold(context).text);
    return !forms.some((form) => isBeginningOf(tail, form)) && !beside.some((context) => isBeginningOf(rest, context));
  });
}

function formsOf({ name, aliases = [], negativeContexts = [] }: Brand): string[] {
  return [name, ...aliases, ...negativeContexts].map((form) => fold(form).text);
}

function isBeginningOf(beginning: string, whole: string): boolean {
  return whole.length > beginning.length && whole.startsWith(beginning);
}
