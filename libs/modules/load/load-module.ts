/** Loads a module from the file in which its author wrote it. */
import { stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CatenaError } from '../../errors/catena-error.ts';
import { authorFrame } from '../build/author-frame.ts';
import { isModule, isUnimplemented } from '../build/define-module.ts';
import { describeThrown } from '../build/site.ts';
import type { ModuleDefinition } from '../contract/definition.ts';
import { installModuleHooks } from './module-hooks.ts';

const EXTENSIONS: readonly string[] = ['.ts', '.mts', '.js', '.mjs'];

/**
 * The module that a .ts or .js file exports: its default export, or the only export that is one. The path is taken
 * relative to the working directory. Throws `module.not_found`, `module.load_failed`, `module.not_a_module`,
 * `module.ambiguous`, or the `module.bad_…` of a wrong contract or implementation.
 */
export async function loadModule(file: string): Promise<ModuleDefinition> {
  const path = resolve(file);
  await requireFile(path);
  installModuleHooks();
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (thrown) {
    throw loadFailed(path, thrown);
  }
  return moduleIn(path, exports);
}

async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    const what = found === undefined ? `there is no file ${path}` : `${path} is a folder, not a file`;
    throw new CatenaError('module.not_found', what, {
      data: { file: path },
      remedy: 'give the path of the file that exports your module',
    });
  }
  if (!EXTENSIONS.includes(extname(path))) {
    throw new CatenaError('module.not_a_module', `${path} is no TypeScript or JavaScript file`, {
      data: { file: path },
      remedy: `a module's file ends in ${EXTENSIONS.join(', ')}`,
    });
  }
}

function moduleIn(path: string, exports: Readonly<Record<string, unknown>>): ModuleDefinition {
  if (isModule(exports.default)) return exports.default;
  const modules = Object.entries(exports).filter((entry): entry is [string, ModuleDefinition] => isModule(entry[1]));
  const [only] = modules;
  if (modules.length === 1 && only !== undefined) return only[1];
  const names = modules.map(([name]) => name);
  if (modules.length > 1) {
    throw new CatenaError('module.ambiguous', `${path} exports several modules: ${names.join(', ')}`, {
      data: { file: path, exports: names },
      remedy: 'make the one to run the default export',
    });
  }
  throw notAModule(path, exports);
}

function notAModule(path: string, exports: Readonly<Record<string, unknown>>): CatenaError {
  const names = Object.keys(exports);
  const unimplemented = names.find((name) => isUnimplemented(exports[name]));
  const found = names.length === 0 ? 'exports nothing' : `exports ${names.join(', ')}, and none is a module`;
  return new CatenaError('module.not_a_module', `${path} ${found}`, {
    data: { file: path, exports: names },
    remedy:
      unimplemented === undefined
        ? 'write: export default defineModule({ … }).implement({ … })'
        : `"${unimplemented}" is a contract: call .implement({ … }) on it`,
  });
}

function loadFailed(path: string, thrown: unknown): CatenaError {
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
  return new CatenaError('module.load_failed', `${path} cannot be loaded: ${describeThrown(thrown)}${where}`, {
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
