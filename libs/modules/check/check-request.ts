/**
 * Reads a request as its author wrote it. What is sent is a plain copy: each field is read once, so a getter or a proxy cannot give the
 * engine another value than was checked, and what cannot be sent is refused here, by field, before anything waits for it.
 */
import { METHODS } from 'node:http';
import { describeThrown } from '../../errors/thrown.ts';
import { breakerProblem } from '../../limits/breakers.ts';
import { isAmount } from '../../limits/budgets.ts';
import type { RequestSpec } from '../contract/definition.ts';
import { durationProblem, timeProblem } from './duration.ts';
import { isRecord } from './is-record.ts';
import { copyJson, NotJson, TooMuchJson } from './json-value.ts';
import { kindOf, pathText } from './schema-check.ts';
import { CACHE_POLICY_FORM, isCachePolicy } from './step-options.ts';

/** What is wrong with a request: the field, what it is, and what to give instead. */
export class WrongRequest extends Error {
  override readonly name = 'WrongRequest';
  /** A path, such as `json.items[3].price`; empty for the request as a whole. */
  readonly field: string;
  readonly remedy: string;

  constructor(field: string, problem: string, remedy: string) {
    super(problem);
    this.field = field;
    this.remedy = remedy;
  }
}

/** The largest body of a request as an author gives it, in characters or bytes: it is stored with its node. */
export const MAX_REQUEST_BODY = 4 * 1_024 * 1_024;
const MAX_URL_CHARS = 65_536;
/** All names and values of headers together; servers refuse far smaller ones. */
const MAX_HEADER_CHARS = 65_536;
const MAX_NAME_CHARS = 1_000;

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110, 5.5, as undici accepts it: no control characters, and nothing that a byte cannot hold. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** CONNECT opens a tunnel, which is no request. */
const SENDABLE_METHODS: ReadonlySet<string> = new Set(METHODS.filter((method) => method !== 'CONNECT'));

type Read = (value: unknown, field: string) => unknown;

const READERS: { readonly [Field in keyof Required<RequestSpec>]: Read } = {
  url: readUrl,
  method: readMethod,
  headers: readHeaders,
  body: readBody,
  json: readJson,
  form: readForm,
  session: readName,
  timeoutMs: (value, field) => require(value, field, durationProblem(value, 1)),
  limitKey: readName,
  limits: readLimits,
  breaker: readBreaker,
  untilMs: (value, field) => require(value, field, timeProblem(value)),
  notBeforeMs: (value, field) => require(value, field, timeProblem(value)),
  partial: readFlag,
  resendBody: readFlag,
  untrusted: readFlag,
  robots: (value, field) => require(value, field, value === 'ignore' ? undefined : 'give "ignore", or leave it out'),
  cache: readCache,
  cacheKey: readName,
  cost: readCost,
};
const FIELDS = Object.keys(READERS);
const BODIES = ['body', 'json', 'form'] as const;

/** A URL alone; throws {@link WrongRequest}. */
export function readUrl(value: unknown, field = 'url'): string {
  if (typeof value !== 'string' && !(value instanceof URL)) {
    throw new WrongRequest(field, kindOf(value), 'give a string or a URL');
  }
  const text = typeof value === 'string' ? value : value.href;
  if (text.length > MAX_URL_CHARS) {
    throw new WrongRequest(field, `of ${text.length} characters`, `give at most ${MAX_URL_CHARS}: send data as a body`);
  }
  const parsed = URL.parse(text);
  if (parsed === null) {
    throw new WrongRequest(
      field,
      `"${text}", which is not a URL`,
      'give an absolute URL, such as new URL(href, page.url)',
    );
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw new WrongRequest(
      field,
      `"${parsed.href}", which is ${parsed.protocol}, not http or https`,
      'skip such links',
    );
  }
  return text;
}

/** A request with its fields; throws {@link WrongRequest} with the first field that is wrong. */
export function readRequest(source: object): RequestSpec {
  const given = fieldsOf(source, '');
  const unknown = [...given.keys()].find((field) => !Object.hasOwn(READERS, field));
  if (unknown !== undefined) {
    throw new WrongRequest(unknown, 'no field of a request', `a request has ${FIELDS.join(', ')}`);
  }
  if (!given.has('url')) {
    const hint = source instanceof Request ? 'url, method, headers and body as fields of an object' : 'a url';
    throw new WrongRequest('url', 'nothing', `give ${hint}`);
  }
  const bodies = BODIES.filter((field) => given.has(field));
  if (bodies.length > 1) throw new WrongRequest('', bodies.join(' and '), 'give only one of them');
  const request: Record<string, unknown> = {};
  for (const [field, value] of given) {
    request[field] = reading(field, () => READERS[field as keyof RequestSpec](value, field));
  }
  return request as unknown as RequestSpec;
}

