/** Nothing is there in name only: a setting that nobody reads, a field of a message that nobody fills or reads. */
import { isProduct, type SourceFile } from './source-tree.ts';

/**
 * Settings whose name no code outside of the configuration mentions. A name of one word, such as `url`, is looked for in files that
 * mention its group too; a longer one anywhere, because a group may be passed on whole.
 */
export function unreadSettings(files: readonly SourceFile[], keys: readonly string[]): string[] {
  const readers = files.filter(isProduct).filter(({ path }) => !path.startsWith('libs/config/'));
  const words = readers.map(wordsOf);
  return keys.filter((key) => {
    const parts = key.split('.').map(camelCase);
    const wanted = key.includes('_') ? parts.slice(-1) : parts;
    return !words.some((of) => wanted.every((part) => of.has(part)));
  });
}

/** Messages that are a part of the contract, though nothing here sends or takes them: programs of others may. */
const FOR_OTHERS: ReadonlySet<string> = new Set(['UnifiedTaskInput']);

/** Fields of the messages in `proto/` that no code names. */
export function unusedFields(files: readonly SourceFile[]): string[] {
  const used = new Set(files.filter(isProduct).flatMap((file) => [...wordsOf(file)]));
  return files
    .filter(({ path }) => path.startsWith('proto/catena/') && path.endsWith('.proto'))
    .flatMap(({ path, text }) =>
      fieldsOf(text).flatMap((field) => (used.has(camelCase(field)) ? [] : `${path}: ${field}`)),
    );
}

/** `type name = number;`, also in a `oneof`; a value of an enum has no type. */
const FIELD = /^\s*(?:repeated\s+|optional\s+)?(?:map<[^>]*>|[\w.]+)\s+(\w+)\s*=\s*\d+\s*[;[]/;

function fieldsOf(proto: string): string[] {
  let message = '';
  return proto.split('\n').flatMap((line) => {
    message = /^message (\w+)/.exec(line)?.[1] ?? message;
    return FOR_OTHERS.has(message) ? [] : (FIELD.exec(line)?.[1] ?? []);
  });
}

function wordsOf({ tokens }: SourceFile): ReadonlySet<string> {
  return new Set(tokens.flatMap(({ kind, text }) => (kind === 'word' ? [text] : [])));
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
