/**
 * Labels of invariants and their like. A label is one of the letters below with a number of one or two digits that stands by itself:
 * in a comment of TypeScript or Lua, in the title of a test or a text that begins with it, in prose of Markdown outside of code, and
 * in the head of a mutant's patch. `I1–I5` cites each of them. Codes, names and figures that look alike (`F1` as a measure, `%C3`)
 * stand elsewhere and are none.
 */
import { testTitles } from '../brand/test-titles.ts';
import { isTest, isTypeScript, type SourceFile } from './source-tree.ts';
import { commentsOf } from './tokens.ts';

export const LABELS_PAGE = 'docs/internals/invariants.md';

const LABEL = /(?<![\w.%/#@$&=-])([IPFBX])([1-9]\d?)(?:\s?[–-]\s?\1?([1-9]\d?))?(?![\w%.-]*\w)/g;

interface Citation {
  readonly label: string;
  readonly line: number;
}

/** One line per label that is cited and not defined, and per one that is defined and that no test cites. */
export function labelViolations(files: readonly SourceFile[]): string[] {
  const page = files.find(({ path }) => path === LABELS_PAGE);
  const defined = new Set([...(page?.text ?? '').matchAll(/^\| ([A-Z]\d{1,2}) \|/gm)].map(([, label]) => label!));
  const tested = new Set<string>();
  const undefinedLabels = files
    .filter(({ path }) => path !== LABELS_PAGE)
    .flatMap((file) =>
      citationsIn(file).flatMap(({ label, line }) => {
        if (isTest(file) || file.path.startsWith('test/')) tested.add(label);
        return defined.has(label) ? [] : [`${file.path}:${line} cites ${label}, which ${LABELS_PAGE} does not define`];
      }),
    );
  const untested = [...defined].filter((label) => !tested.has(label));
  return [...undefinedLabels, ...untested.map((label) => `${LABELS_PAGE} defines ${label}, which no test cites`)];
}

export function citationsIn(file: SourceFile): Citation[] {
  if (isTypeScript(file)) return [...commentsOf(file.text), ...textsOf(file)].flatMap(labelsOf);
  if (file.path.endsWith('.lua')) return linesOf(file, (text) => /--(.*)$/.exec(text)?.[1] ?? '');
  if (file.path.endsWith('.patch')) return linesOf({ text: file.text.split(/^--- /m)[0]! }, (text) => text);
  if (!file.path.endsWith('.md')) return [];
  const prose = file.text.replace(/^( *)(```|~~~)[\s\S]*?^ *\2/gm, (code) => code.replace(/[^\n]/g, ' '));
  return linesOf({ text: prose }, (text) => text.replace(/`[^`]*`/g, ''));
}

/** Titles of tests, and texts that begin with a label, as those of violations do. */
function textsOf({ tokens }: SourceFile) {
  const titles = new Set(testTitles(tokens));
  return tokens.filter(({ kind, text }) => kind === 'string' && (titles.has(text) || /^[A-Z]\d{1,2}[ :,–]/.test(text)));
}

function linesOf({ text }: Pick<SourceFile, 'text'>, proseIn: (line: string) => string): Citation[] {
  return text.split('\n').flatMap((line, at) => labelsOf({ text: proseIn(line), line: at + 1 }));
}

function labelsOf({ text, line }: { readonly text: string; readonly line: number }): Citation[] {
  return [...text.matchAll(LABEL)].flatMap(([, letter, first, last = first]) => {
    const count = Math.max(1, Number(last) - Number(first) + 1);
    return Array.from({ length: count }, (_, index) => ({ label: `${letter}${Number(first) + index}`, line }));
  });
}
