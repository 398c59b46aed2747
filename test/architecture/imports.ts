import { type Token, tokensOf } from './tokens.ts';

export interface Import {
  /** Undefined: computed at run time. */
  readonly specifier: string | undefined;
  /** `import type` and `export type`: gone at run time. */
  readonly typeOnly: boolean;
  /** `import()`: loaded when it is reached. */
  readonly isLate: boolean;
  readonly line: number;
}

/** Everything that a file imports or re-exports, `import()` in code and in types included. */
export function importsOf(source: string): Import[] {
  return importsIn(tokensOf(source));
}

export function importsIn(tokens: readonly Token[]): Import[] {
  const imports: Import[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'word' || isMember(tokens, index)) continue;
    const found =
      token.text === 'import'
        ? readImport(tokens, index)
        : token.text === 'export'
          ? readExport(tokens, index)
          : undefined;
    if (found !== undefined) imports.push({ ...found, line: token.line });
  }
  return imports;
}

/** Whether a file has a default export, in either spelling. */
export function hasDefaultExport(tokens: readonly Token[]): boolean {
  return tokens.some((token, index) => {
    if (token.kind !== 'word' || token.text !== 'export' || isMember(tokens, index)) return false;
    if (isWord(tokens[index + 1], 'default')) return true;
    const clause = clauseFrom(tokens, index + 1);
    return clause.some((word, at) => isWord(word, 'as') && isWord(clause[at + 1], 'default'));
  });
}

type Found = Omit<Import, 'line'>;

function readImport(tokens: readonly Token[], index: number): Found | undefined {
  const next = tokens[index + 1];
  if (next?.kind === 'string') return { specifier: next.text, typeOnly: false, isLate: false };
  if (isPunctuation(next, '(')) {
    const argument = tokens[index + 2];
    const isLiteral = argument?.kind === 'string' && isPunctuation(tokens[index + 3], ')', ',');
    return { specifier: isLiteral ? argument.text : undefined, typeOnly: false, isLate: true };
  }
  return readClause(tokens, index);
}

function readExport(tokens: readonly Token[], index: number): Found | undefined {
  const start = isWord(tokens[index + 1], 'type') ? index + 2 : index + 1;
  return isPunctuation(tokens[start], '*', '{') ? readClause(tokens, index) : undefined;
}

/** `… from 'specifier'`, behind the word at `index`. */
function readClause(tokens: readonly Token[], index: number): Found | undefined {
  const clause = clauseFrom(tokens, index + 1);
  const from = index + 1 + clause.length;
  const specifier = tokens[from + 1];
  if (!isWord(tokens[from], 'from') || specifier?.kind !== 'string') return undefined;
  return { specifier: specifier.text, typeOnly: isWord(clause[0], 'type') && clause.length > 1, isLate: false };
}

/** The tokens up to the `from` that a string follows, as long as they can stand in such a clause. */
function clauseFrom(tokens: readonly Token[], start: number): readonly Token[] {
  let end = start;
  while (end < tokens.length) {
    const token = tokens[end]!;
    if (isWord(token, 'from') && tokens[end + 1]?.kind === 'string') break;
    if (token.kind === 'regex' || (token.kind === 'punctuation' && !',{}*'.includes(token.text))) break;
    end += 1;
  }
  return tokens.slice(start, end);
}

function isMember(tokens: readonly Token[], index: number): boolean {
  return isPunctuation(tokens[index - 1], '.');
}

function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === 'word' && token.text === text;
}

function isPunctuation(token: Token | undefined, ...texts: readonly string[]): boolean {
  return token?.kind === 'punctuation' && texts.includes(token.text);
}
