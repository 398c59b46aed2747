/** Where in the author's own code an error was thrown. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The library of authors, whose frames are not the author's: the folder above this one. */
const OWN_FOLDER = join(import.meta.dirname, '../');
const MAX_LINES = 40;

/**
 * `file:line:column` of the first stack frame that is neither Node's, a package's nor this library's. Undefined if there
 * is none, as with values thrown that are not errors.
 */
export function authorFrame(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || typeof thrown.stack !== 'string') return undefined;
  for (const line of thrown.stack.split('\n', MAX_LINES)) {
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
    // A module loaded again carries a query that is no part of its name.
    return fileURLToPath(url.replace(/\?.*$/, '')) + position;
  } catch {
    return place;
  }
}
