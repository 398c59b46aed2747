/** What ships needs nothing that its user does not get. */
import { isBuiltin } from 'node:module';
import { importsIn } from './imports.ts';
import { isProduct, isTypeScript, type SourceFile } from './source-tree.ts';

export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Imports of packages that the manifest does not list: the product may import dependencies, tests everything listed. */
export function undeclaredPackages(files: readonly SourceFile[], manifest: Manifest): string[] {
  const shipped = new Set(Object.keys(manifest.dependencies ?? {}));
  const listed = new Set([...shipped, ...Object.keys(manifest.devDependencies ?? {})]);
  return files.filter(isTypeScript).flatMap((file) => {
    const known = isProduct(file) ? shipped : listed;
    return importsIn(file.tokens).flatMap(({ specifier, line }) => {
      if (specifier === undefined || specifier.startsWith('.') || isBuiltin(specifier)) return [];
      const name = packageOf(specifier);
      if (name === 'catena' || known.has(name)) return [];
      return [
        `${file.path}:${line} imports ${name}, which package.json does not list${listed.has(name) ? ' for users' : ''}`,
      ];
    });
  });
}

/** `@scope/name/part` is of the package `@scope/name`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
