/**
 * Makes `docs/internals/protocol.md` from the definitions in `libs/coordination/protocol/`, or with `--check` compares what is
 * there with what would be made. Exit codes: 0 done or equal, 1 different, or a definition does not say all that it must.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CodeTable, type Coordinator, TRANSITIONS } from '../../libs/coordination/protocol/port.ts';
import { SCRIPTS } from '../../libs/coordination/redis/index.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROTOCOL = 'libs/coordination/protocol';
const PAGE = 'docs/internals/protocol.md';

/** In the order of the page; each names a file or folder of the port, of both adapters, of `lua/` and of the suite. */
const GROUPS = ['runs', 'claims', 'commits', 'errors', 'phases', 'sweep', 'reads'] as const;

/** What every transition says of itself. Reads say what they answer in one sentence. */
const LABELS = ['Requires', 'Refuses', 'Changes', 'Answers', 'Again'] as const;

export interface CodeDoc {
  readonly name: string;
  readonly number: string;
  readonly means: string;
  /** What the caller does. */
  readonly caller: string;
}

export interface TransitionDoc {
  readonly method: string;
  readonly summary: string;
  readonly parts: readonly { readonly label: string; readonly text: string }[];
}

export interface GroupDoc {
  readonly name: string;
  readonly summary: string;
  readonly transitions: readonly TransitionDoc[];
  /** By the name of the table. */
  readonly tables: ReadonlyMap<string, readonly CodeDoc[]>;
}

