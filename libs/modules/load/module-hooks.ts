/**
 * A module's file may be anywhere on disk, with or without a package.json. These hooks let it run there: `catena` resolves to
 * this library, `catena/extension` to that of extensions, `zod` to ours if the author's folder has none, and a .ts file is an
 * ES module.
 */
import { type RegisterHooksOptions, registerHooks } from 'node:module';
import { extname } from 'node:path';

const ENDING = extname(import.meta.filename);
/** Paths by the name that authors import. They are not imported here, because the extension library imports this one. */
const OURS: ReadonlyMap<string, string> = new Map([
  ['catena', new URL(`../index${ENDING}`, import.meta.url).href],
  ['catena/extension', new URL(`../../extension/index${ENDING}`, import.meta.url).href],
]);
const OURS_AS_FALLBACK = /^zod(?:\/|$)/;

let installed = false;

/** Installs the hooks for the rest of the process, once. */
export function installModuleHooks(): void {
  if (installed) return;
  installed = true;
  registerHooks({ resolve });
}

const resolve: NonNullable<RegisterHooksOptions['resolve']> = (specifier, context, nextResolve) => {
  const own = OURS.get(specifier);
  if (own !== undefined) return { url: own, format: null, shortCircuit: true };
  if (OURS_AS_FALLBACK.test(specifier)) {
    try {
      return nextResolve(specifier, context);
    } catch {
      return nextResolve(specifier, { ...context, parentURL: import.meta.url });
    }
  }
  const resolved = nextResolve(specifier, context);
  noteImport(context.parentURL, resolved.url);
  // Node reads the type of a .ts file from the nearest package.json, and assumes CommonJS if it has none.
  return isPlainTypeScript(resolved.url) ? { ...resolved, format: 'module-typescript' } : resolved;
};

/** The files that a file imports, by URL, as far as they were resolved in this process; packages are left out. */
const imports = new Map<string, Set<string>>();

function noteImport(from: string | undefined, to: string): void {
  if (from === undefined || !isOwnFile(from) || !isOwnFile(to)) return;
  const known = imports.get(from) ?? new Set();
  imports.set(from, known.add(to));
}

function isOwnFile(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/');
}

/** The URLs of a loaded file and of all files that it imports, directly or not. */
export function filesOf(url: string): readonly string[] {
  const found = new Set([url]);
  // A Set is iterated with what is added meanwhile.
  for (const file of found) for (const imported of imports.get(file) ?? []) found.add(imported);
  return [...found];
}

function isPlainTypeScript(url: string): boolean {
  return url.startsWith('file:') && /\.ts(?:\?|$)/.test(url) && !url.includes('/node_modules/');
}
