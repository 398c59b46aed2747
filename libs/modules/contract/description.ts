/** Contracts and code as data: whether two processes mean the same by `name@version`, and where they differ. */
import { createHash, hash } from 'node:crypto';
import { canonicalJson } from '../../keys/canonical-json.ts';

/** What nodes of a run depend on; JSON. Steps go by their position. */
export interface ContractDescription {
  readonly name: string;
  readonly version: string;
  /** JSON Schema; null if the schema's library has none. */
  readonly input: unknown;
  readonly steps: readonly {
    readonly name: string;
    readonly kind: 'fetch' | 'compute';
    readonly phase: number;
    readonly identity: 'state' | 'lineage';
    readonly state: unknown;
  }[];
  readonly phases: readonly unknown[];
  readonly items: Readonly<Record<string, unknown>>;
  /** Absent in contracts that do not open early. */
  readonly early?: { readonly atMs: number };
}

/** The canonical text of a description: equal contracts give equal texts. */
export function contractText(description: ContractDescription): string {
  // Schemas may hold what JSON drops, such as undefined.
  return canonicalJson(JSON.parse(JSON.stringify(description)));
}

export function contractDigest(text: string): string {
  return hash('sha256', text, 'base64url');
}

const MAX_DIFFERENCES = 20;
const MAX_SHOWN_CHARS = 60;

/** One line per field in which two contracts differ: `steps.1.name was "detail" and is "page"`. */
export function contractDifferences(beforeText: string, nowText: string): readonly string[] {
  const before = fieldsOf(JSON.parse(beforeText));
  const now = fieldsOf(JSON.parse(nowText));
  const paths = [...new Set([...before.keys(), ...now.keys()])];
  const differing = paths.filter((path) => before.get(path) !== now.get(path));
  const lines = differing.slice(0, MAX_DIFFERENCES).map((path) => difference(path, before.get(path), now.get(path)));
  const more = differing.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

function difference(path: string, before: string | undefined, now: string | undefined): string {
  if (before === undefined) return `${path} is new: ${shown(now!)}`;
  if (now === undefined) return `${path} is gone: it was ${shown(before)}`;
  return `${path} was ${shown(before)} and is ${shown(now)}`;
}

function shown(text: string): string {
  return text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS)}…`;
}

/** The leaves of a JSON value by their paths. */
function fieldsOf(value: unknown, path = '', fields = new Map<string, string>()): Map<string, string> {
  const isBranch = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (!isBranch) fields.set(path, JSON.stringify(value));
  else
    for (const [name, member] of Object.entries(value))
      fieldsOf(member, path === '' ? name : `${path}.${name}`, fields);
  return fields;
}

/**
 * A digest of source files by their contents and their names. Names are those relative to the module's own file, so that the same
 * files in another folder give the same digest.
 */
export function codeDigest(files: ReadonlyMap<string, string | Uint8Array>): string {
  const sum = createHash('sha256');
  for (const [name, content] of [...files].sort(([one], [other]) => (one < other ? -1 : 1))) {
    sum.update(`${name.length} ${name} ${content.length} `).update(content);
  }
  return sum.digest('base64url');
}
