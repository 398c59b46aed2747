/** What stands at the beginning of a line and makes it an item: numbers, Chinese ordinals, bullets, headings, bold leads. */
export type MarkerKind = 'number' | 'ordinal' | 'bullet' | 'heading' | 'bold';

export interface Marker {
  readonly kind: MarkerKind;
  /** The printed number; null for bullets, headings and 最后. */
  readonly number: number | null;
  /** Columns before the marker; a tab counts four. */
  readonly indent: number;
  /** Which way of numbering, so that 一、 and 1、 are two lists; -1 without a number. */
  readonly style: number;
  /** 1–6 for headings, 7 for bold leads, else 0. */
  readonly level: number;
  /** Where the item's own words begin, from the line's beginning. */
  readonly content: number;
}

const CHINESE_DIGITS = '一二三四五六七八九十';
const LEAD_UNITS = 80;
const BULLET = /^[-*+•·●▪◦■◆★✅✔➤►–—]\s+/u;
const HEADING = /^(#{1,6})\s+/;
const BOLD_LEAD = /^(?:\*\*|__)[^*_\n]{1,60}(?:\*\*|__)\s*(?:[:：]|[-–—]{1,2}\s|[（(]|$)/;

interface NumberStyle {
  readonly pattern: RegExp;
  /** Whether the number is a rank in words: it is believed even when it repeats or skips. */
  readonly ordinal: boolean;
}

const NUMBERS: readonly NumberStyle[] = [
  { pattern: /^(\d{1,3})(?:\\?[.．](?!\d)|[、)）]|[:：](?!\d))\s*/, ordinal: false },
  { pattern: /^[(（](\d{1,3})[)）]\s*/, ordinal: false },
  { pattern: /^([①-⑳❶-❿])\s*/u, ordinal: false },
  { pattern: /^(\d)\ufe0f?\u20e3\s*/u, ordinal: false },
  { pattern: /^([一二三四五六七八九十]{1,3})(?:[、.．]|[:：])\s*/, ordinal: false },
  { pattern: /^[(（]([一二三四五六七八九十]{1,3})[)）]\s*/, ordinal: false },
  {
    pattern:
      /^第([一二三四五六七八九十\d]{1,3})(?:名|位|款|个|梯队|档|选择|推荐|阵营)?\s*(?:[:：、,，.]|是|为|[-–—]+|(?=\s|\*))\s*/,
    ordinal: true,
  },
  { pattern: /^(?:top|no\.?|rank|#)\s?\.?(\d{1,3})(?:[:：.、)）]|\s|[-–—])\s*/i, ordinal: true },
  { pattern: /^(🥇|🥈|🥉)\s*/u, ordinal: true },
  { pattern: /^(首选|首推|冠军|其次|次选|亚军|再次|季军|最后)(?:推荐)?(?:是|为)?\s*[:：,，]?\s*/, ordinal: true },
  { pattern: /^(first(?:ly)?|second(?:ly)?|third(?:ly)?|finally)\s*[,:]\s*/i, ordinal: true },
];

const WORDS: Readonly<Record<string, number | null>> = {
  '🥇': 1,
  '🥈': 2,
  '🥉': 3,
  首选: 1,
  首推: 1,
  冠军: 1,
  其次: 2,
  次选: 2,
  亚军: 2,
  再次: 3,
  季军: 3,
  最后: null,
  first: 1,
  firstly: 1,
  second: 2,
  secondly: 2,
  third: 3,
  thirdly: 3,
  finally: null,
};

/** The marker of a line, or undefined for plain text. Looks at the line's first units only. */
export function markerOf(line: string): Marker | undefined {
  const lead = halfWidth(line.slice(0, LEAD_UNITS));
  const before = /^(?:\s*>)*\s*/.exec(lead)?.[0] ?? '';
  const indent = columns(before);
  let content = before.length;
  const heading = HEADING.exec(lead.slice(content));
  const level = heading?.[1]?.length ?? 0;
  content += heading?.[0].length ?? 0;
  const numbered = numberAt(lead.slice(content));
  if (numbered !== undefined) {
    return numberedMarker(numbered, indent, level, content);
  }
  if (heading !== null) return { kind: 'heading', number: null, style: -1, indent, level, content };
  const bullet = BULLET.exec(lead.slice(content));
  if (bullet !== null) return afterBullet(lead, indent, content + bullet[0].length);
  if (BOLD_LEAD.test(lead.slice(content))) return { kind: 'bold', number: null, style: -1, indent, level: 7, content };
  return undefined;
}

/** The number of 三, 十二, ⑤, 🥈, 12 or 其次; null for 最后; undefined for anything else. */
export function numberIn(text: string): number | null | undefined {
  const word = WORDS[text.toLowerCase()];
  if (word !== undefined) return word;
  if (/^\d+$/.test(text)) return Number(text);
  const code = text.codePointAt(0) ?? 0;
  if (code >= 0x2460 && code <= 0x2473) return code - 0x245f;
  if (code >= 0x2776 && code <= 0x277f) return code - 0x2775;
  return chineseNumber(text);
}

/** `- 1. X` and `- 第一名：X` are numbered; other bullets are not. */
function afterBullet(lead: string, indent: number, content: number): Marker {
  const numbered = numberAt(lead.slice(content));
  if (numbered === undefined) return { kind: 'bullet', number: null, style: -1, indent, level: 0, content };
  return numberedMarker(numbered, indent, 0, content);
}

function numberedMarker(numbered: Numbered, indent: number, level: number, before: number): Marker {
  const { number, style, units } = numbered;
  // 首选, 其次, 第三: words for ranks make one list, whichever they are.
  if (NUMBERS[style]?.ordinal === true) {
    return { kind: 'ordinal', number, style: NUMBERS.length, indent, level, content: before + units };
  }
  return { kind: 'number', number, style, indent, level, content: before + units };
}

interface Numbered {
  readonly number: number | null;
  readonly style: number;
  readonly units: number;
}

/** The number at the beginning of a text; a bold that opens before it is left behind with it. */
function numberAt(text: string): Numbered | undefined {
  const open = /^(?:\*\*|__)\s*/.exec(text)?.[0].length ?? 0;
  for (const [style, { pattern }] of NUMBERS.entries()) {
    const match = pattern.exec(text.slice(open));
    if (match === null) continue;
    const number = numberIn(match[1] ?? '');
    if (number !== undefined) return { number, style, units: open + match[0].length };
  }
  return undefined;
}

function chineseNumber(text: string): number | undefined {
  const digits = [...text].map((digit) => CHINESE_DIGITS.indexOf(digit) + 1);
  if (digits.length === 0 || digits.includes(0)) return undefined;
  const [first = 0, second, third] = digits;
  if (second === undefined) return first;
  if (first === 10) return 10 + second;
  return second === 10 ? first * 10 + (third ?? 0) : undefined;
}

/** １．as 1. : full-width forms one for one, so that places stay. */
function halfWidth(text: string): string {
  return text.replace(/[\uff01-\uff5e]/g, (mark) => String.fromCharCode(mark.charCodeAt(0) - 0xfee0));
}

function columns(space: string): number {
  let count = 0;
  for (const mark of space) count += mark === '\t' ? 4 : 1;
  return count;
}
