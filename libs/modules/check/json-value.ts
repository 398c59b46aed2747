/**
 * States and items are stored as JSON, so a value that JSON would silently change (a Date, NaN, a Map) is refused when it is
 * emitted. The result is a copy, because an author may change the yielded object later.
 *
 * Strings are not copied, although a slice keeps its whole page in memory: the engine writes emissions as JSON at the end of
 * the parse, which releases the page.
 */

/** Why a value is not JSON, and where. */
export class NotJson extends Error {
  override readonly name = 'NotJson';
  readonly path: readonly PropertyKey[];

  constructor(problem: string, path: readonly PropertyKey[]) {
    super(problem);
    this.path = path;
  }
}

/** Deeper than any real page; it also stops at a value that refers to itself. */
const MAX_DEPTH = 100;

/** Returns a copy that `JSON.stringify` writes without loss, or throws {@link NotJson}. Undefined fields are left out. */
export function copyJson(value: unknown): unknown {
  return copy(value, []);
}

function copy(value: unknown, path: PropertyKey[]): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new NotJson(`${value} is not a number that JSON can hold`, [...path]);
    case 'object':
      break;
    case 'bigint':
      throw new NotJson('a bigint is not JSON: give String(value)', [...path]);
    default:
      throw new NotJson(`${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`} is not JSON`, [...path]);
  }
  if (value === null) return null;
  if (path.length >= MAX_DEPTH) {
    throw new NotJson(`nested more than ${MAX_DEPTH} levels deep, or refers to itself`, path.slice(0, 3));
  }
  return Array.isArray(value) ? copyArray(value, path) : copyObject(value, path);
}

function copyArray(source: readonly unknown[], path: PropertyKey[]): unknown[] {
  const target: unknown[] = new Array(source.length);
  for (let index = 0; index < source.length; index += 1) {
    path.push(index);
    target[index] = copy(source[index], path);
    path.pop();
  }
  return target;
}

function copyObject(source: object, path: PropertyKey[]): Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(source);
  if (prototype !== Object.prototype && prototype !== null && !isPlainOfAnotherRealm(prototype)) {
    throw new NotJson(`${article(className(source))} is not JSON${hintFor(source)}`, [...path]);
  }
  const target: Record<string, unknown> = {};
  for (const key of Object.keys(source)) {
    const value = (source as Record<string, unknown>)[key];
    if (value === undefined) continue;
    path.push(key);
    const copied = copy(value, path);
    path.pop();
    // A page's JSON may have the key `__proto__`: an assignment would set the prototype and lose the field.
    if (key === '__proto__') Object.defineProperty(target, key, { value: copied, enumerable: true });
    else target[key] = copied;
  }
  return target;
}

function isPlainOfAnotherRealm(prototype: unknown): boolean {
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'hasOwnProperty')
  );
}

function className(value: object): string {
  const made: unknown = value.constructor;
  return typeof made === 'function' && made.name !== '' ? made.name : 'class instance';
}

function article(noun: string): string {
  return /^[AEIOU]/i.test(noun) && !noun.startsWith('URL') ? `an ${noun}` : `a ${noun}`;
}

function hintFor(value: object): string {
  if (value instanceof Date) return ': give date.toISOString()';
  if (value instanceof URL) return ': give url.href';
  if (value instanceof Map) return ': give Object.fromEntries(map)';
  if (value instanceof Set) return ': give [...set]';
  if (value instanceof Uint8Array) return ': give its base64';
  return ': give a plain object';
}
