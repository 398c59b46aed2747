/**
 * States and items are stored as JSON, so a value that JSON would silently change (a Date, NaN, a Map) is refused when it is
 * emitted. The result is a copy, because an author may change the yielded object later.
 *
 * Strings are not copied, although a slice keeps its whole page in memory: the engine writes emissions as JSON at the end of
 * the parse, which releases the page.
 */
import { describeThrown } from '../../errors/thrown.ts';

/** Why a value is not JSON, and where. */
export class NotJson extends Error {
  override readonly name = 'NotJson';
  readonly path: readonly PropertyKey[];
  /** Whether it is code that must change: no page makes a bigint, a Date or a function; a page may well make NaN. */
  readonly isOfCode: boolean;

  constructor(problem: string, path: readonly PropertyKey[], isOfCode = false) {
    super(problem);
    this.path = path;
    this.isOfCode = isOfCode;
  }
}

/** Deeper than any real page; it also stops at a value that refers to itself. */
const MAX_DEPTH = 100;

/** The most characters of JSON that one item or one state may have: each is a row or a node, and travels as a whole. */
export const MAX_VALUE_CHARS = 1_024 * 1_024;

/** The value has more characters of JSON than are allowed. */
export class TooMuchJson extends Error {
  override readonly name = 'TooMuchJson';
  readonly maxChars: number;

  constructor(maxChars: number) {
    super(`it has more than ${maxChars} characters of JSON`);
    this.maxChars = maxChars;
  }
}

/**
 * Returns a copy that `JSON.stringify` writes without loss. Undefined fields are left out. Throws {@link NotJson}, also for a value
 * that cannot be read (a getter or a proxy throws), and {@link TooMuchJson} as soon as `maxChars` are exceeded: a value whose parts are
 * shared may be small in memory and endless as JSON.
 */
export function copyJson(value: unknown, maxChars: number = MAX_VALUE_CHARS): unknown {
  const copying = new Copying(value, maxChars);
  try {
    return copying.copy(value);
  } catch (thrown) {
    if (thrown instanceof NotJson || thrown instanceof TooMuchJson) throw thrown;
    throw new NotJson(`reading it threw ${describeThrown(thrown)}`, [...copying.path]);
  }
}

class Copying {
  readonly path: PropertyKey[] = [];
  readonly #whole: unknown;
  readonly #maxChars: number;
  /** A lower bound of the characters so far: texts, keys, and one or more for each value. */
  #chars = 0;

  constructor(whole: unknown, maxChars: number) {
    this.#whole = whole;
    this.#maxChars = maxChars;
  }

  copy(value: unknown): unknown {
    const { path } = this;
    switch (typeof value) {
      case 'string':
        this.#count(value.length + 2);
        return value;
      case 'boolean':
        this.#count(4);
        return value;
      case 'number':
        this.#count(1);
        if (Number.isFinite(value)) return value;
        throw new NotJson(`${value} is not a number that JSON can hold`, [...path], !Number.isNaN(value));
      case 'object':
        break;
      case 'bigint':
        throw new NotJson('a bigint is not JSON: give String(value)', [...path], true);
      case 'undefined':
        throw new NotJson('undefined is not JSON', [...path]);
      default:
        throw new NotJson(`a ${typeof value} is not JSON`, [...path], true);
    }
    if (value === null) {
      this.#count(4);
      return null;
    }
    this.#count(2);
    if (path.length >= MAX_DEPTH) throw this.#tooDeep();
    return Array.isArray(value) ? this.#copyArray(value) : this.#copyObject(value);
  }

  #count(chars: number): void {
    this.#chars += chars;
    if (this.#chars > this.#maxChars) throw new TooMuchJson(this.#maxChars);
  }

  /** Looked at only here: to remember the objects around every value would cost more than the copy. */
  #tooDeep(): NotJson {
    const around = new Set<unknown>();
    let at = this.#whole;
    for (const [depth, key] of this.path.entries()) {
      if (around.has(at)) return new NotJson('it refers to itself, which JSON cannot', this.path.slice(0, depth), true);
      around.add(at);
      at = (at as Record<PropertyKey, unknown>)[key];
    }
    return new NotJson(`nested more than ${MAX_DEPTH} levels deep`, this.path.slice(0, 3));
  }

  #copyArray(source: readonly unknown[]): unknown[] {
    const { path } = this;
    const { length } = source;
    // Before the copy is allocated: an array may be long and empty.
    if (length > this.#maxChars) throw new TooMuchJson(this.#maxChars);
    const target: unknown[] = new Array(length);
    for (let index = 0; index < length; index += 1) {
      path.push(index);
      target[index] = this.copy(source[index]);
      path.pop();
    }
    return target;
  }

  #copyObject(source: object): Record<string, unknown> {
    const { path } = this;
    const prototype: unknown = Object.getPrototypeOf(source);
    if (prototype !== Object.prototype && prototype !== null && !isPlainOfAnotherRealm(prototype)) {
      throw new NotJson(`${article(className(source))} is not JSON${hintFor(source)}`, [...path], true);
    }
    const target: Record<string, unknown> = {};
    for (const key of Object.keys(source)) {
      path.push(key);
      const value = (source as Record<string, unknown>)[key];
      if (value !== undefined) {
        this.#count(key.length + 3);
        const copied = this.copy(value);
        // A page's JSON may have the key `__proto__`: an assignment would set the prototype and lose the field.
        if (key === '__proto__') Object.defineProperty(target, key, { value: copied, enumerable: true });
        else target[key] = copied;
      }
      path.pop();
    }
    return target;
  }
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
  if (ArrayBuffer.isView(value)) return ': give Array.from(it)';
  if (value instanceof Promise) return ': await it first';
  return ': give a plain object';
}
