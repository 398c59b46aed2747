/**
 * Decides the types of `--input k=v` values. The rule: a value that is valid JSON is read as JSON, unless the module's
 * schema refuses that and accepts the text; any other value is text. So `pages=3` is a number for z.number(), and
 * `query=123` is text for z.string().
 */
import { CatenaError } from '../../errors/catena-error.ts';

/** The module's check of its input; throws `module.wrong_input` with `data.issues`. */
export type CheckInput = (input: unknown) => unknown | Promise<unknown>;

/**
 * The input to submit: `base` (from a file), overridden by the pairs. Throws `module.wrong_input` if the schema accepts a value
 * neither as JSON nor as text.
 */
export async function typedInput(
  base: Readonly<Record<string, unknown>>,
  pairs: ReadonlyMap<string, string>,
  check: CheckInput,
): Promise<Readonly<Record<string, unknown>>> {
  const asText = new Set<string>();
  const ambiguous = new Set([...pairs].filter(([, text]) => typeof read(text) !== 'string').map(([key]) => key));
  const attempt = (): Record<string, unknown> => ({ ...base, ...valuesOf(pairs, asText) });
  const first = await refusal(check, attempt());
  if (first === undefined) return attempt();

  const refused = keysIn(first).filter((key) => ambiguous.has(key));
  // An issue without a path (of a union, for example) names no key: any of them may be wrong.
  for (const key of keysIn(first).includes('') ? ambiguous : refused) asText.add(key);
  if (asText.size === 0) throw first;
  const second = await refusal(check, attempt());
  if (second === undefined) return attempt();

  // If the text is refused too, the message is about the value as JSON.
  for (const key of keysIn(second)) asText.delete(key);
  throw (await refusal(check, attempt())) ?? first;
}

function valuesOf(pairs: ReadonlyMap<string, string>, asText: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries([...pairs].map(([key, text]) => [key, asText.has(key) ? text : read(text)]));
}

/** JSON, unless it is a string or a number that would lose digits: those stay the text as typed, quotes included. */
function read(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof value === 'string') return text;
  if (typeof value !== 'number') return value;
  const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  return isExact ? value : text;
}

async function refusal(check: CheckInput, input: unknown): Promise<CatenaError | undefined> {
  try {
    await check(input);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof CatenaError && thrown.code === 'module.wrong_input') return thrown;
    throw thrown;
  }
}

/** The fields that the issues name: the first part of each path, empty for the whole input. */
function keysIn({ data }: CatenaError): string[] {
  const issues = (data.issues ?? []) as readonly { readonly path: string }[];
  return issues.map(({ path }) => {
    const quoted = /^\[("(?:[^"\\]|\\.)*")\]/.exec(path)?.[1];
    return quoted === undefined ? (/^[^.[]*/.exec(path)?.[0] ?? '') : (JSON.parse(quoted) as string);
  });
}
