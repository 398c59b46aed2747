/** The pages with measured figures: each command writes its own section and leaves the others. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './scratch.ts';

export type Section = 'speed' | 'sizes' | 'profile' | 'flat' | 'fan-out' | 'distributed' | 'traces' | 'sizing' | 'many';

const ENGINE = 'docs/benchmarks/engine.md';
const PAGES: Partial<Record<Section, string>> = { sizing: 'docs/guides/sizing.md', many: 'docs/guides/sizing.md' };

/** Replaces what stands in a section of its page. */
export function writeSection(section: Section, content: string): void {
  const page = PAGES[section] ?? ENGINE;
  const path = join(ROOT, page);
  writeFileSync(path, withSection(readFileSync(path, 'utf8'), section, content));
  console.log(`\nwritten to ${page}, section ${section}`);
}

/** The page with another content in a section; throws when the page has no such section. */
export function withSection(page: string, section: Section, content: string): string {
  const [begin, end] = [`<!-- begin ${section} -->`, `<!-- end ${section} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`there is no section between ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${content.trim()}\n\n${page.slice(to)}`;
}
