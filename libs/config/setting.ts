/** Defines a setting: how its text is parsed, which values are valid, and its default. */
import { z } from 'zod';
import { isListenAddress } from './listen-address.ts';
import { redactUrl } from './redact.ts';
import { parseRedisUrl, redactRedisUrl } from './redis-url.ts';

/** Checks a value: typed from YAML and code, text from the environment and the command line. */
export type RawValue = string | number | boolean;

export interface Setting<Value> {
  /** What the setting does: a sentence. */
  readonly about: string;
  /** The valid values, as text after "expected". */
  readonly expected: string;
  readonly schema: z.ZodType<Value>;
  readonly default: Value;
  /** Parses text to a value; returns text that it cannot parse unchanged, for the schema to refuse. */
  readonly fromText: (text: string) => unknown;
  /** How to show a value that may be a secret; undefined if it is shown unchanged. */
  readonly redacted: ((text: string) => string) | undefined;
}

/** Settings by their dotted names. */
export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** An extension, which adds settings to those of Catena. */
export interface SettingsOwner {
  readonly settings?: Settings;
}

/** The values of settings, by the same names. */
export type ValuesOf<S extends Settings> = {
  readonly [Name in keyof S]: S[Name] extends Setting<infer Value> ? Value : never;
};

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

export function integer(
  about: string,
  initial: number,
  { min = 1, max = Number.MAX_SAFE_INTEGER }: Bounds = {},
): Setting<number> {
  const expected = `an integer ${range(min, max, Number.MAX_SAFE_INTEGER)}`;
  return setting({ about, expected, schema: z.int().min(min).max(max), default: initial, fromText: numberFromText });
}

/** An optional integer; undefined if it is not set. */
export function optionalInteger(about: string, { min = 1 }: Bounds = {}): Setting<number | undefined> {
  const schema = z.int().min(min).optional();
  return setting({
    about,
    expected: `an integer of at least ${min}`,
    schema,
    default: undefined,
    fromText: numberFromText,
  });
}

export function decimal(
  about: string,
  initial: number,
  { min = 0, max = Number.MAX_VALUE }: Bounds = {},
): Setting<number> {
  const expected = `a number ${range(min, max, Number.MAX_VALUE)}`;
  return setting({ about, expected, schema: z.number().min(min).max(max), default: initial, fromText: numberFromText });
}

/** An optional number; undefined if it is not set. */
export function optionalDecimal(
  about: string,
  { min = 0, max = Number.MAX_VALUE }: Bounds = {},
): Setting<number | undefined> {
  const expected = `a number ${range(min, max, Number.MAX_VALUE)}`;
  const schema = z.number().min(min).max(max).optional();
  return setting({ about, expected, schema, default: undefined, fromText: numberFromText });
}

export function flag(about: string, initial: boolean): Setting<boolean> {
  return setting({
    about,
    expected: 'true or false',
    schema: z.boolean(),
    default: initial,
    fromText: booleanFromText,
  });
}

/** A flag whose default depends on the mode; undefined until the mode is known. */
export function flagByMode(about: string): Setting<boolean | undefined> {
  const schema = z.boolean().optional();
  return setting({ about, expected: 'true or false', schema, default: undefined, fromText: booleanFromText });
}

export function choice<const Name extends string>(about: string, initial: Name, names: readonly Name[]): Setting<Name> {
  const expected = `one of ${names.join(', ')}`;
  return setting({ about, expected, schema: z.enum(names) as z.ZodType<Name>, default: initial, fromText: asIs });
}

/** One line of text that is valid in a header. */
export function headerText(about: string, initial: string): Setting<string> {
  const schema = z.string().regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/);
  return setting({ about, expected: 'one line of printable ASCII text', schema, default: initial, fromText: asIs });
}

