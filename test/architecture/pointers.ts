/** Names of files in prose and comments: a file that is pointed to exists. */
import { posix } from 'node:path';
import { isTypeScript, type SourceFile } from './source-tree.ts';

const TOP = 'libs|services|lua|test|docs|examples|deploy|proto';
/** A path from the root, whole: without a placeholder or a pattern. */
const PATH = new RegExp(`^(?:${TOP})/[\\w./-]*\\w/?$`);
const NAME = /^[\w-]+(?:\.[\w-]+)*\.(?:ts|lua|proto)$/;
const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*|^\s*--[^\n]*/gm;
/** Names that authors give to files of theirs. */
const OF_AUTHORS = new Set([
  'shop.ts',
  'site.mjs',
  'shop.test.ts',
  'greeting.ts',
  'module.ts',
  'extension.ts',
  'x.ts',
  'x.test.ts',
  'x.system.test.ts',
  'site.ts',
]);

/** One line per pointer to a file or folder that does not exist. Decisions and the change log tell of their time. */
export function brokenPointers(files: readonly SourceFile[], exists: (path: string) => boolean): string[] {
  const names = new Set(files.map(({ path }) => posix.basename(path)));
  return files.flatMap((file) =>
    pointersIn(file).flatMap(({ pointer, line }) => {
      const isThere = PATH.test(pointer)
        ? exists(pointer.replace(/\/$/, ''))
        : !NAME.test(pointer) || names.has(pointer) || OF_AUTHORS.has(pointer);
      return isThere ? [] : [`${file.path}:${line} points to ${pointer}: there is no such file or folder`];
    }),
  );
}

function pointersIn(file: SourceFile): { readonly pointer: string; readonly line: number }[] {
  if (/^(?:CHANGELOG\.md|docs\/(?:adr|benchmarks)\/|test\/architecture\/)/.test(file.path)) return [];
  if (file.path.endsWith('.md')) {
    return inLines(file.text, 1, /`([^`\s]+)`/g);
  }
  if (!isTypeScript(file) && !file.path.endsWith('.lua')) return [];
  return [...file.text.matchAll(COMMENT)].flatMap(({ 0: comment, index }) => {
    const firstLine = file.text.slice(0, index).split('\n').length;
    return [
      ...inLines(comment, firstLine, new RegExp(`(?<![\\w./-])((?:${TOP})/[\\w./-]*\\.(?:ts|lua|md|proto))\\b`, 'g')),
      ...inLines(comment, firstLine, /`([\w-]+(?:\.[\w-]+)*\.(?:ts|lua))`/g),
    ];
  });
}

function inLines(text: string, firstLine: number, pattern: RegExp): { pointer: string; line: number }[] {
  return text
    .split('\n')
    .flatMap((line, at) => [...line.matchAll(pattern)].map(([, pointer = '']) => ({ pointer, line: firstLine + at })));
}
