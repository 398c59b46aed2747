/** The titles of tests as they stand in the source: what a test says that it shows. */
import type { Token } from '../architecture/tokens.ts';

const NAMES: ReadonlySet<string> = new Set(['it', 'test', 'describe']);
/** Tests that are not run show nothing. */
const NOT_RUN: ReadonlySet<string> = new Set(['skip', 'todo', 'skipIf', 'runIf']);
/** These take a table, or a condition, before the title. */
const WITH_TABLE: ReadonlySet<string> = new Set(['each', 'for']);
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' };

/** The titles of the tests and groups of a file, in its order. */
export function testTitles(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token, at) => {
    const isMember = tokens[at - 1]?.text === '.' && tokens[at - 1]?.kind === 'punctuation';
    return token.kind === 'word' && NAMES.has(token.text) && !isMember ? (titleAt(tokens, at + 1) ?? []) : [];
  });
}

/** The title of the call whose callee ends before `at`; undefined when it is no call of a test that runs. */
function titleAt(tokens: readonly Token[], start: number): string | undefined {
  let at = start;
  let hasTable = false;
  while (isPunctuation(tokens[at], '.')) {
    const name = tokens[at + 1]?.text ?? '';
    if (NOT_RUN.has(name)) return undefined;
    hasTable ||= WITH_TABLE.has(name);
    at += 2;
  }
  if (isPunctuation(tokens[at], '<')) at = behind(tokens, at);
  if (hasTable) at = behind(tokens, at);
  const title = tokens[at + 1];
  return isPunctuation(tokens[at], '(') && title?.kind === 'string' ? title.text : undefined;
}

/** Behind the bracket that closes the one at `at`. */
function behind(tokens: readonly Token[], at: number): number {
  const open = tokens[at]?.text ?? '';
  const close = CLOSING[open];
  let depth = 0;
  for (let next = at; next < tokens.length; next++) {
    if (isPunctuation(tokens[next], open)) depth += 1;
    if (isPunctuation(tokens[next], close ?? '')) depth -= 1;
    if (depth === 0) return next + 1;
  }
  return tokens.length;
}

function isPunctuation(token: Token | undefined, text: string): boolean {
  return token?.kind === 'punctuation' && token.text === text;
}

const MARK = /(?<![\w.])([BXR])(\d{1,2})(?:\s?[–-]\s?\1?(\d{1,2}))?(?!\w)/g;

/** The numbers of requirements, traps and field cases in a title: `B2`, `X5`, and each of `B39–B41`. */
export function numbersIn(title: string): string[] {
  return [...title.matchAll(MARK)].flatMap(([, letter = '', first = '', last = first]) => {
    const count = Number(last) - Number(first) + 1;
    return Array.from({ length: Math.max(0, count) }, (_, index) => `${letter}${Number(first) + index}`);
  });
}
