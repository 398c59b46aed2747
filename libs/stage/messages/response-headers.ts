/** Headers of responses between stages. */
import type { Header } from '../../contracts/messages.ts';

/** Groups headers by name, in the given spelling; the values of a repeated header are joined. */
export function joinedHeaders(headers: readonly Pick<Header, 'name' | 'value'>[]): Record<string, string> {
  // Grouped in a map: a server may call a header `constructor`.
  const byName = Map.groupBy(headers, ({ name }) => name);
  return Object.fromEntries([...byName].map(([name, all]) => [name, all.map(({ value }) => value).join(', ')]));
}

/** As {@link joinedHeaders}, for hand-written headers in any case. */
export function joinedHeadersInLowerCase(headers: readonly Pick<Header, 'name' | 'value'>[]): Record<string, string> {
  return joinedHeaders(headers.map(({ name, value }) => ({ name: name.toLowerCase(), value })));
}

/**
 * Marks a response with a truncated body between downloader and parser. No server can send it: the downloader removes headers of
 * this name.
 */
export const PARTIAL_HEADER = 'catena-partial';

/** As {@link PARTIAL_HEADER}, marks a response whose body is still in its content coding; the value says why. */
export const UNDECODED_HEADER = 'catena-undecoded';
