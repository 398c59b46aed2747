/** Loads extensions from their authors' files. */
import { CatenaError } from '../errors/catena-error.ts';
import { type AuthoredFile, importAuthored } from '../modules/load/author-file.ts';
import { type Extension, isExtension } from './extension.ts';

/**
 * The extension of each file: its default export, or the only export that is one. Throws `extension.not_found`,
 * `extension.load_failed`, `extension.not_an_extension`, `extension.ambiguous`, and the errors of `defineExtension`.
 */
export async function loadExtensions(files: readonly string[]): Promise<readonly Extension[]> {
  const loaded: Extension[] = [];
  for (const file of files) loaded.push(extensionIn(await importAuthored(file, 'extension')));
  return loaded;
}

/** The extensions, without duplicates. Throws `extension.duplicate` for two different ones with the same name. */
export function requireDistinct(extensions: readonly Extension[]): readonly Extension[] {
  const byName = new Map<string, Extension>();
  for (const extension of extensions) {
    const { name } = extension;
    if ((byName.get(name) ?? extension) !== extension) {
      throw new CatenaError('extension.duplicate', `two different extensions are called ${name}`, {
        data: { extension: name },
        remedy: 'leave one of them out of extensions.files, or rename it',
      });
    }
    byName.set(name, extension);
  }
  return [...byName.values()];
}

function extensionIn({ path, exports }: AuthoredFile): Extension {
  if (isExtension(exports.default)) return exports.default;
  const found = Object.values(exports).filter(isExtension);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const names = Object.keys(exports);
  if (found.length > 1) {
    throw new CatenaError('extension.ambiguous', `${path} exports several extensions`, {
      data: { file: path, exports: names },
      remedy: 'make one of them the default export, and move the others to files of their own',
    });
  }
  const exported = names.length === 0 ? 'exports nothing' : `exports ${names.join(', ')}, and none is an extension`;
  throw new CatenaError('extension.not_an_extension', `${path} ${exported}`, {
    data: { file: path, exports: names },
    remedy: 'write: export default defineExtension({ … })',
  });
}
