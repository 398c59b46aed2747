/**
 * Finds the fields of an input that no schema knows: mostly typing errors of optional fields, which schemas drop silently. A
 * Standard Schema does not say which fields it knows, so the input is checked once more, wrapped in proxies that note which
 * fields the schema looks at. Of an object that a schema lists, copies or passes on as a whole, every field counts as known.
 */
import { nearestName } from '../../config/config-problem.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { ModuleDefinition } from '../contract/definition.ts';
import { type Issue, issuesText, kindOf, pathText, UNKNOWN_FIELD } from './schema-check.ts';

/** Checks an input in its own way; the result and the errors do not matter here. */
export type LookAt = (input: unknown) => unknown | Promise<unknown>;

/** A field that no check looked at. */
export interface UnknownField extends Issue {
  /** The known name, not given in the same object, that is most similar to it. */
  readonly nearest: string | undefined;
}

/**
 * Checks the input of a module where its code runs. Resolves with the fields that its schema does not know; rejects with
 * `module.wrong_input` for those that it refuses, unknown ones of strict schemas with the nearest name.
 */
export async function inputFields(
  module: Pick<ModuleDefinition, 'checkInput'>,
  input: unknown,
): Promise<readonly UnknownField[]> {
  const look: LookAt = (given) => module.checkInput(given);
  try {
    await look(input);
  } catch (thrown) {
    throw await withNearestNames(thrown, look, input);
  }
  const looks = new Looks(input);
  return (await looks.take(look)) ? looks.unknown() : [];
}

/** A module whose check tells the fields that it does not know. */
export interface InputChecker {
  readonly id: string;
  checkInput(input: unknown): Promise<readonly UnknownField[]>;
}

/** Checks an input as a user gives it. Rejects with `module.wrong_input`, also for a field that the schema does not know. */
export async function checkGivenInput(module: InputChecker, input: unknown): Promise<void> {
  const unknown = await module.checkInput(input);
  if (unknown.length > 0) throw wrongInput(module.id, unknown);
}

/** Of the unknown fields of several modules with one input, those that none of them knows. */
export function unknownToAll(ofModules: readonly (readonly UnknownField[])[]): readonly UnknownField[] {
  const [first = [], ...others] = ofModules;
  return first.filter(({ path }) => others.every((unknown) => unknown.some((each) => each.path === path)));
}

/** The fields that a synchronous schema does not know, which has accepted the input. */
export function unknownFieldsNow(check: (input: unknown) => unknown, input: unknown): readonly UnknownField[] {
  const looks = new Looks(input);
  return looks.takeNow(check) ? looks.unknown() : [];
}

/** Adds the nearest known name to each unknown field that a strict schema has refused by itself. */
async function withNearestNames(thrown: unknown, look: LookAt, input: unknown): Promise<unknown> {
  if (!(thrown instanceof CatenaError) || thrown.code !== 'module.wrong_input') return thrown;
  const issues = thrown.data.issues as readonly Issue[];
  if (!issues.some(({ message }) => message === UNKNOWN_FIELD)) return thrown;
  const looks = new Looks(input);
  await looks.take(look);
  return wrongInput(
    String(thrown.data.module),
    issues.map((issue) => (issue.message === UNKNOWN_FIELD ? looks.named(issue) : issue)),
  );
}

function wrongInput(module: string, issues: readonly Issue[]): CatenaError {
  return new CatenaError('module.wrong_input', `the input of ${module} is wrong: ${issuesText(issues)}`, {
    data: { module, issues },
  });
}

/** What was looked at in one object. */
interface Seen {
  readonly value: Readonly<Record<string, unknown>>;
  readonly path: readonly PropertyKey[];
  /** Names that were asked for, whether the object has them or not. */
  readonly names: Set<string>;
  /** Whether its fields were listed, as for a copy or a record. */
  isListed: boolean;
}

class Looks {
  readonly #input: unknown;
  readonly #seen = new Map<object, Seen>();
  readonly #proxies = new Map<object, object>();
  #isLooking = false;

  constructor(input: unknown) {
    this.#input = input;
  }

