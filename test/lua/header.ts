/** Reads the header of a Lua script; the grammar stands in `lua/README.md`. */

export interface Header {
  readonly name: string;
  readonly includes: readonly string[];
  readonly keys: readonly string[];
  readonly args: readonly string[];
  readonly table: string;
  readonly codes: Readonly<Record<string, number>>;
  /** Parts that are missing, doubled or out of order. */
  readonly problems: readonly string[];
}

const LINES = {
  title: /^-- (\w+): \S.*\.$/,
  include: /^-- INCLUDE ((?:lib\/[\w-]+\.lua ?)+)$/,
  key: /^-- KEYS\[(\d+|\d+\.\.|\.\.)\] (\w+\*?)\s+\S.*$/,
  arg: /^-- ARGV\[(\d+|\d+\.\.|\.\.)\] (\w+\*?)\s+\S.*$/,
  codes: /^-- CODES (\w+) (\d+ [A-Z_]+(?:, \d+ [A-Z_]+)*)$/,
  effects: /^-- EFFECTS \S.*$/,
} as const;

type Kind = keyof typeof LINES;
const ORDER: readonly Kind[] = ['title', 'include', 'key', 'arg', 'codes', 'effects'];

export function parseHeader(lua: string): Header {
  const lines = lua.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('--'));
  const problems: string[] = [];
  const found: { kind: Kind; match: RegExpExecArray }[] = [];
  for (const line of lines.slice(0, end)) {
    const kind = ORDER.find((each) => LINES[each].test(line));
    if (kind === undefined) problems.push(`not a line of a header: ${line}`);
    else found.push({ kind, match: LINES[kind].exec(line)! });
  }
  const of = (kind: Kind) => found.filter((each) => each.kind === kind).map(({ match }) => match);
  for (const kind of ['title', 'include', 'codes', 'effects'] as const) {
    if (of(kind).length !== 1) problems.push(`${of(kind).length} lines for ${kind} instead of one`);
  }
  const sorted = [...found].sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
  if (sorted.some((each, at) => each !== found[at])) problems.push('lines out of order');
  problems.push(...numbering('KEYS', of('key')), ...numbering('ARGV', of('arg')));
  return {
    name: of('title')[0]?.[1] ?? '',
    includes: of('include')[0]?.[1]?.split(' ') ?? [],
    keys: of('key').map((match) => match[2]!),
    args: of('arg').map((match) => match[2]!),
    table: of('codes')[0]?.[1] ?? '',
    codes: codesOf(of('codes')[0]?.[2] ?? ''),
    problems,
  };
}

/** Numbers count from 1; from the first list on, whose number is open, a position follows from the ones before. */
function numbering(what: string, matches: readonly RegExpExecArray[]): string[] {
  let open = false;
  return matches.flatMap(([, position, name], at) => {
    const isList = name!.endsWith('*');
    let expected = `${at + 1}`;
    if (open) expected = '..';
    else if (isList) expected = `${at + 1}..`;
    open ||= isList;
    return position === expected ? [] : [`${what}[${position}] ${name} should be ${what}[${expected}]`];
  });
}

function codesOf(text: string): Record<string, number> {
  const pairs = text === '' ? [] : text.split(', ').map((pair) => pair.split(' '));
  return Object.fromEntries(pairs.map(([number, name]) => [name!, Number(number)]));
}
