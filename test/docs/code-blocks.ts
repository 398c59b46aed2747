/** The TypeScript that stands in Markdown and in TSDoc, block by block. `README.md` beside this file says how to write it. */

/** `run`: compiled and executed. `compiled`: compiled alone. `fragment`: neither, for it is not whole. */
export type BlockKind = 'run' | 'compiled' | 'fragment';

export interface CodeBlock {
  /** Where it stands, from the root, with slashes. */
  readonly path: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
  readonly kind: BlockKind;
  readonly text: string;
}

export interface Found {
  readonly blocks: readonly CodeBlock[];
  /** One line per block that cannot be taken, with its place. */
  readonly problems: readonly string[];
}

const LANGUAGES: readonly string[] = ['ts', 'typescript'];
const FENCE = /^(\s*)(`{3,}|~{3,})\s*([\w-]*)\s*(.*?)\s*$/;

/** The blocks of a Markdown file. */
export function blocksOfMarkdown(path: string, text: string): Found {
  return readFences(
    path,
    text.split('\n').map((content, index) => ({ content, line: index + 1 })),
  );
}

/** The blocks of a source file's TSDoc, and each `@example` that has none. */
export function blocksOfSource(path: string, text: string): Found {
  const found = [...text.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].map((match) => {
    const firstLine = text.slice(0, match.index).split('\n').length;
    const lines = match[0].split('\n').map((raw, index) => ({
      content: raw.replace(/^\s*(?:\/\*\*|\*(?!\/)) ?/, '').replace(/\*\/$/, ''),
      line: firstLine + index,
    }));
    const { blocks, problems } = readFences(path, lines);
    const bare = lines.filter(({ content, line }, index) => {
      if (!/^\s*@example\b/.test(content)) return false;
      const end = lines.slice(index + 1).find((other) => /^\s*@example\b/.test(other.content))?.line ?? Infinity;
      return !blocks.some((block) => block.line > line && block.line < end);
    });
    return {
      blocks,
      problems: [...problems, ...bare.map(({ line }) => `${path}:${line} is an @example without code`)],
    };
  });
  return { blocks: found.flatMap(({ blocks }) => blocks), problems: found.flatMap(({ problems }) => problems) };
}

interface Line {
  readonly content: string;
  readonly line: number;
}

function readFences(path: string, lines: readonly Line[]): Found {
  const blocks: CodeBlock[] = [];
  const problems: string[] = [];
  let open: { readonly fence: RegExpExecArray; readonly line: number; readonly body: string[] } | undefined;
  for (const { content, line } of lines) {
    const fence = FENCE.exec(content);
    if (open === undefined) {
      if (fence !== null) open = { fence, line, body: [] };
      continue;
    }
    if (fence === null || !closes(fence, open.fence)) {
      open.body.push(content);
      continue;
    }
    const [, indent = '', , language = '', info = ''] = open.fence;
    const kind = info === '' ? 'run' : info;
    const place = `${path}:${open.line}`;
    if (LANGUAGES.includes(language)) {
      const text = `${open.body.map((each) => (each.startsWith(indent) ? each.slice(indent.length) : each)).join('\n')}\n`;
      if (isKind(kind)) blocks.push({ path, line: open.line + 1, kind, text });
      else problems.push(`${place} says "${info}" of its code: there are compiled and fragment`);
    }
    open = undefined;
  }
  if (open !== undefined) problems.push(`${path}:${open.line} opens a block that is never closed`);
  return { blocks, problems };
}

/** A fence ends with at least as many of the same characters, and nothing behind them. */
function closes([, , marks = '', language, info]: RegExpExecArray, [, , opening = '']: RegExpExecArray): boolean {
  return marks[0] === opening[0] && marks.length >= opening.length && language === '' && info === '';
}

function isKind(text: string): text is BlockKind {
  return text === 'run' || text === 'compiled' || text === 'fragment';
}
