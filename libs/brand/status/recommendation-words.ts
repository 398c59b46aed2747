/** The sentences of recommendations: what to do, and the numbers behind it. There are no other texts. */
import type { RecommendationRule } from './recommendation-rules.ts';

export type RecommendationLanguage = 'zh' | 'en';

interface WordFacts {
  readonly brand: string;
  readonly numbers: Readonly<Record<string, number>>;
  readonly subjects: readonly string[];
  /** Whether another report may come. */
  readonly isPreliminary: boolean;
}

interface Wording {
  readonly text: string;
  readonly reason: string;
}

type Words = Readonly<Record<RecommendationRule, (facts: WordFacts) => Wording>>;

const EN: Words = {
  low_coverage: ({ numbers: n, isPreliminary }) => ({
    text: isPreliminary
      ? 'Wait for the final report before drawing conclusions.'
      : 'Give the models more time, or ask again, before drawing conclusions.',
    reason: isPreliminary
      ? `${n.whole} of ${n.calls} answers are whole, ${n.partial} are read as far as they have come, ${n.pending} have said nothing yet, ${n.failed} failed: what was not heard may change every figure.`
      : `${n.whole} of ${n.calls} answers are whole, ${n.partial} were cut off, ${n.failed} failed: what was not heard may change every figure.`,
  }),
  too_few_answers: ({ numbers: n }) => ({
    text: 'Ask more questions, more models or more repeats.',
    reason: `${n.answers} answers to questions that name no brand could be read; below ${n.enough} figures are too thin to compare.`,
  }),
  not_visible: ({ brand, numbers: n, subjects }) => ({
    text: `Make ${brand} known where answers come from: no model names it by itself.`,
    reason: `${brand} is in none of ${n.answers} answers${subjects.length === 0 ? '' : `; ${list(subjects)} are`}.`,
  }),
  behind_rival: ({ brand, numbers: n, subjects }) => ({
    text: `Close the gap in visibility to ${list(subjects)}.`,
    reason: `${brand} is in ${n.mentioned} of ${n.answers} answers, ${subjects[0]} in ${n.rival_mentioned}; the 95 % intervals do not overlap.`,
  }),
  intercepted: ({ brand, numbers: n, subjects }) => ({
    text: `Work on the questions in which a rival is recommended instead: ${list(quoted(subjects))}.`,
    reason: `${n.intercepted} of ${n.answers} answers recommend a rival and do not mention ${brand}.`,
  }),
  negative_sentiment: ({ brand, numbers: n }) => ({
    text: `Find out what answers hold against ${brand}, and answer it in public.`,
    reason: `Of ${n.mentioned} answers that mention it ${n.negative} are negative and ${n.positive} positive.`,
  }),
  absent_from_sources: ({ brand, numbers: n, subjects }) => ({
    text: `Get ${brand} onto the pages that answers rest on: ${list(subjects)}.`,
    reason: `${n.pages} of the cited pages name a rival and not ${brand}; together they are cited ${n.citations} times.`,
  }),
  invisible_to_model: ({ brand, numbers: n, subjects }) => ({
    text: `Look at what these models rest on: ${list(subjects)}.`,
    reason: `None of their ${n.answers} answers mentions ${brand}, while other models do.`,
  }),
  own_pages_not_cited: ({ numbers: n, subjects }) => ({
    text: `Make your own pages worth citing: ${list(subjects)}.`,
    reason: `None of ${n.sourced_answers} answers with sources cites them.`,
  }),
  low_rank: ({ brand, numbers: n }) => ({
    text: `Give models reasons to name ${brand} earlier.`,
    reason: `Its average rank is ${n.average_rank} over ${n.mentioned} answers that mention it.`,
  }),
  negative_sources: ({ brand, numbers: n, subjects }) => ({
    text: `Read the pages that are cited against you, and correct what is wrong: ${list(subjects)}.`,
    reason: `${n.pages} pages are cited ${n.citations} times in negative sentences of answers that mention ${brand}.`,
  }),
};

