/** The built-in extensions. No other file of the engine knows them. */
import { brandExtension } from '../../libs/brand/extension.ts';
import { type ConfigSources, extensionFiles, type LoadedConfig, valuesOf } from '../../libs/config/load-config.ts';
import type { Extension } from '../../libs/extension/extension.ts';
import { loadExtensions, requireDistinct } from '../../libs/extension/load-extensions.ts';
import type { ApiTitle } from '../../libs/transport/http/openapi.ts';

/** Title of the OpenAPI document: that of the built-in extension. */
export const API_TITLE: ApiTitle = {
  title: 'Catena: brand diagnosis',
  description: 'Asks AI answer engines about a brand and its rivals, and tells what they say.',
  version: '1.0.0',
};

export const EXTENSIONS: readonly Extension[] = [brandExtension];

/** Loads the built-in extensions and those that `extensions.files` names. Rejects with `extension.…`. */
export async function openExtensions(sources: ConfigSources): Promise<readonly Extension[]> {
  const files = extensionFiles(sources);
  return files.length === 0 ? EXTENSIONS : requireDistinct([...EXTENSIONS, ...(await loadExtensions(files))]);
}

/** An extension with the values of its settings. */
export interface ConfiguredExtension {
  readonly extension: Extension;
  readonly settings: Readonly<Record<string, unknown>>;
}

export function configure(extensions: readonly Extension[], loaded: LoadedConfig): readonly ConfiguredExtension[] {
  return extensions.map((extension) => ({ extension, settings: valuesOf(extension.settings ?? {}, loaded) }));
}
