/** Finds the line of the author's code that threw an error. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isError, textOf } from '../../errors/thrown.ts';

/** The folder of this library, the parent of this one: its frames are not the author's. */
const OWN_FOLDER = join(import.meta.dirname, '../');
const MAX_LINES = 40;
const MAX_STACK_CHARS = 20_000;

/**
 * `file:line:column` of the first stack frame that is neither Node's, a package's nor this library's. Undefined if there
 * is none, as for thrown values that are not errors.
 */
export function authorFrame(thrown: unknown): string | undefined {
  const stack = isError(thrown) ? textOf(thrown, 'stack', MAX_STACK_CHARS) : undefined;
  for (const line of (stack ?? '').split('\n', MAX_LINES)) {
    const place = placeIn(line);
    if (place !== undefined) return place;
  }
  return undefined;
}

function placeIn(line: string): string | undefined {
  // `    at name (file:1:2)`, `    at file:1:2`, and, for a syntax error, `file:1` alone on the first line.
  const match =
    /^\s+at (?:async )?(?:.*\()?((?:file:\/\/|\/|[A-Za-z]:[\\/]).*?:\d+:\d+)\)?$/.exec(line) ??
    /^((?:file:\/\/|\/).*?:\d+)$/.exec(line);
  const place = match?.[1];
  if (place === undefined || place.includes('/node_modules/')) return undefined;
  const path = place.startsWith('file://') ? asPath(place) : place;
  return path.startsWith(OWN_FOLDER) ? undefined : path;
}

function asPath(place: string): string {
  const [, url = place, position = ''] = /^(.*?)((?::\d+){1,2})$/.exec(place) ?? [];
  try {
    // The URL of a module that was loaded again has a query, which is no part of its path.
    return fileURLToPath(url.replace(/\?.*$/, '')) + position;
  } catch {
    return place;
  }
}
