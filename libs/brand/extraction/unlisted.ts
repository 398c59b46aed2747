/** Names that nobody asked for: what else stands in the lists in which an answer names the given brands. */
import type { Mention } from './brand.ts';
import { headBrands, headOf } from './item-head.ts';
import type { ListGroup } from './list-groups.ts';
import { within } from './mentions-within.ts';
import type { Span } from './text-spans.ts';

const MAX_NAME_UNITS = 30;
const MAX_WORDS = 3;
/** Heads that describe instead of naming. */
const DESCRIBES =
  /[，。；：、？！!?;:,]|(?:性|度|力|感|方面|类|款|型|价位|预算|建议|总结|结论|方式|方法|标准|场景|人群|适合|选择|推荐|其他|其它|更多|注意|如果|优点|缺点|事项|说明|提示)$|^(?:注意|说明)|^(?:性价比|预算|适合|综合|如果|第[一二三四五六七八九十\d])|\b(?:best|overall|budget|tips?|summary|conclusion|other|also|runner|why|how|if|for|the)\b/i;
/** A model behind the name: S7, 13C, P7+, 2024, Pro Max. */
const MODEL = /^(?:[\p{L}]{0,3}\d[\p{L}\d+.-]*|\d+|pro|max|plus|ultra|mini|lite|se|air|dm-?i|ev)$/iu;

/** Names in the order of the text, each once. */
export function unlistedNames(text: string, groups: readonly ListGroup[], mentions: readonly Mention[]): string[] {
  const names = new Set<string>();
  for (const { items } of groups) {
    const heads = items.map(({ words }) => ({ words, own: within(mentions, words.start, words.end) }));
    const isOfBrands = items.length > 1 && heads.some(({ words, own }) => headBrands(text, words, own).length > 0);
    if (!isOfBrands) continue;
    for (const { words, own } of heads) {
      const name = own.length === 0 ? nameIn(text, words) : undefined;
      if (name !== undefined) names.add(name);
    }
  }
  return [...names];
}

/** The head of an item without brackets and models, if it can be a name. */
function nameIn(text: string, words: Span): string | undefined {
  const head = headOf(text, words);
  const bare = text
    .slice(head.start, head.end)
    .replace(/[（(【[].*$/u, '')
    .replace(/[*_`#>"“”「」\p{Extended_Pictographic}]/gu, '')
    .trim();
  const parts = bare.split(/\s+/);
  while (parts.length > 1 && MODEL.test(parts.at(-1) ?? '')) parts.pop();
  const name = parts.slice(0, MAX_WORDS).join(' ');
  const isChinese = /\p{Script=Han}/u.test(name);
  const isName = isChinese ? /^[\p{Script=Han}\p{L}\d·\- ]{2,10}$/u.test(name) : /^\p{Lu}|^\p{Ll}\p{Lu}|\d/u.test(name);
  if (!isName || name.length < 2 || name.length > MAX_NAME_UNITS || DESCRIBES.test(name)) return undefined;
  return name;
}
