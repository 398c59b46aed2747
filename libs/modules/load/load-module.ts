/** Loads a module from its author's file. */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CatenaError } from '../../errors/catena-error.ts';
import { authorFrame } from '../build/author-frame.ts';
import { isModule, isUnimplemented } from '../build/define-module.ts';
import { describeThrown } from '../build/site.ts';
import type { ModuleDefinition } from '../contract/definition.ts';
import { codeDigest } from '../contract/description.ts';
import { filesOf, installModuleHooks } from './module-hooks.ts';
import { isModuleOfSettings, type ModuleOfSettings, realHref, type SettingsForFile } from './module-settings.ts';

const ENDINGS: readonly string[] = ['.ts', '.mts', '.js', '.mjs'];

/** The kinds of files that authors write, with the error family of each. */
export type Authored = 'module' | 'extension';

export interface AuthoredFile {
  /** Absolute. */
  readonly path: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

const NO_SETTINGS: SettingsForFile = () => undefined;

/**
 * The module that a .ts or .js file exports: its default export, or the only export that is one. The path is
 * relative to the working directory; `settingsFor` returns the settings that a module of an extension may read, and is called only
 * for modules made with `withSettings`. Throws `module.not_found`, `module.load_failed`, `module.not_a_module`, `module.ambiguous`, `module.no_settings`,
 * or the `module.bad_…` of a wrong contract or implementation.
 */
export async function loadModule(file: string, settingsFor: SettingsForFile = NO_SETTINGS): Promise<ModuleDefinition> {
  const { path, exports } = await importAuthored(file, 'module');
  const found = moduleIn(path, exports);
  if (isModule(found)) return withCode(found, path);
  const settings = settingsFor(new URL(realHref(path)));
  if (settings === undefined) throw noSettings(path);
  let made: ModuleDefinition;
  try {
    made = found.make(settings);
  } catch (thrown) {
    throw loadFailed(path, 'module', thrown);
  }
  if (isModule(made)) return withCode(made, path);
  throw notAModule(path, { default: made });
}

/** Notes the digest of the files that it was loaded from; files that cannot be read any more leave it unknown. */
async function withCode(module: ModuleDefinition, path: string): Promise<ModuleDefinition> {
  const own = realHref(path);
  const urls = filesOf(own);
  const read = await Promise.all(urls.map((url) => readFile(new URL(url)).catch(() => undefined)));
  if (read.includes(undefined)) return module;
  const named = urls.map((url, at) => [relative(dirname(fileURLToPath(own)), fileURLToPath(url)), read[at]!] as const);
  return Object.assign(module, { code: codeDigest(new Map(named)) });
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

type Found = ModuleDefinition | ModuleOfSettings;

const isFound = (value: unknown): value is Found => isModule(value) || isModuleOfSettings(value);

function moduleIn(path: string, exports: AuthoredFile['exports']): Found {
  if (isFound(exports.default)) return exports.default;
  const modules = Object.entries(exports).filter((entry): entry is [string, Found] => isFound(entry[1]));
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

function notAModule(path: string, exports: AuthoredFile['exports']): CatenaError {
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

function noSettings(path: string): CatenaError {
  return new CatenaError('module.no_settings', `${path} uses withSettings, but belongs to no loaded extension`, {
    data: { file: path },
    remedy: 'name the file of its extension in extensions.files, or export the module itself',
  });
}

function loadFailed(path: string, kind: Authored, thrown: unknown): CatenaError {
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
