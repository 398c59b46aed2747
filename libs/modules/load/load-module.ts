/** Loads a module from its author's file. */
import { readFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CatenaError } from '../../errors/catena-error.ts';
import { isModule, isUnimplemented } from '../build/define-module.ts';
import type { ModuleDefinition } from '../contract/definition.ts';
import { codeDigest } from '../contract/description.ts';
import { type AuthoredFile, importAuthored, loadFailed } from './author-file.ts';
import { filesOf } from './module-hooks.ts';
import { isModuleOfSettings, type ModuleOfSettings, realHref, type SettingsForFile } from './module-settings.ts';

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