/** As {@link headerText}, but undefined if it is not set. */
export function optionalText(about: string): Setting<string | undefined> {
  const { schema, ...text } = headerText(about, '');
  return { ...text, schema: schema.optional(), default: undefined };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL byte ends a path for the operating system.
const pathSchema = z.string().regex(/^[^\u0000]+$/);

export function path(about: string, initial: string): Setting<string> {
  return setting({ about, expected: 'the path of a file', schema: pathSchema, default: initial, fromText: asIs });
}

/** An optional path; undefined if it is not set. */
export function optionalPath(about: string): Setting<string | undefined> {
  const schema = pathSchema.optional();
  return setting({ about, expected: 'the path of a file', schema, default: undefined, fromText: asIs });
}

/** Paths separated by commas; undefined when not set. */
export function optionalPaths(about: string): Setting<readonly string[] | undefined> {
  const schema = z.array(pathSchema).readonly().optional();
  const fromText = (text: string) => text.split(',').map((entry) => entry.trim());
  return setting({ about, expected: 'paths of files, separated by commas', schema, default: undefined, fromText });
}

/** Names of environment variables, separated by commas; undefined when not set. */
export function optionalNames(about: string): Setting<readonly string[] | undefined> {
  const schema = z
    .array(z.string().regex(/^[\w.-]{1,64}$/))
    .readonly()
    .optional();
  const fromText = (text: string) => text.split(',').map((entry) => entry.trim());
  return setting({ about, expected: 'names, separated by commas', schema, default: undefined, fromText });
}

/** An address to listen on: a host or an IP address, and a port. */
export function listenAddress(about: string, initial: string): Setting<string> {
  const schema = z.string().refine(isListenAddress);
  return setting({ about, expected: 'host:port', schema, default: initial, fromText: asIs });
}

/** As {@link listenAddress}, but undefined if it is not set: then nothing listens. */
export function optionalListenAddress(about: string): Setting<string | undefined> {
  const schema = z.string().refine(isListenAddress).optional();
  return setting({ about, expected: 'host:port', schema, default: undefined, fromText: asIs });
}

/** Texts separated by commas, each of which matches; undefined when not set. */
export function optionalList(about: string, expected: string, each: RegExp): Setting<readonly string[] | undefined> {
  const schema = z.array(z.string().regex(each)).readonly().optional();
  const fromText = (text: string) => text.split(',').map((entry) => entry.trim());
  return setting({ about, expected: `${expected}, separated by commas`, schema, default: undefined, fromText });
}

/** Servers to call: one `host:port`, all of whose addresses are used, or several separated by commas. */
export function optionalTarget(about: string): Setting<string | undefined> {
  const schema = z
    .string()
    .refine((text) => text.split(',').every((entry) => isListenAddress(entry.trim())))
    .optional();
  const expected = 'host:port, or several separated by commas';
  return setting({ about, expected, schema, default: undefined, fromText: asIs });
}

/** Text that matches a pattern and is never shown; undefined when not set. */
export function optionalSecret(about: string, expected: string, pattern: RegExp): Setting<string | undefined> {
  const schema = z.string().regex(pattern).optional();
  return { ...setting({ about, expected, schema, default: undefined, fromText: asIs }), redacted: () => '***' };
}

/** A URL of certain protocols, which may carry a password; undefined when not set. */
export function url(about: string, protocols: readonly string[]): Setting<string | undefined> {
  const schema = z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1)))
    .optional();
  const expected = `a URL that begins with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`;
  return {
    ...setting<string | undefined>({ about, expected, schema, default: undefined, fromText: asIs }),
    redacted: redactUrl,
  };
}

/** The URL of a Redis, with one host or several; undefined when not set. */
export function redisUrl(about: string): Setting<string | undefined> {
  const schema = z
    .string()
    .refine((text) => parseRedisUrl(text) !== undefined)
    .optional();
  const expected =
    'redis:// or rediss://, with a login if needed, host:port or several separated by commas, and /database';
  return {
    ...setting<string | undefined>({ about, expected, schema, default: undefined, fromText: asIs }),
    redacted: redactRedisUrl,
  };
}

/** URLs of the servers of one cluster, separated by commas; undefined when not set. */
export function urls(about: string, protocols: readonly string[]): Setting<string | undefined> {
  const one = url(about, protocols);
  const schema = z
    .string()
    .refine((text) => text.split(',').every((each) => one.schema.safeParse(each.trim()).success))
    .optional();
  return {
    ...one,
    schema,
    expected: `${one.expected}, or several separated by commas`,
    redacted: (text) => text.split(',').map(redactUrl).join(','),
  };
}

function setting<Value>(definition: Omit<Setting<Value>, 'redacted'>): Setting<Value> {
  return { ...definition, redacted: undefined };
}

function range(min: number, max: number, unbounded: number): string {
  return max === unbounded ? `of at least ${min}` : `from ${min} to ${max}`;
}

function asIs(text: string): unknown {
  return text;
}

function numberFromText(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function booleanFromText(text: string): unknown {
  return text === 'true' ? true : text === 'false' ? false : text;
}
