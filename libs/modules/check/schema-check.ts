/** Checks a value against a Standard Schema; the issues are a list that names each field. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { CatenaError } from '../../errors/catena-error.ts';
import { cutText, describeThrown, fieldOf, textOf } from '../../errors/thrown.ts';
import type { Schema } from '../contract/contract.ts';
import { NotJson } from './json-value.ts';

/** One issue with a value: the path (`a.b[0]`, or empty for the whole), the message, and the kind of value found. */
export interface Issue {
  readonly path: string;
  readonly message: string;
  /** The kind of the value found: `string`, `array`, `nothing` … */
  readonly got: string;
  /** Whether no other value would mend it: the code itself is wrong. */
  readonly isOfCode?: true;
}

/** The message about a field that the schema does not know. */
export const UNKNOWN_FIELD = 'is not a field of it';

/** The limits for the issues in an error: its record must stay smaller than its node. */
const MAX_ISSUES = 50;

/**
 * Returns the value as the schema transforms it; throws the error that `refuse` creates from the issues. Returns a promise only
 * if the schema does, so that checking a hop with a synchronous schema costs no turn of the event loop.
 */
export function checkWith(
  schema: Schema,
  value: unknown,
  refuse: (issues: readonly Issue[]) => CatenaError,
): unknown | Promise<unknown> {
  let result: StandardSchemaV1.Result<unknown> | Promise<StandardSchemaV1.Result<unknown>>;
  try {
    result = schema['~standard'].validate(value);
  } catch (thrown) {
    throw refuse([schemaThrew(thrown, value)]);
  }
  if (!isPromise(result)) return conclude(result, value, refuse);
  return result.then(
    (settled) => conclude(settled, value, refuse),
    (thrown: unknown) => {
      throw refuse([schemaThrew(thrown, value)]);
    },
  );
}

/** The issue for a value that JSON cannot represent; any other error is rethrown. */
export function jsonIssue(thrown: unknown, value: unknown): Issue {
  if (!(thrown instanceof NotJson)) throw thrown;
  const issue = { path: pathText(thrown.path), message: thrown.message, got: kindAt(value, thrown.path) };
  return thrown.isOfCode ? { ...issue, isOfCode: true } : issue;
}

/** The issues in one line, for a message. */
export function issuesText(issues: readonly Issue[]): string {
  const lines = issues.map(({ path, message, got }) => `${path === '' ? '' : `${path}: `}${message} (got ${got})`);
  return lines.join('; ');
}

/** Whether a value is a promise, or can be awaited like one; false if that cannot be read. */
export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof fieldOf(value, 'then') === 'function';
}

function conclude(
  result: StandardSchemaV1.Result<unknown>,
  value: unknown,
  refuse: (issues: readonly Issue[]) => CatenaError,
): unknown {
  let issues: Issue[];
  try {
    if (result.issues === undefined) return (result as StandardSchemaV1.SuccessResult<unknown>).value;
    issues = Array.from(result.issues.slice(0, MAX_ISSUES))
      .flatMap((issue) => describe(issue, value))
      .slice(0, MAX_ISSUES);
  } catch (thrown) {
    // A schema that is written by hand may answer anything.
    issues = [schemaAnsweredBadly(thrown, value)];
  }
  throw refuse(issues);
}

/** What zod says beyond the standard: unknown fields of a strict object, and why each member of a union refused the value. */
interface ZodIssue extends StandardSchemaV1.Issue {
  readonly code?: unknown;
  readonly keys?: readonly PropertyKey[];
  readonly errors?: readonly (readonly ZodIssue[])[];
}

function describe(issue: ZodIssue, value: unknown, above: readonly PropertyKey[] = []): Issue[] {
  const own = (issue.path ?? []).map((segment) => (typeof segment === 'object' ? segment.key : segment));
  const path = [...above, ...own];
  if (hasUnknownFields(issue)) {
    return (issue.keys ?? []).map((key) => {
      const at = [...path, key];
      return { path: pathText(at), message: UNKNOWN_FIELD, got: kindAt(value, at) };
    });
  }
  // The member of a union that would accept the value without those fields says more than the union.
  const almost =
    issue.code === 'invalid_union' ? issue.errors?.find((each) => each.every(hasUnknownFields)) : undefined;
  if (almost !== undefined && almost.length > 0) return almost.flatMap((each) => describe(each, value, path));
  return [{ path: pathText(path), message: textOf(issue, 'message') ?? 'it is refused', got: kindAt(value, path) }];
}

function hasUnknownFields({ code }: ZodIssue): boolean {
  return code === 'unrecognized_keys';
}

function schemaThrew(thrown: unknown, value: unknown): Issue {
  return { path: '', message: `the schema itself threw ${describeThrown(thrown)}`, got: kindOf(value) };
}

function schemaAnsweredBadly(thrown: unknown, value: unknown): Issue {
  const message = `the schema answered with something that is no result of a Standard Schema: ${describeThrown(thrown)}`;
  return { path: '', message, got: kindOf(value) };
}

const MAX_SHOWN_KEY_CHARS = 100;

/** `a.b[0]["odd key"]`, or `.a.b[0]` to follow the name of a field. Long keys are cut. */
export function pathText(path: readonly PropertyKey[], follows = false): string {
  let text = '';
  for (const key of path) {
    const name = cutText(String(key), MAX_SHOWN_KEY_CHARS);
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name)) text += `${text === '' && !follows ? '' : '.'}${name}`;
    else text += `[${JSON.stringify(name)}]`;
  }
  return text;
}

/** Looks only at what the value really has: a getter may throw. */
function kindAt(value: unknown, path: readonly PropertyKey[]): string {
  let at = value;
  for (const key of path) {
    at = fieldOf(at, key);
    if (at === undefined) return 'nothing';
  }
  return kindOf(at);
}

/** The kind of a value, as authors would call it. Never throws, not for a revoked proxy either. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Number.isNaN(value)) return 'NaN';
  if (typeof value !== 'object') return typeof value;
  try {
    if (Array.isArray(value)) return 'array';
    if (value instanceof Date) return 'Date';
    if (value instanceof Promise) return 'promise';
    if (value instanceof Map) return 'Map';
    if (value instanceof Set) return 'Set';
    const { name } = value.constructor ?? Object;
    return typeof name === 'string' && name !== '' && name !== 'Object' ? cutText(name, MAX_SHOWN_KEY_CHARS) : 'object';
  } catch {
    return 'object that cannot be read';
  }
}