const ZH: Words = {
  low_coverage: ({ numbers: n, isPreliminary }) => ({
    text: isPreliminary ? '下结论之前，请等待最终报告。' : '下结论之前，请给模型更多时间，或重新提问。',
    reason: isPreliminary
      ? `${n.calls} 个回答中完整的 ${n.whole} 个，读到一部分的 ${n.partial} 个，尚无内容的 ${n.pending} 个，失败 ${n.failed} 个：未听到的部分可能改变任何数字。`
      : `${n.calls} 个回答中完整的 ${n.whole} 个，被截断 ${n.partial} 个，失败 ${n.failed} 个：未听到的部分可能改变任何数字。`,
  }),
  too_few_answers: ({ numbers: n }) => ({
    text: '请增加问题、模型或重复次数。',
    reason: `未点名品牌的问题共有 ${n.answers} 个可用的回答；少于 ${n.enough} 个时数据太少，不宜比较。`,
  }),
  not_visible: ({ brand, numbers: n, subjects }) => ({
    text: `让${brand}出现在回答所依据的内容里：没有模型会主动提到它。`,
    reason: `${n.answers} 个回答中没有一个提到${brand}${subjects.length === 0 ? '' : `，而提到了${list(subjects, '、')}`}。`,
  }),
  behind_rival: ({ brand, numbers: n, subjects }) => ({
    text: `缩小与${list(subjects, '、')}的可见度差距。`,
    reason: `${n.answers} 个回答中 ${n.mentioned} 个提到${brand}，${n.rival_mentioned} 个提到${subjects[0]}；两者的 95 % 区间不重叠。`,
  }),
  intercepted: ({ brand, numbers: n, subjects }) => ({
    text: `优先处理竞品被推荐的问题：${list(quoted(subjects), '、')}。`,
    reason: `${n.answers} 个回答中有 ${n.intercepted} 个推荐了竞品而没有提到${brand}。`,
  }),
  negative_sentiment: ({ brand, numbers: n }) => ({
    text: `查明回答中对${brand}的负面看法，并公开回应。`,
    reason: `提到它的 ${n.mentioned} 个回答中，负面 ${n.negative} 个，正面 ${n.positive} 个。`,
  }),
  absent_from_sources: ({ brand, numbers: n, subjects }) => ({
    text: `让${brand}出现在回答所依据的页面上：${list(subjects)}。`,
    reason: `被引用的页面中有 ${n.pages} 个提到竞品而没有提到${brand}，合计被引用 ${n.citations} 次。`,
  }),
  invisible_to_model: ({ brand, numbers: n, subjects }) => ({
    text: `了解这些模型的依据：${list(subjects, '、')}。`,
    reason: `它们的 ${n.answers} 个回答都没有提到${brand}，而其他模型提到了。`,
  }),
  own_pages_not_cited: ({ numbers: n, subjects }) => ({
    text: `让自有页面值得引用：${list(subjects)}。`,
    reason: `${n.sourced_answers} 个带来源的回答都没有引用它们。`,
  }),
  low_rank: ({ brand, numbers: n }) => ({
    text: `给模型更早提到${brand}的理由。`,
    reason: `在提到它的 ${n.mentioned} 个回答中，平均排名为 ${n.average_rank}。`,
  }),
  negative_sources: ({ brand, numbers: n, subjects }) => ({
    text: `阅读被负面引用的页面，更正其中的错误：${list(subjects)}。`,
    reason: `在提到${brand}的回答里，有 ${n.pages} 个页面在负面语句中共被引用 ${n.citations} 次。`,
  }),
};

export const RECOMMENDATION_WORDS: Readonly<Record<RecommendationLanguage, Words>> = { en: EN, zh: ZH };

/** Questions end with a mark of their own. */
function quoted(subjects: readonly string[]): string[] {
  return subjects.map((subject) => `“${subject}”`);
}

function list(subjects: readonly string[], between = ', '): string {
  return subjects.join(between);
}
