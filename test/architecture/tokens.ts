/**
 * TypeScript as a list of tokens: enough to find imports and strings without being fooled by comments, regular expressions
 * and templates. It never fails: what it cannot make sense of becomes punctuation.
 */

export interface Token {
  /** A template gives a `string` per piece of its text; what stands between `${` and `}` are tokens of their own. */
  readonly kind: 'word' | 'string' | 'regex' | 'punctuation';
  /** Of a string, what stands between the quotes, escapes as written. */
  readonly text: string;
  readonly line: number;
  /** How many `${` it stands in. */
  readonly depth: number;
}

const WORD = /[\p{ID_Continue}$]+/uy;
const LINE_COMMENT = /\/\/[^\n]*/y;
const BLOCK_COMMENT = /\/\*[\s\S]*?(?:\*\/|$)/y;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'?|"(?:[^"\\\n]|\\[\s\S])*"?/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const TEMPLATE_TEXT = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;
const WHITE_SPACE = /\s+/y;

/** After these words a slash begins a regular expression; after any other word, or a value, it divides. */
const BEFORE_REGEX = new Set(
  'return typeof case in of delete void throw new else do instanceof yield await'.split(' '),
);

/** The comments of a source, with the lines on which they begin. */
export function commentsOf(source: string): { readonly text: string; readonly line: number }[] {
  const comments: { text: string; line: number }[] = [];
  tokensOf(source, (text, line) => comments.push({ text, line }));
  return comments;
}

export function tokensOf(source: string, onComment: (text: string, line: number) => void = () => {}): Token[] {
  const tokens: Token[] = [];
  /** Open braces inside each open `${`. */
  const templates: number[] = [];
  let position = 0;
  let line = 1;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    const text = pattern.exec(source)?.[0];
    return text === undefined || text === '' ? undefined : text;
  };
  const advance = (text: string): void => {
    position += text.length;
    for (const character of text) if (character === '\n') line += 1;
  };
  const push = (kind: Token['kind'], text: string, whole: string): void => {
    tokens.push({ kind, text, line, depth: templates.length });
    advance(whole);
  };
  /** From behind a template's quote or closing brace to its end, or into its next substitution. */
  const templatePiece = (): void => {
    const text = take(TEMPLATE_TEXT) ?? '';
    push('string', text, text);
    const isSubstitution = source.startsWith('${', position);
    advance(isSubstitution ? '${' : '`');
    if (isSubstitution) templates.push(0);
  };

  while (position < source.length) {
    const space = take(WHITE_SPACE);
    const comment = space === undefined ? (take(LINE_COMMENT) ?? take(BLOCK_COMMENT)) : undefined;
    const skipped = space ?? comment;
    const character = source[position]!;
    if (skipped !== undefined) {
      if (comment !== undefined) onComment(comment, line);
      advance(skipped);
    } else if (character === '`') {
      advance('`');
      templatePiece();
    } else if (character === '}' && templates.at(-1) === 0) {
      templates.pop();
      advance('}');
      templatePiece();
    } else {
      const text = take(STRING);
      const regex = character === '/' && mayBeRegex(tokens.at(-1)) ? take(REGEX) : undefined;
      const word = take(WORD);
      if (text !== undefined) push('string', unquoted(text), text);
      else if (regex !== undefined) push('regex', regex, regex);
      else if (word !== undefined) push('word', word, word);
      else {
        if (templates.length > 0 && character === '{') templates[templates.length - 1]! += 1;
        if (templates.length > 0 && character === '}') templates[templates.length - 1]! -= 1;
        push('punctuation', character, character);
      }
    }
  }
  return tokens;
}

/** A string that its line's end cut off has no closing quote. */
function unquoted(text: string): string {
  return text.length > 1 && text.endsWith(text[0]!) ? text.slice(1, -1) : text.slice(1);
}

function mayBeRegex(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === 'word') return BEFORE_REGEX.has(previous.text);
  return previous.kind === 'punctuation' && !')]}'.includes(previous.text);
}
