/**
 * Figures of the house: how many files each folder holds and how long they are, and what the rules of the house are about.
 * Figures are for looking at, not for passing: what must hold stands in `test/architecture/`.
 *
 *     node test/tools/house.ts [CHECKOUT]      default: this repository
 */
import { join } from 'node:path';
import { importCircles } from '../architecture/circles.ts';
import { importsIn } from '../architecture/imports.ts';
import { isProduct, isTypeScript, readSourceTree, type SourceFile } from '../architecture/source-tree.ts';

/** Files below this are counted apart: a file of few lines is seldom a whole idea. */
const SHORT_LINES = 30;

const root = process.argv[2] ?? join(import.meta.dirname, '../..');
const files = readSourceTree(root).filter(isTypeScript);
const product = files.filter(isProduct);

console.log('folder                                     files   median  longest');
for (const [folder, within] of foldersOf(product)) {
  const lines = within.map(lineCount).sort((a, b) => a - b);
  console.log(`${folder.padEnd(42)} ${cell(within.length)} ${cell(median(lines))} ${cell(lines.at(-1) ?? 0)}`);
}
const flat = [...Map.groupBy(files, ({ path }) => path.slice(0, path.lastIndexOf('/')))];
const [largest, held] = flat.reduce((most, each) => (each[1].length > most[1].length ? each : most));
console.log(`
files of the product                       ${product.length}
of them below ${SHORT_LINES} lines                      ${product.filter((file) => lineCount(file) < SHORT_LINES).length}
median lines                               ${median(product.map(lineCount).sort((a, b) => a - b))}
folder with the most files, tests included ${largest} (${held.length})
circles of imports                         ${importCircles(files).length}
imports of brand by the engine             ${engineImportsOfBrand(product)}
files of services that spell a node's life ${product.filter(spellsALife).length}`);

/** Two levels of folders, in the order of the alphabet. */
function foldersOf(within: readonly SourceFile[]): [string, SourceFile[]][] {
  const folders = Map.groupBy(within, ({ path }) => path.split('/').slice(0, -1).slice(0, 3).join('/'));
  return [...folders].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A file outside the extension and its list that imports one of its files. */
function engineImportsOfBrand(within: readonly SourceFile[]): number {
  return within
    .filter(({ path }) => !path.startsWith('libs/brand/') && path !== 'services/node/extensions.ts')
    .flatMap(({ tokens }) => importsIn(tokens))
    .filter(({ specifier }) => /\/brand\//.test(specifier ?? '')).length;
}

/** Whether a handler claims, commits or fails a node by itself, or tells a failure of the node from one of a backend. */
function spellsALife({ path, text }: SourceFile): boolean {
  const inService = /^services\/(?!node\/)[\w-]+\//.test(path);
  return inService && /\b(?:commitNode|commitYield|recordFailure|nodeFailure|lease\.end)\(/.test(text);
}

function lineCount({ text }: SourceFile): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function cell(value: number): string {
  return String(value).padStart(8);
}
