/** Sentences in which a model only says that it cannot speak about a name. */
import { linesOf, type Span, sentencesOf } from './text-spans.ts';

const NO_KNOWLEDGE =
  '无法(?:确认|核实|提供|找到|查到|获取|回答|评价|判断|验证)|不能(?:确认|提供|评价)|没有(?:找到|查到|检索到|关于|足够的?信息|相关信息)|未(?:能)?(?:找到|查到|检索到|收录)|(?:不(?:太)?(?:了解|清楚|熟悉|知道|认识)|没(?:有)?听说过)|暂无(?:关于|相关)|缺乏(?:关于|足够的?信息)';
const NO_KNOWLEDGE_EN =
  "(?:can(?:no|')t|can’t|cannot|could not|couldn't|unable to|not able to)\\s(?:\\w+\\s)?(?:confirm|verify|provide|find|comment|assess|evaluate|locate)|(?:do not|don't|don’t|did not|didn't) have (?:\\w+\\s){0,3}(?:information|data|knowledge|details)|not (?:aware of|familiar with)|no (?:\\w+\\s)?(?:information|data) (?:about|on|for|regarding)";
const CUE = new RegExp(`${NO_KNOWLEDGE}|${NO_KNOWLEDGE_EN}`, 'i');
const SPEAKER =
  /我|本(?:模型|助手|人)|抱歉|对不起|很遗憾|作为.{0,12}(?:AI|人工智能|助手|模型)|\b(?:I|I'm|sorry|unfortunately|as an ai)\b/i;
/** After these the sentence goes on to say something. */
const TURN = /(?:但是?|不过|然而|只能说|\bbut\b|\bhowever\b|\bthough\b|\bthat said\b)/i;
const MAX_SENTENCE_UNITS = 400;

/** The whole sentence (to its turn) when the model speaks of itself, else from the cue on. */
export function refusalsIn(text: string): Span[] {
  return linesOf(text).flatMap((line) =>
    sentencesOf(text, line).flatMap(({ start, end }) => {
      const sentence = text.slice(start, Math.min(end, start + MAX_SENTENCE_UNITS));
      const cue = CUE.exec(sentence);
      if (cue === null) return [];
      const turn = TURN.exec(sentence.slice(cue.index));
      const until = turn === null ? end : start + cue.index + turn.index;
      const from = SPEAKER.test(sentence.slice(0, cue.index)) ? start : start + cue.index;
      return [{ start: from, end: until }];
    }),
  );
}
