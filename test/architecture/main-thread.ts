/** What the main thread of a process may load: no page is decoded or parsed there, and no code of a module runs. */
import { posix } from 'node:path';
import { importsIn } from './imports.ts';
import { isTypeScript, type SourceFile } from './source-tree.ts';

/** The files with which processes start. */
const ENTRIES = /^services\/(?:catena\.ts|serve\.ts|[\w-]+\/main\.ts)$/;
/** Of the library of modules, what reads pages. */
const PAGE_CODE = /^libs\/modules\/page\//;
const PAGE_PACKAGES = /^(?:cheerio|htmlparser2|css-select|domhandler|parse5)(?:\/|$)/;
/**
 * Files that may load page code late: the modules of a debugger, which run inline, and `catena test`, which parses recorded pages
 * without an engine.
 */
const MAY_LOAD_LATE: readonly string[] = ['libs/workers/open-modules.ts', 'libs/cli/commands/test.ts'];

/** One line per page code that an entry reaches, with the imports that lead there. */
export function pageCodeInMainThread(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.filter(isTypeScript).map((file) => [file.path, file]));
  const from = new Map<string, string>();
  const found: string[] = [];
  const queue = [...byPath.keys()].filter((path) => ENTRIES.test(path));
  for (const entry of queue) from.set(entry, '');
  for (const path of queue) {
    for (const { specifier, typeOnly, isLate } of importsIn(byPath.get(path)!.tokens)) {
      if (specifier === undefined || typeOnly || (isLate && MAY_LOAD_LATE.includes(path))) continue;
      const target = specifier.startsWith('.')
        ? posix.normalize(posix.join(posix.dirname(path), specifier))
        : specifier;
      if (PAGE_CODE.test(target) || PAGE_PACKAGES.test(target)) found.push(`${wayTo(path, from)} → ${target}`);
      else if (byPath.has(target) && !from.has(target)) {
        from.set(target, path);
        queue.push(target);
      }
    }
  }
  return found.sort();
}

function wayTo(path: string, from: ReadonlyMap<string, string>): string {
  const way = [path];
  for (let before = from.get(path); before !== undefined && before !== ''; before = from.get(before))
    way.unshift(before);
  return way.join(' → ');
}
