/**
 * Decides whether the content of an output file may be replaced: only rows that Catena wrote itself and that the store still has.
 * It counts as that if an offset in the store matches it, or if it is the beginning of the rows that are about to be written.
 */
import { realpath } from 'node:fs/promises';
import { CatenaError } from '../../errors/catena-error.ts';
import type { ExportOffset, Store, StoredItem } from '../../store/port.ts';
import { firstLine } from './csv-lines.ts';
import type { ForeignContent } from './output-option.ts';
import type { RowFormat } from './rows.ts';
import type { Sink } from './sink.ts';

/** The layout of an export, as it is saved. */
export interface SavedLayout {
  readonly rows: string;
  readonly type: string;
  /** A hash of the last bytes before the offset. */
  readonly fingerprint: string;
  /** Bytes that stood in the file before the first row; absent: none. */
  readonly base?: number;
  /** When the file was last written, in Unix milliseconds. */
  readonly writtenAtMs?: number;
  /** The rows that are about to be replaced by a rewrite. */
  readonly before?: { readonly bytes: number; readonly fingerprint: string };
}

/** An offset with its layout. */
export interface SavedExport extends Omit<ExportOffset, 'layout'> {
  readonly layout: SavedLayout;
}

export function readExport({ layout, ...offset }: ExportOffset): SavedExport {
  return { ...offset, layout: JSON.parse(layout) as SavedLayout };
}

/** How a file is taken up. */
export type Claim =
  /** It continues at the offset that was saved. */
  | { readonly kind: 'continue'; readonly saved: SavedExport }
  /** Rows begin after `base` bytes, which stay; what follows them is replaced. */
  | { readonly kind: 'begin'; readonly base: number; readonly replaced?: string };

export interface FileToClaim {
  readonly sink: Sink;
  readonly store: Pick<Store, 'findExport' | 'readItems' | 'listRuns' | 'countItems'>;
  /** Undefined for a new run. */
  readonly runId: string | undefined;
  readonly type: string | undefined;
  readonly foreign: ForeignContent;
  readonly format: NewFormat;
}

/**
 * Creates the format of a file: from the layout that an earlier process saved, if it fits, and under the columns of the file if
 * rows are appended to it.
 */
export type NewFormat = (layout: string | undefined, columns?: readonly string[]) => RowFormat;

/** Throws `cli.output_exists` if the file holds something else; nothing is changed then. A stream is never refused. */
export async function claimFile(file: FileToClaim): Promise<Claim> {
  const { sink, store, runId, foreign } = file;
  const size = await sink.size();
  const saved = runId === undefined || !sink.isFile ? undefined : await store.findExport(runId, sink.name);
  const claim = saved === undefined ? undefined : await claimOwn(file, size, readExport(saved));
  if (claim !== undefined) return claim;
  if (size === 0 || foreign === 'overwrite') return { kind: 'begin', base: 0 };
  if (foreign === 'append') return { kind: 'begin', base: size };
  const earlier = await earlierRun(file, size);
  if (earlier !== undefined) return { kind: 'begin', base: 0, replaced: earlier };
  throw outputExists(sink.name, saved !== undefined);
}

export function outputExists(path: string, wasWritten: boolean): CatenaError {
  const what = wasWritten
    ? `${path} was changed since Catena wrote it`
    : `${path} exists, and its content is not from this run`;
  return new CatenaError('cli.output_exists', `${what}: nothing was written`, {
    data: { path },
    remedy: 'add --append to keep it and write after it, or --overwrite to replace it, or name another file',
  });
}

/** A file of this run; undefined if it holds more than that, or something else. */
async function claimOwn(file: FileToClaim, size: number, saved: SavedExport): Promise<Claim | undefined> {
  const { sink, type = '' } = file;
  const { bytes, rows, layout } = saved;
  const { base = 0, before } = layout;
  if (size < base) return undefined;
  if (layout.type === type && rows > 0 && (await sink.fingerprint(bytes)) === layout.fingerprint) {
    // Rows whose offset was not saved any more.
    if (await isBeginning(file, { from: bytes, afterSeq: saved.seq, base, layout: layout.rows })) {
      return { kind: 'continue', saved };
    }
    return undefined;
  }
  const isOld = async ({ bytes: end, fingerprint }: NonNullable<SavedLayout['before']>): Promise<boolean> =>
    size === end && (await sink.fingerprint(end)) === fingerprint;
  const isOurs =
    (before !== undefined && (await isOld(before))) ||
    (rows > 0 && (await isOld({ bytes, fingerprint: layout.fingerprint }))) ||
    (await isBeginning(file, { from: base, afterSeq: 0, base, layout: layout.rows }));
  return isOurs ? { kind: 'begin', base } : undefined;
}

const BATCH_ROWS = 1_000;

interface RowsToCompare {
  readonly from: number;
  readonly afterSeq: number;
  readonly base: number;
  readonly layout: string;
}

