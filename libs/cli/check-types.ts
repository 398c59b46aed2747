/** Runs the type checker on one module in any folder: `catena` is this library, and `zod` is ours if the author has none. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CatenaError } from '../errors/catena-error.ts';

const OWN_ROOT = resolve(import.meta.dirname, '../..');
// The compiler resolves a given path literally: in the built package it must name the declarations.
const ENDING = extname(import.meta.filename) === '.ts' ? '.ts' : '.d.ts';
const OURS = {
  catena: [join(OWN_ROOT, `libs/modules/index${ENDING}`)],
  'catena/extension': [join(OWN_ROOT, `libs/extension/index${ENDING}`)],
};

/** The type errors, as `file:line:column: message (code)`; empty if there are none. Throws `cli.no_type_checker`. */
export async function checkTypes(file: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'catena-check-'));
  try {
    const project = join(folder, 'tsconfig.json');
    await writeFile(project, JSON.stringify(projectFor(resolve(file))));
    return readErrors(await runCompiler(project), folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function projectFor(file: string): object {
  const require = createRequire(import.meta.url);
  const types = packageFolder(require, '@types/node');
  return {
    compilerOptions: {
      target: 'es2024',
      lib: ['es2024', 'esnext.array', 'esnext.disposable', 'esnext.iterator'],
      // Every file is an ES module, as at run time, whatever the nearest package.json says.
      module: 'preserve',
      moduleResolution: 'bundler',
      noEmit: true,
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
      allowImportingTsExtensions: true,
      allowJs: true,
      checkJs: true,
      skipLibCheck: true,
      types: types === undefined ? [] : ['node'],
      ...(types === undefined ? {} : { typeRoots: [dirname(types)] }),
      paths: { ...OURS, ...ownZod(file, require) },
    },
    files: [file],
  };
}

/** The author's own zod takes precedence, as at run time. */
function ownZod(file: string, require: NodeJS.Require): object {
  if (packageFolder(createRequire(file), 'zod') !== undefined) return {};
  const zod = packageFolder(require, 'zod');
  return zod === undefined ? {} : { zod: [join(zod, 'index.d.ts')], 'zod/*': [join(zod, '*')] };
}

function packageFolder(require: NodeJS.Require, name: string): string | undefined {
  for (const folder of require.resolve.paths(name) ?? []) {
    if (existsSync(join(folder, name, 'package.json'))) return join(folder, name);
  }
  return undefined;
}

interface CompilerFailure {
  readonly code?: unknown;
  readonly stdout?: string;
  readonly stderr?: string;
}

async function runCompiler(project: string): Promise<string> {
  const folder = packageFolder(createRequire(import.meta.url), 'typescript');
  if (folder === undefined) {
    throw new CatenaError('cli.no_type_checker', 'the package `typescript` is not installed', {
      remedy: 'install it in the project that uses catena',
    });
  }
  const args = [join(folder, 'bin/tsc'), '--project', project, '--pretty', 'false'];
  try {
    return (await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (thrown) {
    const { code, stdout = '', stderr = '' } = thrown as CompilerFailure;
    if (typeof code === 'number' && stdout !== '') return stdout;
    throw new CatenaError('cli.no_type_checker', `the type checker failed to start: ${stderr || String(thrown)}`, {
      cause: thrown,
    });
  }
}

const ERROR_LINE = /^(.+?)\((\d+),(\d+)\): error (TS\d+): (.*)$/;

/** One text per error, with the lines that explain it. Errors in this library's own files are left out. */
export function readErrors(output: string, base: string): string[] {
  const errors: string[] = [];
  let isOurs = false;
  for (const line of output.split(/\r?\n/)) {
    const [, path, row, column, code, message] = ERROR_LINE.exec(line) ?? [];
    if (path !== undefined) {
      const absolute = resolve(process.cwd(), path);
      isOurs = absolute.startsWith(join(OWN_ROOT, 'libs'));
      const shown = relative(process.cwd(), absolute);
      if (!isOurs) errors.push(`${shown}:${row}:${column}: ${message} (${code})`);
    } else if (/^\s+\S/.test(line) && errors.length > 0 && !isOurs) {
      errors[errors.length - 1] += `\n${line}`;
    } else if (line.startsWith('error ')) {
      errors.push(line.replaceAll(base, ''));
    }
  }
  return errors;
}
