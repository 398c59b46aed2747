/** Which brands an answer recommends, and which it warns of. A warning outweighs. */
import type { Ranking } from './list-rank.ts';
import { DISCOURAGES, LEAVES_OPEN, NEGATES, RECOMMENDS, REMARK_LABEL } from './recommendation-cues.ts';
import type { Statement } from './statements.ts';

export interface Recommendations {
  readonly recommended: ReadonlySet<number>;
  readonly discouraged: ReadonlySet<number>;
}

/** Questions that ask for a judgement, not for a choice: a list in reply to them advises nothing by itself. */
const ASKS_FOR_JUDGEMENT = /吗\s*[?？]?\s*$|怎么样|质量如何|\bany good\b|^\s*(?:is|are|does|do)\b/i;
const BEFORE_UNITS = 12;

/** A brand is recommended when a clause about it says so, or when it stands in the list that ranks. */
export function recommendations(statements: readonly Statement[], ranking: Ranking, question: string): Recommendations {
  const judges = ASKS_FOR_JUDGEMENT.test(question);
  const recommended = new Set([...ranking.putForward].filter((brand) => !judges || ranking.listRank.has(brand)));
  const discouraged = new Set(ranking.discouraged);
  for (const { text: words, about } of statements) {
    const text = words.replace(REMARK_LABEL, '');
    if (DISCOURAGES.test(text)) for (const brand of about) discouraged.add(brand);
    else if (recommends(text)) for (const brand of about) recommended.add(brand);
  }
  return { recommended: new Set([...recommended].filter((brand) => !discouraged.has(brand))), discouraged };
}

function recommends(text: string): boolean {
  if (LEAVES_OPEN.test(text)) return false;
  for (const { index } of text.matchAll(RECOMMENDS)) {
    if (!NEGATES.test(text.slice(Math.max(0, index - BEFORE_UNITS), index))) return true;
  }
  return false;
}
