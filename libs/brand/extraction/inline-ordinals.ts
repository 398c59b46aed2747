/** Rankings inside one line: 首选A，其次是B，最后是C; ①A ②B; 1. A 2. B. */
import { numberIn } from './list-markers.ts';
import type { Span } from './text-spans.ts';

interface InlineItem {
  readonly number: number | null;
  readonly words: Span;
  readonly start: number;
  end: number;
}

const ORDINAL =
  /首选|首推|其次|再次|最后|第([一二三四五六七八九十]{1,2}|\d{1,2})(?:名|位|梯队|档|选择|款|推荐)?|([①-⑳])|(?<![\d.])(\d{1,2})[.、)）](?!\d)/g;
/** What leads from the ordinal to the name. */
const LEAD =
  /^(?:推荐)?(?:(?:则|就|无疑|当然|毫无疑问)?(?:是|为|当属|属于)|的?是|可以?(?:选|考虑|看看)|推荐|考虑|选择?|要数)?\s*[:：,，]?\s*/;
/** Lines are short; a line without end is no ranking. */
const MAX_LINE_UNITS = 4_000;

/** The items of a ranking in a line, offsets from the text's beginning; empty unless it counts 1, 2, … */
export function inlineItems(line: string, lineStart: number): InlineItem[] {
  if (line.length > MAX_LINE_UNITS) return [];
  const items: InlineItem[] = [];
  for (const match of line.matchAll(ORDINAL)) {
    const number = numberIn(match[1] ?? match[2] ?? match[3] ?? match[0]);
    if (number === undefined) continue;
    const last = items.at(-1);
    const next = (last?.number ?? 0) + 1;
    if (number !== null && number !== next && !(number === 1 && items.length < 2)) continue;
    if (number === null && last === undefined) continue;
    if (number === 1) items.length = 0;
    else if (last !== undefined) last.end = lineStart + match.index;
    const from = match.index + match[0].length;
    const lead = LEAD.exec(line.slice(from, from + 20))?.[0].length ?? 0;
    const stop = line.slice(from + lead).search(/[。！？!?\n]/);
    const end = lineStart + (stop === -1 ? line.length : from + lead + stop + 1);
    const words = { start: lineStart + from + lead, end };
    items.push({ number: number ?? next, words, start: lineStart + match.index, end });
  }
  return items.length > 1 ? items.map((item) => ({ ...item, words: { ...item.words, end: item.end } })) : [];
}