/** The own fields of an object that are not undefined, each read once. */
function fieldsOf(source: object, field: string): Map<string, unknown> {
  const names = reading(field, () => Object.keys(source));
  const fields = new Map<string, unknown>();
  for (const name of names) {
    const value = reading(field === '' ? name : `${field}${pathText([name], true)}`, () => {
      return (source as Readonly<Record<string, unknown>>)[name];
    });
    if (value !== undefined) fields.set(name, value);
  }
  return fields;
}

/** Runs code that reads an author's value; what that throws is the fault of the field. */
function reading<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof WrongRequest) throw thrown;
    throw new WrongRequest(field, `unreadable: reading it threw ${describeThrown(thrown)}`, 'give plain values');
  }
}

function require(value: unknown, field: string, remedy: string | undefined): unknown {
  if (remedy === undefined) return value;
  throw new WrongRequest(field, shown(value), remedy);
}

function readFlag(value: unknown, field: string): unknown {
  return require(value, field, typeof value === 'boolean' ? undefined : 'give true or false');
}

function readMethod(value: unknown, field: string): string {
  if (typeof value === 'string' && SENDABLE_METHODS.has(value.toUpperCase())) return value;
  throw new WrongRequest(field, shown(value), 'give a method of HTTP, such as GET, POST or PUT');
}

function readHeaders(value: unknown, field: string): Record<string, string> {
  if (!isRecord(value) || value instanceof Headers || value instanceof Map) {
    throw new WrongRequest(field, kindOf(value), `give an object of names and texts${fromEntries(value)}`);
  }
  const headers: Record<string, string> = {};
  let chars = 0;
  for (const [name, text] of fieldsOf(value, field)) {
    const path = `${field}${pathText([name.slice(0, MAX_NAME_CHARS)], true)}`;
    if (!TOKEN.test(name)) {
      throw new WrongRequest(path, 'no name of a header', 'use letters, digits and -');
    }
    if (typeof text !== 'string') throw new WrongRequest(path, kindOf(text), 'give a text, such as String(value)');
    if (!HEADER_VALUE.test(text)) {
      throw new WrongRequest(
        path,
        `${JSON.stringify(text.slice(0, 60))}, which a header cannot hold`,
        'remove line breaks and control characters, and encode what is not Latin-1, with encodeURIComponent for example',
      );
    }
    chars += name.length + text.length;
    if (chars > MAX_HEADER_CHARS) {
      throw new WrongRequest(field, `more than ${MAX_HEADER_CHARS} characters`, 'send data as a body');
    }
    headers[name] = text;
  }
  return headers;
}

function readBody(value: unknown, field: string): string | Uint8Array {
  if (typeof value === 'string') {
    requireSize(value.length, field, 'characters');
    return value;
  }
  if (!(value instanceof Uint8Array)) {
    const remedy =
      value instanceof ArrayBuffer
        ? 'give new Uint8Array(buffer)'
        : 'give a string or a Uint8Array, or the value as json or form';
    throw new WrongRequest(field, kindOf(value), remedy);
  }
  requireSize(value.byteLength, field, 'bytes');
  // A copy, because its author may reuse the buffer for the next request.
  return Uint8Array.from(value);
}

function requireSize(size: number, field: string, unit: string): void {
  if (size <= MAX_REQUEST_BODY) return;
  throw new WrongRequest(field, `of ${size} ${unit}`, `give at most ${MAX_REQUEST_BODY}`);
}

function readJson(value: unknown, field: string): unknown {
  try {
    return copyJson(value, MAX_REQUEST_BODY);
  } catch (thrown) {
    if (thrown instanceof TooMuchJson) {
      throw new WrongRequest(field, `too large: ${thrown.message}`, `give at most ${MAX_REQUEST_BODY} characters`);
    }
    if (!(thrown instanceof NotJson)) throw thrown;
    const path = `${field}${pathText(thrown.path, true)}`;
    throw new WrongRequest(path, `not JSON: ${thrown.message}`, 'give what JSON can hold');
  }
}

