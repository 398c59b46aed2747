/** `docs/benchmarks/engine.md`: each command writes its own section and leaves the others. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './scratch.ts';

export type Section = 'speed' | 'sizes' | 'profile' | 'flat' | 'fan-out' | 'distributed' | 'traces';

const PAGE = join(ROOT, 'docs/benchmarks/engine.md');

/** Replaces what stands in a section of the page. */
export function writeSection(section: Section, content: string): void {
  writeFileSync(PAGE, withSection(readFileSync(PAGE, 'utf8'), section, content));
  console.log(`\nwritten to docs/benchmarks/engine.md, section ${section}`);
}

/** The page with another content in a section; throws when the page has no such section. */
export function withSection(page: string, section: Section, content: string): string {
  const [begin, end] = [`<!-- begin ${section} -->`, `<!-- end ${section} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`docs/benchmarks/engine.md has no section between ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${content.trim()}\n\n${page.slice(to)}`;
}
