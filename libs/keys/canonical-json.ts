/**
 * Canonical JSON: one text per value, independent of the order of its keys. A hop's id is a hash of it, so equal states must give
 * the same bytes on every machine and in every release.
 *
 * The form: no white space; object keys sorted by UTF-16 code unit; strings and numbers as `JSON.stringify` writes them
 * (ECMAScript's shortest form; lone surrogates escaped); a property whose value is `undefined` is left out, as everywhere
 * in JSON; -0 is 0. Anything else that JSON cannot hold is refused, never dropped or turned into null.
 */
import { CatenaError } from '../errors/catena-error.ts';

/** Deeper values are refused, which also detects cycles. */
export const MAX_JSON_DEPTH = 200;

/** Result of the fast writer for a value that is not JSON; no JSON text is empty. */
const NOT_JSON = '';

/** Characters that a JSON string must escape; surrogates are left to `JSON.stringify`, which escapes lone ones. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be found.
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/;

/**
 * The canonical text of a value.
 *
 * Throws `keys.not_json` (fatal) with the path of the first value that JSON cannot hold: `undefined` in an array, a
 * function, a symbol, a bigint, NaN or an infinity, an instance of a class (Date, Map, …), or nesting without end.
 */
export function canonicalJson(value: unknown): string {
  const text = write(value, 0);
  if (text === NOT_JSON) throw notJson(value);
  return text;
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'number':
      return Number.isFinite(value) ? `${value}` : NOT_JSON;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth === MAX_JSON_DEPTH) return NOT_JSON;
      if (Array.isArray(value)) return writeArray(value, depth);
      return isPlain(value) ? writeObject(value as Record<string, unknown>, depth) : NOT_JSON;
    default:
      return NOT_JSON;
  }
}

function writeString(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}

function writeArray(values: readonly unknown[], depth: number): string {
  let text = '[';
  for (let index = 0; index < values.length; index += 1) {
    const element = write(values[index], depth + 1);
    if (element === NOT_JSON) return NOT_JSON;
    text += index === 0 ? element : `,${element}`;
  }
  return `${text}]`;
}

function writeObject(object: Readonly<Record<string, unknown>>, depth: number): string {
  let text = '{';
  for (const key of Object.keys(object).sort()) {
    const property = object[key];
    if (property === undefined) continue;
    const written = write(property, depth + 1);
    if (written === NOT_JSON) return NOT_JSON;
    text += text.length === 1 ? `${writeString(key)}:${written}` : `,${writeString(key)}:${written}`;
  }
  return `${text}}`;
}

/** Whether a value is an object literal, also of another realm: it has no prototype, or one without a prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** A slow second pass, only to find the faulty value. */
function notJson(value: unknown): CatenaError {
  const { path, found } = locate(value, '$', 0) ?? { path: '$', found: 'a value that JSON cannot hold' };
  return new CatenaError('keys.not_json', `not a JSON value: ${path} is ${found}`, {
    data: { path, found },
    remedy: 'use only strings, finite numbers, booleans, null, arrays and plain objects',
  });
}

function locate(value: unknown, path: string, depth: number): { path: string; found: string } | undefined {
  const found = describeNotJson(value, depth);
  if (found !== undefined) return { path, found };
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const inside = locate(value[index], `${path}[${index}]`, depth + 1);
      if (inside !== undefined) return inside;
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value).sort()) {
      const property = (value as Record<string, unknown>)[key];
      if (property === undefined) continue;
      const inside = locate(property, path + accessor(key), depth + 1);
      if (inside !== undefined) return inside;
    }
  }
  return undefined;
}

function describeNotJson(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : String(value);
    case 'object':
      if (value === null) return undefined;
      if (depth === MAX_JSON_DEPTH) return `nested deeper than ${MAX_JSON_DEPTH} levels, or part of itself`;
      return Array.isArray(value) || isPlain(value) ? undefined : `an instance of ${className(value)}`;
    default:
      return value === undefined ? 'undefined' : `a ${typeof value}`;
  }
}

function className(value: object): string {
  const maker: unknown = (value as { constructor?: unknown }).constructor;
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'a class';
}

function accessor(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
