/**
 * Checks shape and consistency of a labelled set, the held-out one by default, and prints its mix; it knows nothing of how brands are
 * extracted. Run it with `node test/brand/held-out/check.ts [file]`; it exits with 1 and names every fault that it finds.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

interface Brand {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly negative_contexts: readonly string[];
}

interface BrandLabel {
  readonly mentioned: boolean;
  readonly list_rank: number | null;
  readonly mention_rank: number | null;
  readonly recommended: boolean | null;
  readonly sentiment: 'positive' | 'neutral' | 'negative' | null;
}

interface Answer {
  readonly id: string;
  readonly lang: 'zh' | 'en';
  readonly question: string;
  readonly branded: boolean;
  readonly brands: readonly Brand[];
  readonly text: string;
  readonly citations: readonly { readonly url: string; readonly title?: string }[];
  readonly expect: {
    readonly brands: Readonly<Record<string, BrandLabel>>;
    readonly urls: readonly { readonly url: string; readonly grade: 'cited' | 'linked' }[];
    readonly named_sources: readonly string[];
  };
  readonly note: string;
}

type Report = (fault: string) => void;

const keys = ['id', 'lang', 'question', 'branded', 'brands', 'text', 'citations', 'expect', 'note'];
const sentiments = ['positive', 'neutral', 'negative', null];

const formats: Readonly<Record<string, RegExp>> = {
  'ordered list': /^[#* ]*(?:\d+\s*[.、)]|\d\uFE0F?\u20E3|[①-⑨]|[一二三四五]、|第[一二三][名，：]|首选|First,)/m,
  bold: /\*\*/,
  'Chinese ordinals': /首选|其次|第[一二三]名?[，：是]|^[#* ]*[一二三]、|①/m,
  headings: /^#+ /m,
  table: /^\|/m,
};

/** Folds width, case and apostrophes, which is all that a form and the text may differ in. */
function fold(text: string): string {
  return text.replace(/[™®©]/g, ' ').normalize('NFKC').toLowerCase().replaceAll('’', "'");
}

function formsOf(brand: Brand): string[] {
  return [brand.name, ...brand.aliases].map(fold);
}

/** Whether the text holds the form with a Latin boundary on both sides, so that a meeting is no Meet. */
function holdsWord(text: string, form: string): boolean {
  const isLatin = (sign: string | undefined) => sign !== undefined && /[a-z0-9]/.test(sign);
  for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) {
    const startsInside = isLatin(form[0]) && isLatin(text[at - 1]);
    const endsInside = isLatin(form.at(-1)) && isLatin(text[at + form.length]);
    if (!startsInside && !endsInside) return true;
  }
  return false;
}

/** The normal form of an address as the README fixes it. */
function normaliseUrl(address: string): string {
  const url = new URL(/^https?:/i.test(address) ? address : `https://${address}`);
  for (const name of [...url.searchParams.keys()]) if (name.startsWith('utm_')) url.searchParams.delete(name);
  const host = url.host.replace(/^(?:www|m)\./, '');
  return `${url.protocol}//${host}${url.pathname}${url.search}`.replace(/\/$/, '');
}

function checkShape(answer: Answer, report: Report): void {
  if (JSON.stringify(Object.keys(answer)) !== JSON.stringify(keys)) report('its fields are not the agreed ones');
  if (!/^(?:zh|en)-[a-z]+-\d\d$/.test(answer.id)) report('its id is not language-field-number');
  if (!answer.id.startsWith(`${answer.lang}-`)) report('id and language differ');
  const length = [...answer.text].length;
  if (length < 150 || length > 900) report(`the text has ${length} characters, not 150 to 900`);
  if (answer.note === '') report('the note is empty');
  if (typeof answer.branded !== 'boolean') report('branded is not a boolean');
}

function checkBrands({ brands, question, branded }: Answer, report: Report): void {
  if (brands.length < 3 || brands.length > 5) report('a main brand and two to four rivals are wanted');
  const forms = brands.flatMap(formsOf);
  if (new Set(forms).size !== forms.length) report('a form is given twice');
  for (const brand of brands) {
    for (const context of brand.negative_contexts) {
      const holdsForm = formsOf(brand).some((form) => fold(context).includes(form));
      if (!holdsForm) report(`negative context ${context} holds no form of ${brand.name}`);
    }
  }
  const isNamed = forms.some((form) => holdsWord(fold(question), form));
  if (!branded && isNamed) report('the question names a brand unmarked');
}

