/** Which brands an item is about: those its head names, not those it is compared with. */
import type { Mention } from './brand.ts';
import type { Span } from './text-spans.ts';

/** In heads these come before another's name: the item is not about that. */
const COMPARES =
  /相比|对比|比起|不如|优于|逊于|超越|对标|竞品|对手|替代|区别|取代|\bvs\.?\b|\bversus\b|\bthan\b|\bcompared?\b|\balternatives?\b|\bcompetitors?\b|\bunlike\b/i;
/** Short labels after which the name itself comes: 首选：X, 预算有限：X. */
const LABEL =
  /选|推荐|最佳|最强|最好|第|top|no\.|性价比|预算|适合|高端|旗舰|入门|均衡|冠军|亚军|季军|追求|看重|想要|人群|best|pick|winner|runner|budget|overall|premium|choice|for\b/i;
const JOINS =
  /^\s*\*{0,2}\s*(?:[（(][^（）()]{0,24}[)）]\s*)?(?:、|\/|&|\+|和|与|及|以及|跟|或|and\b|or\b)|(?:、|\/|&|\+|和|与|及|以及|或|\band|\bor)\s*\*{0,2}\s*$/i;
const MAX_HEAD_UNITS = 120;
const MAX_BEFORE_WIDTH = 30;
const MAX_BETWEEN_WIDTH = 30;

/** Brands that the item's head names, in order; `mentions` are those inside `words`. Empty for an item about none. */
export function headBrands(text: string, words: Span, mentions: readonly Mention[]): number[] {
  const head = headOf(text, words);
  const named = brandsNamedIn(text, head, mentions);
  if (named.length > 0) return named;
  const label = text.slice(head.start, head.end);
  if (width(label) > MAX_BEFORE_WIDTH || !LABEL.test(label) || COMPARES.test(label)) return [];
  if (mentions.some(({ start }) => start < head.end)) return [];
  const after = { start: head.end + 1, end: words.end };
  return brandsNamedIn(text, headOf(text, after), mentions);
}

/** The head's text: inside its bold if it begins with one, else up to the first mark that ends a head. */
export function headOf(text: string, { start, end }: Span): Span {
  const stop = Math.min(end, start + MAX_HEAD_UNITS);
  const from = start + (/^[\s*_「【[:：—–-]*/.exec(text.slice(start, stop))?.[0].length ?? 0);
  const bold = text.indexOf('**', from);
  const opened = text.slice(Math.max(0, start - 12), from).includes('**');
  if (opened && bold !== -1 && bold < stop) return { start: from, end: bold };
  let depth = 0;
  for (let at = from; at < stop; at += 1) {
    const mark = text.charAt(at);
    if ('（('.includes(mark)) depth += 1;
    else if ('）)'.includes(mark)) depth -= 1;
    else if (depth <= 0 && endsHead(text, at, from)) return { start: from, end: at };
  }
  return { start: from, end: stop };
}

function endsHead(text: string, at: number, from: number): boolean {
  const mark = text.charAt(at);
  if ('：:。；;，,！!|—'.includes(mark)) return true;
  if (mark === '.') return /\s/.test(text.charAt(at + 1));
  if (mark === '-' || mark === '–')
    return at > from && /\s/.test(text.charAt(at - 1)) && /\s/.test(text.charAt(at + 1));
  return false;
}

function brandsNamedIn(text: string, head: Span, mentions: readonly Mention[]): number[] {
  const inside = mentions.filter(({ start, end }) => start >= head.start && end <= head.end);
  const outer = inside.filter(({ start }) => bracketDepth(text, head.start, start) === 0);
  const candidates = outer.length > 0 ? outer : inside;
  const first = candidates[0];
  if (first === undefined) return [];
  if (width(text.slice(head.start, first.start)) > MAX_BEFORE_WIDTH) return [];
  if (comparesOutsideNames(text, head, candidates)) return [];
  const brands = [first.brand];
  for (const [index, mention] of candidates.entries()) {
    const before = candidates[index - 1];
    if (before === undefined) continue;
    const between = text.slice(before.end, mention.start);
    if (width(between) > MAX_BETWEEN_WIDTH || !JOINS.test(between)) {
      if (mention.brand !== before.brand) break;
    } else if (!brands.includes(mention.brand)) brands.push(mention.brand);
  }
  return brands;
}

/** A comparison before the first name, or between it and the next one that joins nothing, spoils the head. */
function comparesOutsideNames(text: string, head: Span, candidates: readonly Mention[]): boolean {
  const first = candidates[0] as Mention;
  const second = candidates.find(({ brand }) => brand !== first.brand);
  if (COMPARES.test(text.slice(head.start, first.start))) return true;
  return second !== undefined && /\bvs\.?\b|\bversus\b|对比|还是/i.test(text.slice(first.end, second.start));
}

function bracketDepth(text: string, from: number, to: number): number {
  let depth = 0;
  for (let at = from; at < to; at += 1) {
    const mark = text.charAt(at);
    if ('（('.includes(mark)) depth += 1;
    else if ('）)'.includes(mark) && depth > 0) depth -= 1;
  }
  return depth;
}

/** Columns on a screen: Chinese takes two. */
function width(text: string): number {
  let columns = 0;
  for (const mark of text) columns += mark > '\u2e7f' ? 2 : 1;
  return columns;
}
