/** Sources that an answer names without linking them: 据知乎, 来源：懂车帝, according to Gartner, IDC data shows. */
import { SITES } from './site-names.ts';
import type { Span } from './text-spans.ts';

export interface NamedSource extends Span {
  readonly name: string;
}

const KNOWN = SITES.map(({ name }) => name)
  .sort((a, b) => b.length - a.length)
  .map((name) => name.replace(/[.]/g, '\\.'))
  .join('|');
const OPENS = '[\\s*《“"「\\[]{0,4}';
const CUE =
  '(?:据|根据|依据|引用自?|援引|参考(?:了)?|来源(?:于)?\\s*[:：]?|来自|数据(?:来自|来源)\\s*[:：]?|according to|based on|(?:data|figures|reviews|ratings) (?:from|by)|source[sd]?(?: from)?\\s*:|reported by|cited by|per)';
const FINDINGS = '的?(?:最新|年度)?(?:数据|报告|统计|调查|调研|榜单|评测|报道|测评|研究|发布)';
/** What is found in any spelling. Each has the name as its first or second group. */
const PATTERNS: readonly RegExp[] = [
  new RegExp(
    `${CUE}(?: the)?${OPENS}(?:(${KNOWN})|(?<=《)([^《》\\n]{2,20})(?=》)|([\\p{Script=Han}A-Za-z\\d.·]{2,14}?)(?=[》”"」]?${FINDINGS}))`,
    'giu',
  ),
  new RegExp(
    `来源\\s*[:：]${OPENS}([\\p{Script=Han}A-Za-z\\d.·]{2,14})(?=[》”"」\\]\\s]*(?:[，,。；;、)）|]|$))`,
    'gmu',
  ),
  new RegExp(
    `(?<=^|[，,。；;：:！!？?\\s*>（(])(${KNOWN}|[\\p{Script=Han}A-Za-z\\d.·]{2,14}?)${FINDINGS}(?:显示|表明|指出)`,
    'gmu',
  ),
  /(?:[Aa]ccording to|[Pp]er|[Bb]ased on|[Dd]ata from) (?:the )?([A-Z][\w.&'’]{0,30}(?: [A-Z][\w.&'’]{0,30}){0,4})(?<!\.)/g,
  /(?<![\w.] |\w)(?:The )?([A-Z][\w.&'’]{0,30}(?: [A-Z][\w.&'’]{0,30}){0,4}) (?:reports?|data (?:shows?|suggests?)|surveys? (?:shows?|found))\b/g,
];
/** More names after the first: 据知乎、小红书和懂车帝. */
const MORE = new RegExp(
  `^[\\s*》”"」\\]]{0,4}(?:\\(https?:[^)\\s]{1,300}\\))?(?:、|和|与|及|以及|,|，|\\band\\b|/)${OPENS}(?:and )?(?:(${KNOWN})|(?<=、)([\\p{Script=Han}A-Za-z\\d.·]{2,14})(?=[，,。；;、)）]|$))`,
  'iu',
);
/** The text of a link, or a name with its address directly behind it: that is linked, not only named. */
const CARRIES_LINK = /^[^\]\n]{0,60}\]\(|^[\s*》”"」]{0,4}[:：（(]?\s?(?:https?:\/\/|www\.)/i;
const VAGUE =
  /^(?:公开|最新|官方|相关|市场|用户|网友|网络|以上|上述|目前|现有|第三方|权威|行业|国家标准|不同|多方|我们?|您|你|最近|近期|各大?|这些|该|其|(?:our|my|your|their|its|the|this|these|those|users?|official|public|many|some|recent|most|several|industry|i|we|it|they)\b)/i;

/** Named sources by position, each name once. Time is linear in the text. */
export function namedSources(text: string, skips: (offset: number) => boolean): NamedSource[] {
  const found: NamedSource[] = [];
  const add = (name: string, start: number): number => {
    const end = start + name.length;
    if (!CARRIES_LINK.test(text.slice(end, end + 80)) && !VAGUE.test(name)) found.push({ name, start, end });
    return end;
  };
  for (const pattern of PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      const name = match[1] ?? match[2] ?? match[3] ?? '';
      if (name === '' || skips(match.index)) continue;
      let end = add(name, match.index + match[0].indexOf(name));
      for (;;) {
        const more = MORE.exec(text.slice(end, end + 340));
        if (more === null) break;
        const next = more[1] ?? more[2] ?? '';
        end = add(next, end + more[0].length - next.length);
      }
    }
  }
  return eachOnce(found.sort((a, b) => a.start - b.start || b.end - a.end));
}

/** The longest of names that overlap, and each name where it stands first. */
function eachOnce(sorted: readonly NamedSource[]): NamedSource[] {
  const kept = new Map<string, NamedSource>();
  let until = 0;
  for (const source of sorted) {
    if (source.start >= until && !kept.has(source.name)) kept.set(source.name, source);
    until = Math.max(until, source.end);
  }
  return [...kept.values()];
}
