/** Circles of imports: files of which each needs the others, so that none can be read, tested or moved alone. */
import { posix } from 'node:path';
import { importsIn } from './imports.ts';
import { isTypeScript, type SourceFile } from './source-tree.ts';

/** One line per circle, types included, each with its files in the order of the alphabet. */
export function importCircles(files: readonly SourceFile[]): string[] {
  const circles = circlesIn(importGraph(files));
  return circles.map((circle) => `${circle.join(' ')} import each other in a circle`).sort();
}

type Graph = ReadonlyMap<string, readonly string[]>;

function importGraph(files: readonly SourceFile[]): Graph {
  const code = files.filter(isTypeScript);
  const paths = new Set(code.map(({ path }) => path));
  return new Map(
    code.map(({ path, tokens }) => {
      const targets = importsIn(tokens).flatMap(({ specifier }) =>
        specifier?.startsWith('.') ? [posix.normalize(posix.join(posix.dirname(path), specifier))] : [],
      );
      return [path, targets.filter((target) => paths.has(target))];
    }),
  );
}

/** Strongly connected components of more than one file, by Tarjan's algorithm (SIAM Journal on Computing 1, 1972). */
function circlesIn(graph: Graph): string[][] {
  const circles: string[][] = [];
  const indexes = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const onPath = new Set<string>();

  const visit = (file: string): void => {
    indexes.set(file, indexes.size);
    lowest.set(file, indexes.get(file)!);
    path.push(file);
    onPath.add(file);
    for (const target of graph.get(file) ?? []) {
      if (!indexes.has(target)) {
        visit(target);
        lowest.set(file, Math.min(lowest.get(file)!, lowest.get(target)!));
      } else if (onPath.has(target)) {
        lowest.set(file, Math.min(lowest.get(file)!, indexes.get(target)!));
      }
    }
    if (lowest.get(file) !== indexes.get(file)) return;
    const component = path.splice(path.indexOf(file));
    for (const member of component) onPath.delete(member);
    if (component.length > 1) circles.push(component.sort());
  };

  for (const file of graph.keys()) if (!indexes.has(file)) visit(file);
  return circles;
}
