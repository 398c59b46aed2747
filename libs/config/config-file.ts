/** Reads a YAML file as a list of settings, each with its line. Groups may be nested or written with dots. */
import { readFileSync } from 'node:fs';
import { isAlias, isMap, isScalar, LineCounter, type ParsedNode, parseDocument } from 'yaml';

export interface FileEntry {
  /** The dotted name as written; it may be unknown. */
  readonly name: string;
  /** A scalar; anything else is described by `malformed`. */
  readonly value: unknown;
  readonly line: number;
  /** Why the value cannot be the value of a setting. */
  readonly malformed?: string;
}

export interface ConfigFile {
  readonly entries: readonly FileEntry[];
  /** Why the file, or a part of it, cannot be read; sentences. */
  readonly faults: readonly string[];
}

/** Reads a file; undefined if an optional file does not exist. Never throws. */
export function readConfigFile(path: string, required: boolean): ConfigFile | undefined {
  try {
    return parseConfig(readFileSync(path, 'utf8'));
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT') return required ? { entries: [], faults: ['the file does not exist'] } : undefined;
    return { entries: [], faults: [`the file cannot be read: ${message}`] };
  }
}

/** The entries of a YAML text. An entry without a value, as in `redis:`, counts as not set. */
export function parseConfig(text: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const faults = document.errors.map((error) => `line ${error.linePos?.[0].line ?? 1}: ${firstLine(error.message)}`);
  if (faults.length > 0) return { entries: [], faults };
  if (document.contents === null) return { entries: [], faults: [] };
  if (!isMap(document.contents)) return { entries: [], faults: ['the file is not a map of settings'] };
  const entries: FileEntry[] = [];
  collect(document.contents as ParsedNode, '', (node) => lines.linePos(node.range[0]).line, entries);
  return { entries, faults: [] };
}

function collect(node: ParsedNode, prefix: string, lineOf: (node: ParsedNode) => number, entries: FileEntry[]): void {
  if (!isMap(node)) return;
  for (const { key, value } of node.items) {
    const keyNode = key as ParsedNode;
    const name = prefix + (isScalar(keyNode) ? String(keyNode.value) : '(not a name)');
    const line = lineOf(keyNode);
    const valueNode = value as ParsedNode | null;
    if (valueNode !== null && isMap(valueNode)) collect(valueNode, `${name}.`, lineOf, entries);
    else if (valueNode === null || (isScalar(valueNode) && valueNode.value === null)) continue;
    else if (isScalar(valueNode)) entries.push({ name, value: valueNode.value, line });
    else entries.push({ name, value: undefined, line, malformed: isAlias(valueNode) ? 'an alias' : 'a list' });
  }
}

/** Only the first line of a YAML error: the lines below show the text, which may be a secret. */
function firstLine(message: string): string {
  return message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
}
