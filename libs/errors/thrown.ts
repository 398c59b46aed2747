/**
 * Reads thrown values. Authors and libraries throw anything: null, an error whose getters throw, a proxy, a message that is no text. What
 * reads them here never throws, or the failure that is told would be that of the telling.
 */
const MAX_TEXT_CHARS = 500;
const UNREADABLE = 'something that cannot be read';

/** Whether a thrown value is an error of any kind; false for a value that cannot be read. */
export function isError(thrown: unknown): thrown is Error {
  return isInstance(thrown, Error);
}

/** `instanceof` that is false for a value that cannot be read, such as a proxy. */
export function isInstance<T>(value: unknown, of: abstract new (...args: never[]) => T): value is T {
  return attempt(() => value instanceof of) === true;
}

/** A field of a value as text of at most `maxChars`; undefined if it is absent or cannot be read. */
export function textOf(value: unknown, field: string, maxChars = MAX_TEXT_CHARS): string | undefined {
  const found = fieldOf(value, field);
  if (found === undefined || found === null) return undefined;
  return typeof found === 'string' ? cutText(found, maxChars) : attempt(() => cutText(String(found), maxChars));
}

/** A field of a value; undefined if it is absent or cannot be read. */
export function fieldOf(value: unknown, field: PropertyKey): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  return attempt(() => (value as Readonly<Record<PropertyKey, unknown>>)[field]);
}

/** A thrown value in one line: `TypeError: x is not a function`, `string no such page`, `null`. */
export function describeThrown(thrown: unknown): string {
  if (isError(thrown)) return namedMessage(thrown);
  if (thrown === undefined) return 'nothing';
  if (thrown === null) return 'null';
  if (typeof thrown === 'object') {
    // Errors of another realm, and libraries that throw plain objects.
    if (textOf(thrown, 'message') !== undefined) return namedMessage(thrown);
    return attempt(() => cutText(`an object ${JSON.stringify(thrown)}`, MAX_TEXT_CHARS)) ?? UNREADABLE;
  }
  return attempt(() => cutText(`${typeof thrown} ${String(thrown)}`, MAX_TEXT_CHARS)) ?? UNREADABLE;
}

/** Text that is cut to a number of characters. */
export function cutText(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars)}…`;
}

function namedMessage(thrown: object): string {
  const name = textOf(thrown, 'name') ?? 'Error';
  const message = textOf(thrown, 'message') ?? '';
  return message === '' ? name : cutText(`${name}: ${message}`, MAX_TEXT_CHARS);
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