function checkBrandLabels({ brands, text, expect }: Answer, report: Report): void {
  const names = brands.map((brand) => brand.name);
  if (JSON.stringify(Object.keys(expect.brands)) !== JSON.stringify(names)) report('labels and brands differ');
  const folded = fold(text);
  const ranks: number[] = [];
  for (const brand of brands) {
    const label = expect.brands[brand.name];
    if (label === undefined) continue;
    const { mentioned, list_rank: listRank, mention_rank: mentionRank, recommended, sentiment } = label;
    const fault = (what: string) => report(`${brand.name}: ${what}`);
    if (mentioned !== (mentionRank !== null)) fault('mentioned and mention_rank disagree');
    if (mentioned !== (sentiment !== null)) fault('a sentiment stands exactly where there is a mention');
    if (!mentioned && (listRank !== null || recommended !== null)) fault('labelled although not mentioned');
    if (mentioned && !formsOf(brand).some((form) => folded.includes(form))) fault('no form occurs in the text');
    if (listRank !== null && !(Number.isInteger(listRank) && listRank > 0)) fault('list_rank is no positive integer');
    if (!sentiments.includes(sentiment)) fault('unknown sentiment');
    if (mentionRank !== null) ranks.push(mentionRank);
  }
  const isPermutation = ranks.toSorted((a, b) => a - b).every((rank, index) => rank === index + 1);
  if (!isPermutation) report(`mention ranks ${ranks.join(', ')} are not 1 to ${ranks.length}`);
}

function checkSources({ text, citations, expect }: Answer, report: Report): void {
  const cited = new Set(citations.map((citation) => normaliseUrl(citation.url)));
  const labelled = expect.urls.map((entry) => entry.url);
  if (new Set(labelled).size !== labelled.length) report('an address is labelled twice');
  for (const { url, grade } of expect.urls) {
    if (normaliseUrl(url) !== url) report(`${url} is not in normal form`);
    if ((grade === 'cited') !== cited.has(url)) report(`${url}: grade ${grade} and citations disagree`);
    if (grade === 'linked' && !text.includes(url.replace(/^https?:\/\//, ''))) report(`${url} is not in the text`);
  }
  for (const url of cited) if (!labelled.includes(url)) report(`citation ${url} is not labelled`);
  for (const name of expect.named_sources) if (!text.includes(name)) report(`source ${name} is not in the text`);
}

function countBy(items: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  const sorted = [...counts].toSorted((a, b) => b[1] - a[1]);
  return sorted.map(([name, count]) => `${name} ${count}`).join(', ');
}

function printMix(answers: readonly Answer[]): void {
  const labels = answers.flatMap((answer) => Object.values(answer.expect.brands));
  console.log(`answers: ${answers.length} (${countBy(answers.map((answer) => answer.lang))})`);
  console.log(`branded questions: ${answers.filter((answer) => answer.branded).length}`);
  console.log(`fields: ${countBy(answers.map((answer) => answer.id.split('-')[1] ?? ''))}`);
  for (const [name, pattern] of Object.entries(formats)) {
    const having = answers.filter((answer) => pattern.test(answer.text));
    const share = Math.round((100 * having.length) / answers.length);
    console.log(`${name}: ${having.length} (${share} %), of them zh ${having.filter((a) => a.lang === 'zh').length}`);
  }
  const cases = answers.flatMap((answer) => [...answer.note.matchAll(/\[([^\]]+)\]/g)].map((match) => match[1] ?? ''));
  console.log(`hard cases: ${countBy(cases)}`);
  const mentioned = labels.filter((label) => label.mentioned);
  const listed = labels.filter((label) => label.list_rank !== null).length;
  console.log(`brand labels: ${labels.length}, mentioned ${mentioned.length}, with list rank ${listed}`);
  console.log(`recommended: ${countBy(mentioned.map((label) => String(label.recommended)))}`);
  console.log(`sentiment: ${countBy(mentioned.map((label) => String(label.sentiment)))}`);
  console.log(`addresses: ${countBy(answers.flatMap((answer) => answer.expect.urls.map((entry) => entry.grade)))}`);
  console.log(`named sources: ${answers.flatMap((answer) => answer.expect.named_sources).length}`);
}

const bytes = readFileSync(process.argv[2] ?? new URL('answers.jsonl', import.meta.url));
const answers = bytes
  .toString('utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Answer);
const faults: string[] = [];
const idCounts = new Map<string, number>();
for (const answer of answers) {
  const report: Report = (fault) => faults.push(`${answer.id}: ${fault}`);
  for (const check of [checkShape, checkBrands, checkBrandLabels, checkSources]) check(answer, report);
  idCounts.set(answer.id, (idCounts.get(answer.id) ?? 0) + 1);
}
for (const [id, count] of idCounts) if (count > 1) faults.push(`${id}: the id stands ${count} times`);
const chineseShare = answers.filter((answer) => answer.lang === 'zh').length / answers.length;
if (Math.abs(chineseShare - 0.7) > 0.01)
  faults.push(`the set: ${Math.round(100 * chineseShare)} % is Chinese, not 70 %`);
printMix(answers);
console.log(`sha256: ${createHash('sha256').update(bytes).digest('hex')}`);
for (const fault of faults) console.error(`fault: ${fault}`);
process.exitCode = faults.length === 0 ? 0 : 1;
