/** Imports the files that authors write: modules and extensions. It needs nothing of the library for modules. */
import { stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CatenaError } from '../../errors/catena-error.ts';
import { describeThrown } from '../../errors/thrown.ts';
import { authorFrame } from '../build/author-frame.ts';
import { installModuleHooks } from './module-hooks.ts';

const ENDINGS: readonly string[] = ['.ts', '.mts', '.js', '.mjs'];

/** The kinds of files that authors write, with the error family of each. */
export type Authored = 'module' | 'extension';

export interface AuthoredFile {
  /** Absolute. */
  readonly path: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** The exports of an author's file. Throws `not_found`, `load_failed` and `not_a_…` of the family. */
export async function importAuthored(file: string, kind: Authored): Promise<AuthoredFile> {
  const path = resolve(file);
  await requireFile(path, kind);
  installModuleHooks();
  try {
    return { path, exports: (await import(pathToFileURL(path).href)) as AuthoredFile['exports'] };
  } catch (thrown) {
    throw loadFailed(path, kind, thrown);
  }
}

async function requireFile(path: string, kind: Authored): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    const what = found === undefined ? `there is no file ${path}` : `${path} is a folder, not a file`;
    throw new CatenaError(`${kind}.not_found`, what, {
      data: { file: path },
      remedy: `give the path of the file that exports your ${kind}`,
    });
  }
  if (!ENDINGS.includes(extname(path))) {
    throw new CatenaError(
      kind === 'module' ? 'module.not_a_module' : 'extension.not_an_extension',
      `${path} is not a TypeScript or JavaScript file`,
      {
        data: { file: path },
        remedy: `${kind === 'module' ? 'a module' : 'an extension'}'s file must end in ${ENDINGS.join(', ')}`,
      },
    );
  }
}

/** An error of an author's file, with its place. */
export function loadFailed(path: string, kind: Authored, thrown: unknown): CatenaError {
  const at = authorFrame(thrown);
  const where = at === undefined ? '' : ` at ${at}`;
  const data = { file: path, ...(at === undefined ? {} : { at }) };
  if (thrown instanceof CatenaError) {
    const remedy = thrown.remedy === undefined ? {} : { remedy: thrown.remedy };
    return new CatenaError(thrown.code, `${thrown.message}${where === '' ? ` in ${path}` : where}`, {
      data: { ...thrown.data, ...data },
      cause: thrown,
      ...remedy,
    });
  }
  return new CatenaError(`${kind}.load_failed`, `${path} cannot be loaded: ${describeThrown(thrown)}${where}`, {
    cause: thrown,
    data,
    ...remedyFor(thrown, path),
  });
}

function remedyFor(thrown: unknown, path: string): { remedy?: string } {
  switch ((thrown as { code?: unknown } | undefined)?.code) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return {
        remedy:
          'types are stripped, not compiled: write enum, namespace and constructor(private x) as plain JavaScript',
      };
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return { remedy: 'TypeScript under node_modules is not run: move the file out, or compile it' };
    case 'ERR_MODULE_NOT_FOUND':
      return { remedy: `install the package beside ${basename(path)}, or write the file's full name with its ending` };
    default:
      return {};
  }
}
