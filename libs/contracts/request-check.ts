/** Checks requests from outside: reports all wrong fields at once, by their names in `proto/`. */
import { CatenaError } from '../errors/catena-error.ts';

export interface FieldIssue {
  /** Path of the field: `run_id`, `modules[0]`, `input.pages`. */
  readonly path: string;
  /** What is wrong with the field. */
  readonly message: string;
}

/** Throws {@link invalidArgument} if anything is wrong. */
export function requireNone(issues: readonly (FieldIssue | undefined)[]): void {
  const found = issues.filter((issue) => issue !== undefined);
  if (found.length > 0) throw invalidArgument(found);
}

/** `api.invalid_argument` (fatal), for at least one issue: `data.issues` has all issues, `data.field` the first path. */
export function invalidArgument(issues: readonly FieldIssue[]): CatenaError {
  const text = issues.map(({ path, message }) => `${path} ${message}`).join('; ');
  return new CatenaError('api.invalid_argument', `the request is wrong: ${text}`, {
    data: { field: issues[0]?.path ?? '', issues },
    remedy: 'correct the named fields; the same request fails again',
  });
}

/** The longest reason for what somebody asks to end. */
export const MAX_REASON_CHARS = 500;

/** Checks a text that must not be empty or longer than `maxChars`. */
export function textFault(path: string, text: string, maxChars = 200): FieldIssue | undefined {
  if (text === '') return { path, message: 'is empty' };
  return lengthFault(path, text, maxChars);
}

/** Checks a text that may be empty, but not longer than `maxChars`. */
export function lengthFault(path: string, text: string, maxChars = 200): FieldIssue | undefined {
  if (text.length <= maxChars) return undefined;
  return { path, message: `has ${text.length} characters, more than ${maxChars}` };
}

/**
 * Characters that no identifier has: those that are not seen or that change how others are shown (control and format characters,
 * such as those that turn the direction of writing), separators of lines, and halves of characters.
 */
const NOT_IN_IDENTIFIERS = /[\p{C}\p{Zl}\p{Zp}]/u;
const MAX_IDENTIFIER_CHARS = 200;

/**
 * What is wrong with a name that callers choose: of an account, a platform, a user, an idempotency key; undefined when nothing is.
 * The empty text is allowed here. One rule for all stores: PostgreSQL could not store a NUL, SQLite could.
 */
export function identifierProblem(text: string): string | undefined {
  if (text.length > MAX_IDENTIFIER_CHARS) return `has ${text.length} characters, more than ${MAX_IDENTIFIER_CHARS}`;
  const found = NOT_IN_IDENTIFIERS.exec(text)?.[0];
  if (found !== undefined) {
    const code = found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    return `contains the character U+${code}, which cannot be seen`;
  }
  return text.trim() === text ? undefined : 'begins or ends with white space';
}

/** Checks an identifier; {@link identifierProblem} says how. */
export function identifierFault(path: string, text: string, { mayBeEmpty = false } = {}): FieldIssue | undefined {
  const message = text === '' && !mayBeEmpty ? 'is empty' : identifierProblem(text);
  return message === undefined ? undefined : { path, message };
}

/** Checks a number that must be an integer within bounds. */
export function rangeFault(path: string, value: number, min: number, max: number): FieldIssue | undefined {
  if (Number.isInteger(value) && value >= min && value <= max) return undefined;
  return { path, message: `is ${value}, but must be an integer from ${min} to ${max}` };
}

/** Reads the JSON of a field, or returns its fault. Empty bytes give `whenEmpty`. */
export function readJson(
  path: string,
  bytes: Uint8Array,
  whenEmpty: unknown,
): { readonly value: unknown; readonly fault?: FieldIssue } {
  if (bytes.length === 0) return { value: whenEmpty };
  try {
    return { value: JSON.parse(UTF_8.decode(bytes)) as unknown };
  } catch (thrown) {
    const reason = thrown instanceof SyntaxError ? thrown.message : 'its bytes are no UTF-8';
    return { value: undefined, fault: { path, message: `is no JSON: ${reason}` } };
  }
}

/** As {@link readJson}, for a value that must be an object. */
export function readJsonObject(path: string, bytes: Uint8Array, whenEmpty: unknown): ReturnType<typeof readJson> {
  const read = readJson(path, bytes, whenEmpty);
  if (read.fault !== undefined) return read;
  const isObject = typeof read.value === 'object' && read.value !== null && !Array.isArray(read.value);
  return isObject ? read : { value: undefined, fault: { path, message: 'is JSON, but no object' } };
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });
