/** The engine knows no extension, and the extension of the product takes nothing that another author could not take. */
import { posix } from 'node:path';
import { importsIn } from './imports.ts';
import { isProduct, type SourceFile } from './source-tree.ts';

/** Extensions that come with the product. */
const EXTENSIONS = /^libs\/brand\//;

/** The one file that lists them. */
const LIST = 'services/node/extensions.ts';

/** What authors import as `catena` and `catena/extension`. */
const PUBLIC = ['libs/modules/index.ts', 'libs/extension/index.ts'];

/** One line per import of an extension by the engine. */
export function enginesExtensions(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isProduct(file) && !EXTENSIONS.test(file.path) && file.path !== LIST)
    .flatMap(({ path, tokens }) =>
      importsIn(tokens)
        .filter(({ specifier }) => EXTENSIONS.test(target(path, specifier)))
        .map(({ specifier, line }) => `${path}:${line} imports ${specifier}: only ${LIST} knows extensions`),
    );
}

/** One line per name that an extension imports of the engine and authors cannot import. */
export function privateImports(files: readonly SourceFile[]): string[] {
  const exported = new Set(
    files.filter(({ path }) => PUBLIC.includes(path)).flatMap(({ path, text }) => namesIn(path, text, 'export')),
  );
  return files
    .filter((file) => isProduct(file) && EXTENSIONS.test(file.path))
    .flatMap(({ path, text }) =>
      namesIn(path, text, 'import')
        .filter((name) => !EXTENSIONS.test(name) && !PUBLIC.some((index) => name.startsWith(`${index} `)))
        .filter((name) => !exported.has(name))
        .map((name) => `${path} imports ${name.replace(' ', ': ')}, which ${PUBLIC.join(' and ')} do not export`),
    );
}

/** `libs/a/b.ts name` for every name that a file imports or hands on; `*` where it is all of them. */
function namesIn(path: string, text: string, kind: 'import' | 'export'): string[] {
  const clauses = text.matchAll(new RegExp(`^\\s*${kind} (?:type )?(\\{[^}]*\\}|[^'{]*) ?from '(\\.[^']+)'`, 'gm'));
  const named = [...clauses].flatMap(([, clause = '', specifier]) => {
    if (!clause.startsWith('{')) return [`${target(path, specifier)} *`];
    return clause
      .slice(1, -1)
      .split(',')
      .map((name) =>
        name
          .trim()
          .replace(/^type /, '')
          .replace(/ as .*$/, ''),
      )
      .filter((name) => name !== '')
      .map((name) => `${target(path, specifier)} ${name}`);
  });
  const whole = text.matchAll(/\bimport\('(\.[^']+)'\)/g);
  return kind === 'export' ? named : [...named, ...[...whole].map(([, specifier]) => `${target(path, specifier)} *`)];
}

function target(path: string, specifier: string | undefined): string {
  return specifier?.startsWith('.') === true ? posix.join(posix.dirname(path), specifier) : '';
}
