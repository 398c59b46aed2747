/**
 * Settings of modules. A module reads no configuration: what its extension lets it know is handed to it when it is loaded, as
 * plain JSON, so that it can be handed to another thread as well.
 */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { ModuleDefinition } from '../contract/definition.ts';

/** The values of the settings that a module may read, by their dotted names; one that is not set is undefined. */
export type ModuleSettings = Readonly<Record<string, unknown>>;

/** The settings for the module in a file; undefined of a file that belongs to no extension. */
export type SettingsForFile = (file: URL) => ModuleSettings | undefined;

/** Module files with the names of the settings that they may read. */
export interface SettingsGrant {
  readonly files: readonly URL[];
  readonly settings: readonly string[];
}

const MODULE_OF_SETTINGS = Symbol.for('catena.module_of_settings');

/** A module that is made when its settings are known. Export it from its file in place of the module. */
export interface ModuleOfSettings<Settings extends ModuleSettings = ModuleSettings> {
  /** The module over these settings; the same one for the same settings. Throws what making it throws. */
  make(settings: Settings): ModuleDefinition;
}

/**
 * Makes a module of an extension out of the settings that the extension lets it read: `export default withSettings((settings) =>
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

/** Whether a value waits for settings to become a module. */
export function isModuleOfSettings(value: unknown): value is ModuleOfSettings {
  return typeof value === 'object' && value !== null && MODULE_OF_SETTINGS in value;
}

/** Hands each file of the extensions its settings, out of all values; files are compared as they stand on disk, links followed. */
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

/** The URL of a file as it stands on disk; of one that is not there, as it is written. */
export function realHref(file: URL | string): string {
  try {
    return pathToFileURL(realpathSync(file)).href;
  } catch {
    return file instanceof URL ? file.href : pathToFileURL(file).href;
  }
}