  /** False if the check failed on the wrapped input (it cannot be cloned, for example): then nothing is known. */
  async take(look: LookAt): Promise<boolean> {
    this.#isLooking = true;
    try {
      this.#ignoredWhole(await look(this.#wrapped(this.#input, [])));
      return true;
    } catch {
      return false;
    } finally {
      this.#isLooking = false;
    }
  }

  takeNow(check: (input: unknown) => unknown): boolean {
    this.#isLooking = true;
    try {
      this.#ignoredWhole(check(this.#wrapped(this.#input, [])));
      return true;
    } catch {
      return false;
    } finally {
      this.#isLooking = false;
    }
  }

  unknown(): UnknownField[] {
    return [...this.#seen.values()].flatMap(({ value, path, names, isListed }) => {
      if (isListed || names.size === 0) return [];
      const unknown = Object.keys(value).filter((name) => !names.has(name));
      return unknown.map((name) => {
        const at = { path: pathText([...path, name]), message: UNKNOWN_FIELD, got: kindOf(value[name]) };
        return { ...this.named(at), nearest: nearest(name, value, names) };
      });
    });
  }

  /** The issue of an unknown field with the known name that is most similar. */
  named(issue: Issue): Issue {
    for (const { value, path, names } of this.#seen.values()) {
      const name = Object.keys(value).find((key) => pathText([...path, key]) === issue.path);
      if (name === undefined) continue;
      const known = [...names].filter((each) => each !== name && !Object.hasOwn(value, each));
      const found =
        nearestName(name, known) ??
        nearestName(
          name,
          [...names].filter((each) => each !== name),
        );
      if (found !== undefined) return { ...issue, message: `${UNKNOWN_FIELD}; did you mean "${found}"?` };
      return known.length === 0 ? issue : { ...issue, message: `${UNKNOWN_FIELD}; others are ${known.join(', ')}` };
    }
    return issue;
  }

  /** A schema without any field looks at none: its result is an empty object. */
  #ignoredWhole(result: unknown): void {
    const root = typeof this.#input === 'object' && this.#input !== null ? this.#seen.get(this.#input) : undefined;
    const isEmpty = typeof result === 'object' && result !== null && Object.keys(result).length === 0;
    if (root === undefined || root.isListed || root.names.size > 0 || !isEmpty) return;
    root.names.add('');
  }

  #wrapped(value: unknown, path: readonly PropertyKey[]): unknown {
    if (typeof value !== 'object' || value === null || !(Array.isArray(value) || isPlain(value))) return value;
    const known = this.#proxies.get(value);
    if (known !== undefined) return known;
    const seen: Seen = { value: value as Seen['value'], path, names: new Set(), isListed: false };
    if (!Array.isArray(value)) this.#seen.set(value, seen);
    const proxy = new Proxy(value, this.#traps(seen));
    this.#proxies.set(value, proxy);
    return proxy;
  }

  #traps(seen: Seen): ProxyHandler<object> {
    const note = (target: object, name: PropertyKey): void => {
      if (!this.#isLooking || typeof name !== 'string') return;
      // Asked of every value by JavaScript itself, or to learn what kind of object it is.
      if ((name in Object.prototype || OF_ANY_VALUE.has(name)) && !Object.hasOwn(target, name)) return;
      seen.names.add(name);
    };
    return {
      get: (target, name) => {
        note(target, name);
        const value: unknown = Reflect.get(target, name);
        return Object.hasOwn(target, name) ? this.#wrapped(value, [...seen.path, indexOr(target, name)]) : value;
      },
      has: (target, name) => {
        note(target, name);
        return Reflect.has(target, name);
      },
      ownKeys: (target) => {
        if (this.#isLooking) seen.isListed = true;
        return Reflect.ownKeys(target);
      },
    };
  }
}

const OF_ANY_VALUE = new Set(['then', 'toJSON']);

function nearest(name: string, value: object, names: ReadonlySet<string>): string | undefined {
  return nearestName(
    name,
    [...names].filter((each) => !Object.hasOwn(value, each)),
  );
}

/** The index of an array's element, for its path. */
function indexOr(target: object, name: PropertyKey): PropertyKey {
  return Array.isArray(target) && typeof name === 'string' ? Number(name) : name;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
