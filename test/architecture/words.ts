/** Words that the glossary has replaced: each stands for something that has a better word, and one word is enough. */
import { isTest, type SourceFile } from './source-tree.ts';

export const GLOSSARY = 'docs/internals/glossary.md';

/** What is looked for, by the row of the glossary that names it. A name of the wire keeps its word: it is written in backticks. */
const OLD_WORDS: Readonly<Record<string, RegExp>> = {
  'bell, ring': /\b(?:doorbell|bell|bells|ringing|rings? (?:the|a|its) (?:child|node|hop)\w*|rung)\b/i,
  ground: /\b(?:the|its|other|either mode's|a) ground\b/i,
  settle: /\bsettl(?:es|ed|ing) (?:a|the) run\b|\brun is settled\b/i,
  shelf: /\bshel(?:f|ves)\b/i,
  patience: /patience(?!Ms|_ms)/i,
};

/** Old words in code, tests and pages, one line each. Decisions and the change log tell of their time. */
export function oldWords(files: readonly SourceFile[]): string[] {
  return files.filter(isOurs).flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const said = line.replaceAll(/`[^`]*`/g, '');
      const found = Object.entries(OLD_WORDS).filter(([, pattern]) => pattern.test(said));
      return found.map(([row]) => `${path}:${index + 1} says "${row}": see ${GLOSSARY}`);
    }),
  );
}

/** Rows of the glossary's last table that nothing looks for, and the other way round. */
export function unwatchedRows(files: readonly SourceFile[]): string[] {
  const glossary = files.find(({ path }) => path === GLOSSARY);
  const table = glossary?.text.split('## Words that are not used')[1] ?? '';
  const rows = [...table.matchAll(/^\| ([a-z, ]+) \|/gm)].map(([, row]) => row!).filter((row) => row !== 'not');
  const watched = Object.keys(OLD_WORDS);
  return [...watched.filter((row) => !rows.includes(row)), ...rows.filter((row) => !watched.includes(row))];
}

function isOurs(file: SourceFile): boolean {
  const { path } = file;
  if (path === GLOSSARY || path === 'CHANGELOG.md' || /^docs\/(?:adr|benchmarks)\//.test(path)) return false;
  if (/^(?:examples|test\/(?:architecture|brand|mutants)|libs\/brand)\//.test(path)) return false;
  return /\.(?:ts|lua|md)$/.test(path) && !isTest(file);
}
