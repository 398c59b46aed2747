/** `docs/reference/errors.md`, of the sources in which the errors are made. */
import { Status } from 'nice-grpc';
import { allSettings } from '../../../libs/config/settings.ts';
import { FAILPOINTS } from '../../../libs/failpoints/failpoint.ts';
import { codeOfStatus } from '../../../libs/transport/grpc/status-table.ts';
import { EXTENSIONS } from '../../../services/node/extensions.ts';
import { isProduct, type SourceFile } from '../../architecture/source-tree.ts';
import { type ErrorCode, errorCodesIn } from './error-codes.ts';
import { code, pageHead, table } from './markdown.ts';

const INTRODUCTION = `
Every failure is a value with a stable code, a class, a message and, for most, a remedy. Programs should rely on the code:
messages may improve. The class says whether another attempt may help:

- **retryable**: worth another attempt. A node is executed again, within its budget of retries.
- **fatal**: another attempt would fail the same way. A node becomes a dead letter.
- **depends**: the place that creates the error decides. For example, wrong output of a parser is retryable, because the next download
  may help; wrong output of another function is fatal.
- **error**, **warning**: findings about a server, when a process starts. With an error, the process does not start.

\`{name}\` stands for an inserted value, \`a / b\` for one of two. Over gRPC a code travels as the reason of \`google.rpc.ErrorInfo\`; over
HTTP it is the field \`error\`. An error of a server that is not Catena's becomes \`grpc.\` and the name of its status: ${bareStatuses()}.
Extensions and modules may also create errors, with codes of their own.
`;

export function errorsPage(files: readonly SourceFile[]): string {
  const product = files.filter(isProduct);
  const found = errorCodesIn(product);
  const unread = unreadCodes(product, found);
  if (unread.length > 0) throw new Error(`codes that cannot be read:\n  ${unread.join('\n  ')}`);
  const families = Map.groupBy(merged(found), (error) => error.code.split('.')[0]!);
  const sections = [...families].map(([family, errors]) => {
    const rows = errors.map((error) => [
      code(error.code),
      error.class,
      code(error.message),
      plain(error.remedy),
      error.paths.map((path) => `[${path.split('/').at(-1)}](../../${path})`).join(', '),
    ]);
    return `## ${code(family)}\n\n${table(['code', 'class', 'message', 'remedy', 'made in'], rows)}\n`;
  });
  return `${pageHead('Error codes', 'the sources of libs and services')}${INTRODUCTION}\n${sections.join('\n')}`;
}

interface MergedCode extends Omit<ErrorCode, 'path'> {
  readonly paths: readonly string[];
}

/** Sorted by code and file; errors that differ only in their file are one row. */
function merged(codes: readonly ErrorCode[]): MergedCode[] {
  const rows = new Map<string, MergedCode>();
  for (const { path, ...error } of [...codes].sort(byCodeAndPath)) {
    const key = JSON.stringify([error.code, error.class, error.message, error.remedy]);
    const paths = rows.get(key)?.paths ?? [];
    rows.set(key, { ...error, paths: paths.includes(path) ? paths : [...paths, path] });
  }
  return [...rows.values()];
}

function byCodeAndPath(a: ErrorCode, b: ErrorCode): number {
  const [left, right] = [`${a.code} ${a.path}`, `${b.code} ${b.path}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Strings of the product that look like codes of a known family and are none. */
const OTHER_NAMES: readonly RegExp[] = [
  // What a run's metadata keeps for the command line.
  /^cli\.(?:work|steps|item_types)$/,
  // Options of gRPC's channels and servers.
  /^grpc\.(?:service_config|enable_|max_|keepalive_|initial_|dns_min_|ssl_target_|default_authority)/,
];

/** Where a code is spelled that was read nowhere: then the page would lack it. */
export function unreadCodes(files: readonly SourceFile[], codes: readonly ErrorCode[]): string[] {
  const known = new Set<string>([
    ...codes.map((error) => error.code),
    ...Object.keys(allSettings(EXTENSIONS)),
    ...FAILPOINTS,
    ...bareStatusCodes(),
  ]);
  const families = new Set(codes.map((error) => error.code.split('.')[0]));
  return files.flatMap(({ path, tokens }) =>
    tokens.flatMap(({ kind, text, line }) => {
      const looksLikeOne = kind === 'string' && /^[a-z]+\.[a-z\d_]+$/.test(text) && families.has(text.split('.')[0]!);
      if (!looksLikeOne || known.has(text) || OTHER_NAMES.some((pattern) => pattern.test(text))) return [];
      return [`${path}:${line} spells ${text}`];
    }),
  );
}

function bareStatusCodes(): string[] {
  return Object.values(Status)
    .filter((value): value is Status => typeof value === 'number' && value !== Status.OK)
    .map(codeOfStatus)
    .sort();
}

function bareStatuses(): string {
  return bareStatusCodes().map(code).join(', ');
}

/** A remedy as prose: what stands in backquotes stays, and nothing else is markup. */
function plain(text: string): string {
  return text.replace(/`[^`]*`|[<*]/g, (found) => (found.length > 1 ? found : `\\${found}`));
}
