/** Sources that an answer names without linking them: 据知乎, 来源：懂车帝, according to Gartner. */
import { SITES } from './site-names.ts';
import type { Span } from './text-spans.ts';

export interface NamedSource extends Span {
  readonly name: string;
}

const KNOWN = SITES.map(({ name }) => name)
  .sort((a, b) => b.length - a.length)
  .map((name) => name.replace(/[.]/g, '\\.'))
  .join('|');
const CUE =
  '(?:据|根据|依据|引用自?|援引|参考(?:了)?|来源(?:于)?\\s*[:：]?|来自|数据(?:来自|来源)\\s*[:：]?|according to|based on|(?:data|figures|reviews|ratings) (?:from|by)|source[sd]?(?: from)?\\s*:|reported by|cited by|per)';
const NAMED = new RegExp(
  `${CUE}[\\s*《“"「\\[]{0,4}(?:(${KNOWN})|([\\p{Script=Han}A-Za-z\\d.·]{2,14}?)(?=[》”"」]?(?:的?(?:数据|报告|统计|调查|调研|榜单|评测|报道|测评|研究|发布))))`,
  'giu',
);
/** More names after the first: 据知乎、小红书和懂车帝. */
const MORE = new RegExp(
  `^[\\s*》”"」\\]]{0,4}(?:\\(https?:[^)\\s]{1,300}\\))?(?:、|和|与|及|以及|,|，|\\band\\b|/)[\\s*《“"「\\[]{0,4}(?:and )?(${KNOWN})`,
  'i',
);
const VAGUE =
  /^(?:公开|最新|官方|相关|市场|用户|网络|以上|上述|目前|现有|第三方|权威|行业|不同|多方|我们?|您|你|最近|近期|各大?|这些|该|其)/;

/** Named sources by position, each name once. */
export function namedSources(text: string, skips: (offset: number) => boolean): NamedSource[] {
  const found = new Map<string, NamedSource>();
  const add = (name: string, start: number): number => {
    if (!found.has(name)) found.set(name, { name, start, end: start + name.length });
    return start + name.length;
  };
  for (const match of text.matchAll(NAMED)) {
    const name = match[1] ?? match[2] ?? '';
    if (skips(match.index) || (match[1] === undefined && VAGUE.test(name))) continue;
    let end = add(name, match.index + match[0].length - name.length);
    for (;;) {
      const more = MORE.exec(text.slice(end, end + 60));
      if (more === null) break;
      end = add(more[1] ?? '', end + more[0].length - (more[1] ?? '').length);
    }
  }
  return [...found.values()];
}
