/** The repository's files, as the rules look at them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Token, tokensOf } from './tokens.ts';

export interface SourceFile {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** A file as rules take it, whether it was read or made up by a test. */
export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, tokens: path.endsWith('.ts') ? tokensOf(text) : [] };
}

/** Folders that hold nothing that we wrote. */
const FOREIGN = new Set(['node_modules', '.git', '.catena', 'out', 'coverage']);

/** Files that are generated, or are data. */
const GENERATED = [/^libs\/contracts\/gen\//, /^package-lock\.json$/, /\.(?:html|gz|png|db|tgz)$/];

/** Every file that people wrote. */
export function readSourceTree(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const absolute = join(folder, entry.name);
      const path = relative(root, absolute).replaceAll('\\', '/');
      if (entry.isDirectory() && !FOREIGN.has(entry.name)) visit(absolute);
      else if (entry.isFile() && !GENERATED.some((pattern) => pattern.test(path))) {
        files.push(sourceFile(path, readFileSync(absolute, 'utf8')));
      }
    }
  };
  visit(root);
  return files;
}

export const isTypeScript = ({ path }: SourceFile): boolean => path.endsWith('.ts');
/** Tests, compile-time tests, and what only tests use. */
export const isTest = ({ path }: SourceFile): boolean => /\.(?:test|test-d|fixture)\.ts$/.test(path);
/** What ships: the rules about layers and names are about it. */
export const isProduct = (file: SourceFile): boolean =>
  /^(?:libs|services)\//.test(file.path) && isTypeScript(file) && !isTest(file);
