/** Sentences in which the answerer says that it does not know: a name quoted there is no mention. */
import { linesOf, type Span, sentencesOf } from './text-spans.ts';

/** Said of knowing: it is the answerer's own, unless somebody else stands before it. */
const UNKNOWN = new RegExp(
  [
    '(?:无法|不能|难以)(?:为[您你])?(?:确认|核实|证实|查证|确定|判断|验证|查到|找到)',
    '(?:没有?|未能?|尚未|暂未)(?:找到|查到|查询到|检索到|搜索到|搜到|收录)',
    '没有(?:足够|相关|可靠|任何|关于|有关|确切|更多|该|这).{0,16}?(?:信息|数据|资料|记录|知识|了解)',
    '(?:暂无|缺乏|缺少)(?:关于|有关|相关|足够|可靠)',
    '没(?:有)?听说过|查不到',
    '对.{1,24}?(?:不(?:太|是很)?|并不)(?:了解|熟悉|清楚)',
    'no (?:\\w+ ){0,2}(?:information|data|details|results) (?:about|on|for|regarding)\\b',
  ].join('|'),
  'i',
);
/** Brands and people can do these as well: they need the answerer before them, or nobody. */
const UNABLE = new RegExp(
  [
    '(?:无法|不能)(?:为[您你]|给[您你]|向[您你])?(?:提供|获取|回答|评价|引用|给出)|不(?:太|是很)?(?:了解|清楚|熟悉|知道|认识|掌握)',
    "(?:can(?:no|')t|cannot|could not|couldn't|(?:un|not )able to) (?:\\w+ )?(?:confirm|verify|find|locate|judge|assess|evaluate|comment|quote|cite|provide|tell|say|determine)",
    "(?:do not|don't|did not|didn't) (?:\\w+ )?(?:know|find)\\b|(?:do not|don't|did not|didn't) have (?:\\w+ ){0,3}(?:information|data|knowledge|details|figures)",
    'have no (?:\\w+ ){0,2}(?:information|data|knowledge|details|figures|record)',
    'not (?:aware of|familiar with)|never heard of',
  ].join('|'),
  'i',
);
const ANSWERER =
  /我|本(?:模型|助手|人)|抱歉|对不起|很遗憾|作为.{0,12}(?:AI|人工智能|助手|模型)|\b(?:I|I'm|my|sorry|unfortunately|as an ai)\b/i;
const SOMEBODY_ELSE = /(?:用户|消费者|网友|车主|买家|客服|厂家|商家|人|大家|[你您])[^，,]{0,8}$/;
/** A sentence ends there too, and before a contrast. */
const PART = /[；;]|(?<!不)但|不过|然而|\b(?:but|however|though)\b/gi;
const MAX_SENTENCE_UNITS = 400;

/** The refusing sentences, each up to its end or to the contrast that it turns to. */
export function refusalsIn(text: string): Span[] {
  return linesOf(text).flatMap((line) =>
    sentencesOf(text, line)
      .flatMap((sentence) => partsOf(text, sentence))
      .filter(({ start, end }) => refuses(text.slice(start, Math.min(end, start + MAX_SENTENCE_UNITS)))),
  );
}

function partsOf(text: string, { start, end }: Span): Span[] {
  const parts: Span[] = [];
  let from = start;
  for (const { index } of text.slice(start, end).matchAll(PART)) {
    if (start + index > from) parts.push({ start: from, end: start + index });
    from = start + index;
  }
  return [...parts, { start: from, end }];
}

function refuses(part: string): boolean {
  const words = part.replaceAll('’', "'");
  const unknown = UNKNOWN.exec(words);
  if (unknown !== null) {
    const before = words.slice(0, unknown.index);
    if (ANSWERER.test(before) || !SOMEBODY_ELSE.test(before)) return true;
  }
  const unable = UNABLE.exec(words);
  if (unable === null) return false;
  const before = words.slice(0, unable.index);
  return ANSWERER.test(before) || !/[\p{L}\p{N}]/u.test(before);
}