function readForm(value: unknown, field: string): Record<string, string> {
  if (!isRecord(value) || value instanceof URLSearchParams || value instanceof FormData || value instanceof Map) {
    throw new WrongRequest(field, kindOf(value), `give an object of names and texts${fromEntries(value)}`);
  }
  const form: Record<string, string> = {};
  let chars = 0;
  for (const [name, given] of fieldsOf(value, field)) {
    const isText = typeof given === 'string' || typeof given === 'boolean' || Number.isFinite(given);
    if (!isText) {
      const path = `${field}${pathText([name.slice(0, MAX_NAME_CHARS)], true)}`;
      throw new WrongRequest(path, kindOf(given), 'give a text, such as String(value)');
    }
    const text = String(given);
    chars += name.length + text.length;
    requireSize(chars, field, 'characters');
    form[name] = text;
  }
  return form;
}

function readName(value: unknown, field: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_NAME_CHARS) return value;
  throw new WrongRequest(field, shown(value), `give a text of 1 to ${MAX_NAME_CHARS} characters, or leave it out`);
}

function readLimits(value: unknown, field: string): Record<string, number> {
  const remedy = 'give requestsPerSecond and concurrency, as numbers of at least 0; 0 is unlimited';
  if (!isRecord(value)) throw new WrongRequest(field, kindOf(value), remedy);
  const limits: Record<string, number> = {};
  for (const [name, limit] of fieldsOf(value, field)) {
    const isKnown = name === 'requestsPerSecond' || name === 'concurrency';
    if (!isKnown) throw new WrongRequest(`${field}${pathText([name], true)}`, 'no limit', remedy);
    const isLimit = typeof limit === 'number' && Number.isFinite(limit) && limit >= 0;
    if (!isLimit || (name === 'concurrency' && !Number.isInteger(limit))) {
      throw new WrongRequest(`${field}.${name}`, shown(limit), remedy);
    }
    limits[name] = limit;
  }
  return limits;
}

function readBreaker(value: unknown, field: string): unknown {
  const copy = isRecord(value) ? Object.fromEntries(fieldsOf(value, field)) : value;
  const problem = breakerProblem(copy) ?? (isRecord(copy) ? openMsProblem(copy.openMs) : undefined);
  if (problem === undefined) return copy;
  const remedy = 'give a key, and optionally failures of at least 1 and openMs above 0';
  throw new WrongRequest(field, `wrong: ${problem}`, remedy);
}

function openMsProblem(openMs: unknown): string | undefined {
  const problem = openMs === undefined ? undefined : durationProblem(openMs, 1);
  return problem === undefined ? undefined : `its openMs is ${shown(openMs)}: ${problem}`;
}

function readCache(value: unknown, field: string): unknown {
  const copy = isRecord(value) ? Object.fromEntries(fieldsOf(value, field)) : value;
  if (copy === false || isCachePolicy(copy)) return copy;
  throw new WrongRequest(field, shown(copy), `give ${CACHE_POLICY_FORM}, or leave it out`);
}

function readCost(value: unknown, field: string): { readonly atMost: number } {
  const given = isRecord(value) ? fieldsOf(value, field) : new Map<string, unknown>();
  const atMost = given.get('atMost');
  if (isAmount(atMost) && given.size === 1) return { atMost };
  throw new WrongRequest(field, shown(value), 'give atMost as a number from 0 to a billion');
}

/** How the entries of a collection become an object, as the end of a remedy. */
function fromEntries(value: unknown): string {
  const isCollection = value instanceof Headers || value instanceof Map || value instanceof URLSearchParams;
  if (isCollection || Array.isArray(value)) return ', such as Object.fromEntries(it)';
  return value instanceof FormData ? '; files cannot be sent as a form' : '';
}

/** A value in a message. */
function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value.length <= 80 ? JSON.stringify(value) : `of ${value.length} characters`;
  if (typeof value !== 'object' && typeof value !== 'boolean') return kindOf(value);
  try {
    const text = JSON.stringify(value);
    return text.length <= 80 ? text : kindOf(value);
  } catch {
    return kindOf(value);
  }
}
