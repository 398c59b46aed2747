/**
 * `npm run eval:brand`: how well the extractor reads the labelled answers, beside two naive ways, against the gates.
 * `--held-out` reads the half that nobody who writes the extractor looks at, and logs that it did.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../bench/options.ts';
import { table } from '../bench/table.ts';
import { biasReport } from './bias-report.ts';
import { CONTESTANTS, type Contestant } from './contestants.ts';
import { type LabelledAnswer, readLabelled } from './labelled-answers.ts';
import { CLASSES, GATES, judge, type Measures, type Verdict } from './measures.ts';

const USAGE = `npm run eval:brand -- [--held-out] [--mistakes] | --third | --bias

  --held-out   evaluate the held-out half instead of the development half; every use is logged in test/brand/evaluations.jsonl
  --mistakes   list what the extractor got wrong (development half only: the held-out half stays unseen)
  --third      evaluate the third set, once per release: by language and by format, and each mistake; logged in the same file
  --bias       show what answers that are cut off by the latency profile do to a report, before and now`;

const LOG = join(import.meta.dirname, 'evaluations.jsonl');
const ROWS: readonly (readonly [keyof Measures, string])[] = [
  ['mentionF1', 'mention F1'],
  ['mentionPrecision', 'mention precision'],
  ['mentionRecall', 'mention recall'],
  ['exactRank', 'exact rank'],
  ['exactListRank', 'exact list rank'],
  ['exactMentionRank', 'exact mention rank'],
  ['urlF1', 'URL F1'],
  ['namedF1', 'named sources F1'],
  ['recommended', 'recommended'],
  ['sentiment', 'sentiment accuracy'],
  ['sentimentMacroF1', 'sentiment macro F1'],
];

/** What answers are made of; an answer may belong to several. */
const FORMATS: Readonly<Record<string, RegExp>> = {
  'ordered list': /^[#* ]*(?:\d+\s*[.、)）]|\d\uFE0F?\u20E3|[①-⑨]|[一二三四五]、|第[一二三][名，：])/m,
  bullets: /^\s*[-*•] /m,
  'words that number': /首选|首推|其次|次选|Runner-up|^(?:First|Second),/m,
  headings: /^#+ /m,
  table: /^\|/m,
  prose: /^(?![\s\S]*(?:^|\n)\s*(?:[-*•#|]|\d+[.、)]|[①-⑨]|[一二三]、))/,
};
const PARTS = ['mentionF1', 'exactRank', 'recommended', 'sentiment'] as const;

await runCommand(
  USAGE,
  {
    'held-out': { type: 'boolean', default: false },
    mistakes: { type: 'boolean', default: false },
    third: { type: 'boolean', default: false },
    bias: { type: 'boolean', default: false },
  },
  async ({ 'held-out': heldOut, mistakes, third, bias }) => {
    const pathOf = (set: string): string => join(import.meta.dirname, set, 'answers.jsonl');
    if (bias === true) {
      // The texts alone are used: the extractor is compared with itself.
      const { text, passes } = biasReport(
        ['development', 'held-out'].flatMap((set) => readLabelled(pathOf(set)).answers),
      );
      console.log(text);
      return passes;
    }
    const path = pathOf(third === true ? 'third' : heldOut === true ? 'held-out' : 'development');
    if (!existsSync(path)) throw new Error(`there is no labelled set at ${path}`);
    const { answers, sha256 } = readLabelled(path);
    const verdicts = CONTESTANTS.map((contestant) => judge(answers, contestant));
    const [extractor] = verdicts as [Verdict, ...Verdict[]];
    if (heldOut === true || third === true) log(sha256, verdicts);
    console.log(report(answers.length, sha256, verdicts));
    if (third === true) console.log(`\n${byPart(answers)}`);
    if (third === true || (mistakes === true && heldOut !== true)) console.log(`\n${extractor.mistakes.join('\n')}`);
    return isGood(extractor.measures);
  },
);

function report(answers: number, sha256: string, verdicts: readonly Verdict[]): string {
  const rows = ROWS.map(([name, label]) => [
    label,
    GATES[name] === undefined ? '' : `≥ ${GATES[name]}`,
    ...verdicts.map(({ measures }) => (measures[name] as number).toFixed(3)),
  ]);
  const confusion = (verdicts[0]?.measures.confusion ?? []).map((row, index) => [
    CLASSES[index] ?? '',
    ...row.map(String),
  ]);
  return [
    `${answers} answers, sha256 ${sha256}`,
    '',
    table(['', 'gate', ...CONTESTANTS.map(({ name }) => name)], rows),
    '',
    'Sentiment by the extractor (rows labelled, columns found)',
    table(['', ...CLASSES], confusion),
  ].join('\n');
}

/** The extractor by language and by format. */
function byPart(answers: readonly LabelledAnswer[]): string {
  const parts: readonly (readonly [string, readonly LabelledAnswer[]])[] = [
    ...(['zh', 'en'] as const).map((lang) => [lang, answers.filter((answer) => answer.lang === lang)] as const),
    ...Object.entries(FORMATS).map(
      ([name, pattern]) => [name, answers.filter(({ text }) => pattern.test(text))] as const,
    ),
  ];
  const rows = parts.map(([name, own]) => {
    const { measures } = judge(own, CONTESTANTS[0] as Contestant);
    return [name, String(own.length), ...PARTS.map((part) => measures[part].toFixed(3))];
  });
  return table(['', 'answers', ...PARTS], rows);
}

function isGood(measures: Measures): boolean {
  return Object.entries(GATES).every(([name, gate]) => (measures[name as keyof Measures] as number) >= gate);
}

/** One line per evaluation of the held-out half: an extractor that was tuned to it would show here. */
function log(sha256: string, verdicts: readonly Verdict[]): void {
  const figures = Object.fromEntries(verdicts.map(({ measures }, index) => [CONTESTANTS[index]?.name ?? '', measures]));
  appendFileSync(LOG, `${JSON.stringify({ date: new Date().toISOString(), sha256, figures })}\n`);
}