/** Reads the definitions of a group. What is not documented is empty here, and named by {@link problemsOf}. */
export function parseGroup(name: string, source: string): GroupDoc {
  const tables = new Map<string, CodeDoc[]>();
  for (const [, table, body] of source.matchAll(/^export const (\w+Code) = \{\n([\s\S]*?)^\} as const;/gm)) {
    tables.set(table!, documented(body!, /([A-Z_]+): (\d+),/).map(parseCode));
  }
  const body = /^export interface (?:\w+Transitions|Reads) \{\n([\s\S]*?)^\}/m.exec(source)?.[1] ?? '';
  const transitions = documented(body, /(\w+)\(/).map(([comment = '', method = '']) => {
    const [summary = '', ...parts] = comment.split(/\s- (?=[A-Z][a-z]+: )/);
    return { method, summary: summary.trim(), parts: parts.map(parsePart) };
  });
  return { name, summary: proseOf(/^\/\*\*[\s\S]*?\*\//.exec(source)?.[0] ?? ''), transitions, tables };
}

/** Members of a body with the comment before each, in their order. */
function documented(body: string, member: RegExp): string[][] {
  const each = new RegExp(`^(  /\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?  ${member.source}`, 'gm');
  return [...body.matchAll(each)].map(([, comment = '', ...names]) => [proseOf(comment), ...names]);
}

function parseCode([comment = '', name = '', number = '']: readonly string[]): CodeDoc {
  const [means = '', caller = ''] = comment.split(/\s?Caller: /);
  return { name, number, means, caller };
}

function parsePart(part: string) {
  const colon = part.indexOf(': ');
  return { label: part.slice(0, colon), text: part.slice(colon + 2).trim() };
}

/** A comment as one line of Markdown. */
function proseOf(comment: string): string {
  const lines = comment
    .split('\n')
    .map((line) => line.replace(/^\s*(?:\/\*\*|\*(?!\/))?\s?/, '').replace(/\s*\*\/\s*$/, ''));
  return lines
    .map((line) => line.trim())
    .join(' ')
    .replace(/\s+/g, ' ')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .trim();
}

/** One line per thing that a definition does not say; `tableOf` names the code table of a method. */
export function problemsOf(group: GroupDoc, tableOf: (method: string) => string | undefined): string[] {
  const problems: string[] = [];
  for (const [table, codes] of group.tables) {
    for (const { name, means, caller } of codes) {
      if (means === '') problems.push(`${table}.${name} does not say what it means`);
      if (caller === '') problems.push(`${table}.${name} does not say what its caller does`);
    }
  }
  for (const { method, summary, parts } of group.transitions) {
    if (summary === '') problems.push(`${method} has no comment`);
    if (group.name === 'reads') continue;
    const labels = parts.map(({ label }) => label);
    if (labels.join() !== LABELS.join()) problems.push(`${method} says ${labels.join()} instead of ${LABELS.join()}`);
    const codes = group.tables.get(tableOf(method) ?? '') ?? [];
    const said = parts.filter(({ label }) => label !== 'Requires').map(({ text }) => text.replaceAll(/`[^`]*`/g, ''));
    const named = new Set(said.join(' ').match(/\b[A-Z][A-Z_]{3,}\b/g));
    for (const { name } of codes)
      if (!named.delete(name)) problems.push(`${method} does not say when it answers ${name}`);
    for (const name of named) problems.push(`${method} names ${name}, which it does not answer`);
  }
  return problems;
}

/** The page. Throws when a group has no file or folder of its name somewhere. */
function renderPage(groups: readonly GroupDoc[]): string {
  const [intro = '', ...rest] = paragraphsOf(read(`${PROTOCOL}/port.ts`));
  const parts = [
    `<!-- Made from ${PROTOCOL}/ by test/tools/protocol-page.ts: change the definitions, then run \`npm run protocol-page\`. -->`,
    '# The protocol',
    intro,
    'What must hold after every transition stands in [invariants.md](invariants.md).',
    ...rest,
    '## The life of a node',
    `\`\`\`text\n${drawingOf(read(`${PROTOCOL}/node.ts`))}\n\`\`\``,
    ...groups.flatMap(renderGroup),
  ];
  return `${parts.join('\n\n')}\n`;
}

function renderGroup(group: GroupDoc): string[] {
  const { name, summary, transitions } = group;
  const homes = [
    ['port', `${PROTOCOL}/${name}.ts`],
    ['SQLite', `libs/coordination/sqlite/${name}.ts`],
    ['Redis', `libs/coordination/redis/${name}.ts`],
    ['Lua', `lua/${name}/`],
    ['suite', `test/conformance/coordinator/${name}/`],
  ] as const;
  for (const [what, path] of homes) {
    if (!existsSync(join(ROOT, path))) throw new Error(`group ${name} has no ${what}: there is no ${path}`);
  }
  const links = homes.map(([what, path]) => `[${what}](../../${path})`).join(' · ');
  const own: readonly string[] = transitions.map(({ method }) => nameOf(method));
  const others = SCRIPTS.filter((script) => script.file.startsWith(`${name}/`) && !own.includes(script.name));
  const looks = others.map(linkOf).join(', ');
  return [
    `## ${name[0]!.toUpperCase()}${name.slice(1)}`,
    summary,
    looks === '' ? links : `${links}. In Redis a transition whose keys must be read first also runs ${looks}.`,
    ...transitions.flatMap((transition) => renderTransition(group, transition)),
  ];
}

function renderTransition({ tables }: GroupDoc, { method, summary, parts }: TransitionDoc): string[] {
  const script = SCRIPTS.find(({ name }) => name === nameOf(method));
  const codes = tables.get(tableOf(method) ?? '');
  return [
    `### ${method}`,
    `${script === undefined ? '' : `${linkOf(script)}. `}${summary}`,
    ...(parts.length === 0 ? [] : [parts.map(({ label, text }) => `- **${label}**: ${text}`).join('\n')]),
    ...(codes === undefined ? [] : [renderCodes(codes)]),
  ];
}

function renderCodes(codes: readonly CodeDoc[]): string {
  const rows = codes.map(({ number, name, means, caller }) => `| ${number} \`${name}\` | ${means} | ${caller} |`);
  return ['| code | means | the caller |', '|---|---|---|', ...rows].join('\n');
}

const linkOf = ({ name, file }: (typeof SCRIPTS)[number]): string => `[\`${name}\`](../../lua/${file})`;

/** What metrics and Lua call a transition. */
const nameOf = (method: string): string => TRANSITIONS[method as keyof Coordinator][0];

/** Paragraphs of the comment at the head of a file. A list gets its first line as a heading. */
function paragraphsOf(source: string): string[] {
  const blocks = headOf(source).join('\n').split('\n\n');
  return blocks.flatMap((block) => {
    const [first = '', ...items] = block.split('\n- ').map((text) => text.replaceAll(/\s*\n\s*/g, ' '));
    if (items.length === 0) return [first];
    return [`## ${first.replace(/:$/, '')}`, items.map((item) => `- ${item}`).join('\n')];
  });
}

/** The lines of the comment at the head of a file. */
function headOf(source: string): string[] {
  return /^\/\*\*\n([\s\S]*?)\n \*\//
    .exec(source)![1]!
    .split('\n')
    .map((line) => line.replace(/^ \* ?/, ''));
}

/** The indented lines of the comment at the head of a file. */
function drawingOf(source: string): string {
  return headOf(source)
    .flatMap((line) => (line.startsWith('    ') ? [line.slice(4)] : []))
    .join('\n');
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const tableNames = new Map<CodeTable, string>();

/** The name under which its group exports the code table of a transition. */
export function tableOf(method: string): string | undefined {
  return tableNames.get(TRANSITIONS[method as keyof Coordinator][1]);
}

/** Every group, as its file defines it. */
export async function readGroups(): Promise<GroupDoc[]> {
  const groups: GroupDoc[] = [];
  for (const name of GROUPS) {
    const path = `${PROTOCOL}/${name}.ts`;
    const exported = (await import(join(ROOT, path))) as Readonly<Record<string, unknown>>;
    for (const [each, value] of Object.entries(exported)) {
      if (each.endsWith('Code')) tableNames.set(value as CodeTable, each);
    }
    groups.push(parseGroup(name, read(path)));
  }
  return groups;
}

if (import.meta.main) {
  const groups = await readGroups();
  const problems = groups.flatMap((group) => problemsOf(group, tableOf));
  const page = renderPage(groups);
  const path = join(ROOT, PAGE);
  if (process.argv.includes('--check')) {
    const committed = existsSync(path) ? readFileSync(path, 'utf8') : '';
    if (committed !== page) problems.push(`${PAGE} is not what ${PROTOCOL}/ says: run npm run protocol-page`);
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, page);
  }
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
