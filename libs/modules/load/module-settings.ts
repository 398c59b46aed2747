/**
 * Settings of modules. A module reads no configuration: it receives the settings that its extension lets it read when it is
 * loaded, as plain JSON, so that they can also be sent to another thread.
 */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { ModuleDefinition } from '../contract/definition.ts';

/** The values of the settings that a module may read, by dotted name; undefined if a setting is not set. */
export type ModuleSettings = Readonly<Record<string, unknown>>;

/** Returns the settings for the module in a file; undefined for a file that belongs to no extension. */
export type SettingsForFile = (file: URL) => ModuleSettings | undefined;

/** Module files with the names of the settings that they may read. */
export interface SettingsGrant {
  readonly files: readonly URL[];
  readonly settings: readonly string[];
}

const MODULE_OF_SETTINGS = Symbol.for('catena.module_of_settings');

/** A module that is created when its settings are known. Export it from its file instead of the module. */
export interface ModuleOfSettings<Settings extends ModuleSettings = ModuleSettings> {
  /** The module for these settings; the same one for the same settings. Throws the errors of its creation. */
  make(settings: Settings): ModuleDefinition;
}

/**
 * Creates a module of an extension from the settings that the extension lets it read: `export default withSettings((settings) =>
 * defineModule({ … }).implement({ … }))`. The settings are plain JSON by their dotted names, `settings['greeting.word']`. A file
 * that belongs to no extension has no settings, and cannot be loaded with this.
 */
export function withSettings<Settings extends ModuleSettings>(
  make: (settings: Settings) => ModuleDefinition,
): ModuleOfSettings<Settings> {
  const made = new Map<string, ModuleDefinition>();
  return Object.defineProperty(
    {
      make(settings: Settings): ModuleDefinition {
        const key = JSON.stringify(settings);
        const module = made.get(key) ?? make(settings);
        made.set(key, module);
        return module;
      },
    },
    MODULE_OF_SETTINGS,
    { value: true },
  );
}

/** Whether a value needs settings to become a module. */
export function isModuleOfSettings(value: unknown): value is ModuleOfSettings {
  return typeof value === 'object' && value !== null && MODULE_OF_SETTINGS in value;
}

/** Returns the settings for each file of the extensions, from all values; paths are compared after resolving links. */
export function settingsForFiles(
  extensions: readonly { readonly modules?: SettingsGrant }[],
  values: () => Readonly<Record<string, unknown>>,
): SettingsForFile {
  return ({ href }) => {
    const grant = extensions.find(({ modules }) => modules?.files.some((file) => realHref(file) === href))?.modules;
    if (grant === undefined) return undefined;
    const all = values();
    return Object.freeze(Object.fromEntries(grant.settings.map((name) => [name, all[name]])));
  };
}

/** The URL of a file with its links resolved; of a missing file, the URL as written. */
export function realHref(file: URL | string): string {
  try {
    return pathToFileURL(realpathSync(file)).href;
  } catch {
    return file instanceof URL ? file.href : pathToFileURL(file).href;
  }
}