/** Whether the bytes of the file from here on are the beginning of the run's rows after a sequence number. */
async function isBeginning(
  { sink, store, runId, type, format }: FileToClaim,
  { from, afterSeq, base, layout }: RowsToCompare,
): Promise<boolean> {
  const rowFormat = format(layout, await columnsAbove({ sink, base, format }));
  const rows = async function* (): AsyncGenerator<string> {
    for (let after = afterSeq; ; ) {
      const items = await store.readItems({
        ...{ runId: runId!, afterSeq: after, limit: BATCH_ROWS, withReplaced: rowFormat.hasRevisions },
        ...(type === undefined ? {} : { type }),
      });
      if (items.length === 0) return;
      yield (after === 0 ? rowFormat.header() : '') + rowFormat.rows(items);
      after = items.at(-1)!.seq;
    }
  };
  return isPrefix(sink, from, rows());
}

/** Whether the bytes of a file from here on are the beginning of these texts. */
export async function isPrefix(sink: Sink, from: number, texts: AsyncIterable<string | Uint8Array>): Promise<boolean> {
  const size = await sink.size();
  let at = from;
  if (at >= size) return true;
  for await (const text of texts) {
    const bytes =
      typeof text === 'string' ? Buffer.from(text) : Buffer.from(text.buffer, text.byteOffset, text.byteLength);
    const found = await sink.read(at, Math.min(bytes.byteLength, size - at));
    if (!bytes.subarray(0, found.byteLength).equals(found)) return false;
    at += found.byteLength;
    if (at >= size) return true;
  }
  return false;
}

/** More than any line with the names of columns. */
const HEAD_BYTES = 65_536;

/** The columns of a CSV file to whose own content rows are appended; undefined if all of its content is ours. */
export async function columnsAbove({
  sink,
  base,
  format,
}: Pick<FileToClaim, 'sink' | 'format'> & { readonly base: number }): Promise<readonly string[] | undefined> {
  if (base === 0 || !format(undefined).canGrow) return undefined;
  const columns = firstLine(Buffer.from(await sink.read(0, Math.min(base, HEAD_BYTES))).toString());
  if (columns !== undefined) return columns;
  throw new CatenaError('cli.bad_output', `${sink.name} does not begin with the names of its columns`, {
    data: { path: sink.name },
    remedy: 'write to another file, or to .jsonl',
  });
}

/** How many of the newest runs are asked whether they wrote a file. */
const ASKED_RUNS = 200;

/**
 * The run that wrote the whole file, if nobody changed it since and the store still has all its rows; undefined otherwise.
 */
async function earlierRun({ sink, store, runId }: FileToClaim, size: number): Promise<string | undefined> {
  if (!sink.isFile) return undefined;
  for (const run of await store.listRuns({ limit: ASKED_RUNS })) {
    const offset = run.runId === runId ? undefined : await store.findExport(run.runId, sink.name);
    if (offset === undefined) continue;
    const { bytes, rows, layout } = readExport(offset);
    if ((layout.base ?? 0) > 0 || rows === 0 || bytes !== size) continue;
    if (layout.writtenAtMs !== (await sink.changedAtMs())) continue;
    if ((await sink.fingerprint(bytes)) !== layout.fingerprint) continue;
    if ((await store.countItems(run.runId)) >= rows) return run.runId;
  }
  return undefined;
}

/** The rows of all items as texts, for {@link isPrefix}. */
export async function* textsOf(
  format: RowFormat,
  source: AsyncIterable<readonly StoredItem[]>,
): AsyncGenerator<string> {
  let isFirst = true;
  for await (const items of source) {
    yield (isFirst ? format.header() : '') + format.rows(items);
    isFirst = false;
  }
}

const LINE_FEED = 0x0a;

/** Ends the last line of a file of this size, and returns its size then. */
export async function endLine(sink: Sink, size: number): Promise<number> {
  if (size === 0 || (await sink.read(size - 1, 1))[0] === LINE_FEED) return size;
  await sink.cutTo(size);
  await sink.append(Uint8Array.of(LINE_FEED));
  return size + 1;
}

/** The file that a path leads to, so that a symbolic link is not replaced by a file. */
export async function targetOf(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/** Bytes that are searched at once. */
const SEARCHED_BYTES = 1_048_576;

/**
 * The position, at the beginning of a line, from which on a file holds nothing but the beginning of these rows; undefined if
 * there is none.
 */
export async function findRows(
  sink: Sink,
  format: RowFormat,
  source: () => AsyncIterable<readonly StoredItem[]>,
): Promise<number | undefined> {
  const first = await firstRow(format, source());
  if (first === undefined) return undefined;
  const size = await sink.size();
  for (let at = 0; at < size; at += SEARCHED_BYTES) {
    // With the line feed before, and the beginning of a row that continues in the next bytes.
    const from = Math.max(0, at - 1);
    const bytes = Buffer.from(await sink.read(from, SEARCHED_BYTES + 1 + first.byteLength));
    for (const start of lineStarts(bytes, from === 0)) {
      if (start >= at - from + SEARCHED_BYTES) break;
      const found = bytes.subarray(start, start + first.byteLength);
      if (found.byteLength === 0 || !first.subarray(0, found.byteLength).equals(found)) continue;
      if (await isPrefix(sink, from + start, textsOf(format, source()))) return from + start;
    }
  }
  return undefined;
}

async function firstRow(format: RowFormat, source: AsyncIterable<readonly StoredItem[]>): Promise<Buffer | undefined> {
  for await (const [item] of source) if (item !== undefined) return Buffer.from(format.rows([item]));
  return undefined;
}

function* lineStarts(bytes: Buffer, isBeginning: boolean): Generator<number> {
  if (isBeginning) yield 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) yield at + 1;
}
