/** The extensions of the product: the one file of the engine that knows them. */
import { brandExtension } from '../../libs/brand/extension.ts';
import { type ConfigSources, extensionFiles, type LoadedConfig, valuesOf } from '../../libs/config/load-config.ts';
import type { Extension } from '../../libs/extension/extension.ts';
import { loadExtensions, requireDistinct } from '../../libs/extension/load-extensions.ts';

/** The title of the HTTP API is that of the flagship. */
export { API_TITLE } from '../../libs/brand/api/title.ts';

export const EXTENSIONS: readonly Extension[] = [brandExtension];

/** Those of the product, and those that `extensions.files` names. Rejects with `extension.…`. */
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
