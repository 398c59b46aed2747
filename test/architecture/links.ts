/** Links in Markdown lead somewhere: to a file or folder of the repository, and their anchors to a heading in it. */
import { posix } from 'node:path';
import type { SourceFile } from './source-tree.ts';

interface Link {
  readonly target: string;
  readonly line: number;
}

/** One line per relative link whose file, folder or heading does not exist; `exists` answers for a path from the root. */
export function brokenLinks(files: readonly SourceFile[], exists: (path: string) => boolean): string[] {
  const pages = new Map(files.filter(isMarkdown).map((file) => [file.path, file]));
  return [...pages.values()].flatMap((page) =>
    linksOf(page.text).flatMap(({ target, line }) => {
      const reason = faultOf(page, target, pages, exists);
      return reason === undefined ? [] : [`${page.path}:${line} links to ${target}: ${reason}`];
    }),
  );
}

function faultOf(
  page: SourceFile,
  target: string,
  pages: ReadonlyMap<string, SourceFile>,
  exists: (path: string) => boolean,
): string | undefined {
  if (/^[a-z][a-z\d+.-]*:/i.test(target)) return undefined;
  const [file = '', anchor] = target.split('#', 2);
  if (file.startsWith('/')) return 'a link begins at its own page';
  const path = file === '' ? page.path : posix.normalize(posix.join(posix.dirname(page.path), decodeURI(file)));
  if (path.startsWith('../')) return 'it leaves the repository';
  if (file !== '' && !exists(path)) return 'there is no such file or folder';
  if (anchor === undefined) return undefined;
  const linked = pages.get(path);
  if (linked === undefined) return 'only a Markdown page has headings';
  return anchorsOf(linked.text).has(decodeURIComponent(anchor)) ? undefined : 'there is no such heading';
}

/** Inline links and images, reference definitions and HTML attributes; code is no link. */
export function linksOf(text: string): Link[] {
  return proseLines(text).flatMap(({ prose, line }) =>
    [
      ...prose.matchAll(/\]\(\s*<?([^\s()<>]+(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+["'(][^)]*)?\)/g),
      ...prose.matchAll(/^\s{0,3}\[[^\]^]+\]:\s*<?([^\s<>]+)>?/g),
      ...prose.matchAll(/\b(?:href|src)="([^"]+)"/g),
    ].map(([, target = '']) => ({ target, line })),
  );
}

/** The anchors of a page as GitHub makes them: a second heading of one name gets `-1`, and so on. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const { heading, prose } of proseLines(text)) {
    for (const [, id = ''] of prose.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
    if (heading === undefined) continue;
    const slug = slugOf(heading);
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

function slugOf(heading: string): string {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

interface ProseLine {
  readonly line: number;
  /** The line without what stands in backquotes. */
  readonly prose: string;
  /** A heading's text, with what stands in backquotes. */
  readonly heading: string | undefined;
}

function proseLines(text: string): ProseLine[] {
  const found: ProseLine[] = [];
  let fence: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined && mark !== undefined) fence = mark;
    else if (fence !== undefined) fence = mark?.startsWith(fence) === true ? undefined : fence;
    else {
      const heading = /^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$/.exec(line)?.[1];
      found.push({ line: index + 1, prose: line.replace(/(`+)(?:(?!\1).)+?\1/g, ''), heading });
    }
  }
  return found;
}

const isMarkdown = ({ path }: SourceFile): boolean => path.endsWith('.md');
