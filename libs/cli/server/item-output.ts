/**
 * Writes the items of a run at a server to a file or standard output. A file is first written from the first item on under
 * a temporary name, and replaces the old file when it has all existing items; then rows are appended as they arrive. So the old
 * file stays until the new one is complete, and no row is in it twice. Nothing of the run is stored on this machine: content that
 * is not the beginning of these very rows is foreign.
 */
import { copyFile, rename, rm } from 'node:fs/promises';
import { CatenaError } from '../../errors/catena-error.ts';
import type { StoredItem } from '../../store/port.ts';
import { FileSink } from '../output/file-sink.ts';
import { unwritable } from '../output/output-error.ts';
import type { ForeignContent } from '../output/output-option.ts';
import { columnsAbove, endLine, findRows, isPrefix, type NewFormat, outputExists } from '../output/own-file.ts';
import type { RowFormat } from '../output/rows.ts';
import type { Sink } from '../output/sink.ts';

/** Items after a sequence number; with `follow` until the run is closed and all items were sent. */
export type ReadItems = (afterSeq: number, follow: boolean) => AsyncIterable<readonly StoredItem[]>;

export interface ItemOutputOptions {
  /** Absolute; undefined for a stream. */
  readonly path: string | undefined;
  /** The stream to write to if there is no path, or it is not a regular file. */
  readonly openStream: () => Promise<Sink>;
  readonly newFormat: NewFormat;
  readonly read: ReadItems;
  /** What is done with foreign content of the file. */
  readonly foreign: ForeignContent;
  /** Whether rows of the run may be in the file already. */
  readonly isOld: boolean;
}

export class ItemOutput {
  readonly #options: ItemOutputOptions;
  #rows = 0;
  #seq = 0;
  #countByType = new Map<string, number>();
  #base: number | undefined;
  /** Whether all of the file may be replaced, because this process wrote it or was told to. */
  #isOurs = false;

  constructor(options: ItemOutputOptions) {
    this.#options = options;
  }

  /** Rows in the output. */
  get rows(): number {
    return this.#rows;
  }

  get countByType(): ReadonlyMap<string, number> {
    return this.#countByType;
  }

  /** Writes until the run is closed and every item is written. A layout that may grow is complete only then. */
  async follow(closed: Promise<unknown>): Promise<void> {
    const { path } = this.#options;
    if (this.#options.newFormat(undefined).canGrow) await closed;
    if (path === undefined) return this.#followStream();
    while (!(await this.#followFile(path))) this.#begin();
  }

  /** False if rows in the file were withdrawn. */
  async #followFile(path: string): Promise<boolean> {
    const partial = `${path}.partial-${process.pid}`;
    this.#base ??= await this.#findBase(path);
    const base = this.#base;
    if (base > 0) await copyFile(path, partial);
    const sink = await FileSink.open(partial);
    try {
      await sink.cutTo(base);
      await sink.cutTo(await endLine(sink, base));
      const format = await this.#learned(await columnsAbove({ sink, base, format: this.#options.newFormat }));
      await this.#copy(sink, format, this.#options.read(0, false));
      if (!this.#isOurs) await requireBeginning(path, base, sink);
      await rename(partial, path).catch((thrown: unknown) => {
        throw unwritable(path, thrown);
      });
      this.#isOurs = true;
      await this.#copy(sink, format, this.#options.read(this.#seq, true));
      return true;
    } catch (thrown) {
      if (!isWithdrawn(thrown)) throw thrown;
      return false;
    } finally {
      await sink.close();
      await rm(partial, { force: true });
    }
  }

  /** The size of the content that stays before the rows. */
  async #findBase(path: string): Promise<number> {
    const { foreign, isOld, newFormat, read } = this.#options;
    this.#isOurs = foreign === 'overwrite';
    if (foreign !== 'append') return 0;
    const sink = await FileSink.open(path);
    try {
      const size = await sink.size();
      const format = newFormat(undefined, await columnsAbove({ sink, base: size, format: newFormat }));
      return (isOld ? await findRows(sink, format, () => read(0, false)) : undefined) ?? size;
    } finally {
      await sink.close();
    }
  }

  /** A stream cannot be cut back: withdrawn rows stay, and later rows follow them. */
  async #followStream(): Promise<void> {
    const { openStream, read } = this.#options;
    const sink = await openStream();
    const format = await this.#learned();
    try {
      await this.#copy(sink, format, read(0, true));
    } catch (thrown) {
      if (!isWithdrawn(thrown)) throw thrown;
      await this.#copy(sink, format, read(0, false));
    } finally {
      await sink.close();
    }
  }

  async #learned(columns?: readonly string[]): Promise<RowFormat> {
    const { newFormat, read } = this.#options;
    const format = newFormat(undefined, columns);
    if (format.canGrow) for await (const items of read(0, false)) format.learn(items);
    return format;
  }

  async #copy(sink: Sink, format: RowFormat, source: AsyncIterable<readonly StoredItem[]>): Promise<void> {
    for await (const read of source) {
      const items = read.filter(({ seq }) => seq > this.#seq);
      if (items.length === 0) continue;
      // Only refuses fields without a column, if the columns are those of the file.
      format.learn(items);
      const header = this.#rows === 0 ? format.header() : '';
      await sink.append(Buffer.from(header + format.rows(items)));
      this.#rows += items.length;
      this.#seq = items.at(-1)!.seq;
      for (const { type } of items) this.#countByType.set(type, (this.#countByType.get(type) ?? 0) + 1);
    }
  }

  #begin(): void {
    this.#rows = 0;
    this.#seq = 0;
    this.#countByType = new Map();
  }
}

const COMPARED_BYTES = 1_048_576;

/** Throws `cli.output_exists` unless what the file holds after `base` is the beginning of the new rows. */
async function requireBeginning(path: string, base: number, rows: Sink): Promise<void> {
  const file = await FileSink.open(path);
  try {
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = base; ; at += COMPARED_BYTES) {
        const bytes = await rows.read(at, COMPARED_BYTES);
        if (bytes.byteLength === 0) return;
        yield bytes;
      }
    };
    if (!(await isPrefix(file, base, chunks()))) throw outputExists(path, false);
  } finally {
    await file.close();
  }
}

function isWithdrawn(thrown: unknown): boolean {
  return thrown instanceof CatenaError && thrown.code === 'api.items_withdrawn';
}
