/** Headers of responses as they travel between stages. */
import type { Header } from '../../contracts/messages.ts';

/** Headers by their names, as they are given; the values of one that comes more than once are joined. */
export function joinedHeaders(headers: readonly Pick<Header, 'name' | 'value'>[]): Record<string, string> {
  // Grouped in a map: a server may call a header `constructor`.
  const byName = Map.groupBy(headers, ({ name }) => name);
  return Object.fromEntries([...byName].map(([name, all]) => [name, all.map(({ value }) => value).join(', ')]));
}

/** As {@link joinedHeaders}, for headers that a person wrote in whichever case. */
export function joinedHeadersInLowerCase(headers: readonly Pick<Header, 'name' | 'value'>[]): Record<string, string> {
  return joinedHeaders(headers.map(({ name, value }) => ({ name: name.toLowerCase(), value })));
}

/**
 * Marks a response whose body was cut off, on its way from the downloader to the parser. No server can send it: the
 * downloader leaves out headers of this name.
 */
export const PARTIAL_HEADER = 'catena-partial';
