/** Who reads the labelled answers: the extractor, and the two naive ways that it must beat. */
import { extractAnswer } from '../../libs/brand/extraction/extract-answer.ts';
import { type BrandLabel, brandsOf, type LabelledAnswer, type Labels } from './labelled-answers.ts';

export interface Contestant {
  readonly name: string;
  readonly read: (answer: LabelledAnswer) => Labels;
}

export const CONTESTANTS: readonly Contestant[] = [
  { name: 'extractor', read: byExtractor },
  { name: 'indexOf', read: byIndexOf },
  { name: 'regex', read: byRegex },
];

const ABSENT: BrandLabel = {
  mentioned: false,
  list_rank: null,
  mention_rank: null,
  recommended: false,
  sentiment: null,
};

function byExtractor(answer: LabelledAnswer): Labels {
  const { text, question, citations } = answer;
  const given = citations.map(({ url, title }) => ({ url, ...(title === undefined ? {} : { title }) }));
  const { brands, sources } = extractAnswer({ text, question, brands: brandsOf(answer), citations: given });
  return {
    brands: Object.fromEntries(
      brands.map(({ brand, mentioned, listRank, mentionRank, recommended, sentiment }) => [
        brand,
        { mentioned, list_rank: listRank, mention_rank: mentionRank, recommended, sentiment },
      ]),
    ),
    urls: sources.flatMap(({ url, grade }) => (url === null || grade === 'named' ? [] : [{ url, grade }])),
    named_sources: sources.flatMap(({ grade, siteName }) => (grade === 'named' ? [siteName] : [])),
  };
}

/** The name or an alias anywhere, whatever the case; rank is the order of first occurrence; nothing is felt. */
function byIndexOf(answer: LabelledAnswer): Labels {
  const text = answer.text.toLowerCase();
  const first = (names: readonly string[]): number =>
    Math.min(...names.map((name) => text.indexOf(name.toLowerCase())).filter((at) => at !== -1));
  return labelled(
    answer,
    (names) => first(names),
    () => null,
    () => 'neutral',
  );
}

/** Word boundaries for Latin names, numbered lines for ranks, a handful of words for sentiment. */
function byRegex(answer: LabelledAnswer): Labels {
  const pattern = (names: readonly string[]): string =>
    names
      .map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .map((name) => (/^\w/.test(name) ? `\\b${name}\\b` : name))
      .join('|');
  return labelled(
    answer,
    (names) => answer.text.match(new RegExp(pattern(names), 'i'))?.index ?? Infinity,
    (names) => {
      const item = new RegExp(`^\\s*(\\d+)[.、)].{0,20}?(?:${pattern(names)})`, 'im').exec(answer.text);
      return item === null ? null : Number(item[1]);
    },
    (names) => {
      const line = answer.text.split('\n').find((each) => new RegExp(pattern(names), 'i').test(each)) ?? '';
      const praise = line.match(/好|优|强|领先|good|great|best|easy|reliable/gi)?.length ?? 0;
      const blame = line.match(/差|弱|贵|不|问题|bad|poor|slow|expensive|but/gi)?.length ?? 0;
      return praise === blame ? 'neutral' : praise > blame ? 'positive' : 'negative';
    },
  );
}

function labelled(
  answer: LabelledAnswer,
  first: (names: readonly string[]) => number,
  listRank: (names: readonly string[]) => number | null,
  sentiment: (names: readonly string[]) => BrandLabel['sentiment'],
): Labels {
  const found = answer.brands.map(({ name, aliases }) => ({
    name,
    names: [name, ...aliases],
    at: first([name, ...aliases]),
  }));
  const order = found.filter(({ at }) => Number.isFinite(at)).sort((a, b) => a.at - b.at);
  return {
    brands: Object.fromEntries(
      found.map(({ name, names }) => {
        const place = order.findIndex((each) => each.name === name);
        if (place === -1) return [name, ABSENT];
        const rank = { list_rank: listRank(names), mention_rank: place + 1 };
        return [name, { mentioned: true, ...rank, recommended: true, sentiment: sentiment(names) }];
      }),
    ),
    urls: [
      ...(answer.text.match(/https?:\/\/\S+/g) ?? []).map((url) => ({ url, grade: 'linked' as const })),
      ...answer.citations.map(({ url }) => ({ url, grade: 'cited' as const })),
    ],
    named_sources: [],
  };
}
