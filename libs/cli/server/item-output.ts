/**
 * Writes the items of a run at a server to a file or standard output. A file is first written from the first item on under
 * a temporary name, and replaces the old file when it has all existing items; then rows are appended as they arrive. So the old
 * file stays until the new one is complete, and no row is in it twice.
 */
import { rename, rm } from 'node:fs/promises';
import { CatenaError } from '../../errors/catena-error.ts';
import type { StoredItem } from '../../store/port.ts';
import { FileSink } from '../output/file-sink.ts';
import { unwritable } from '../output/output-error.ts';
import type { RowFormat } from '../output/rows.ts';
import type { Sink } from '../output/sink.ts';

/** Items after a sequence number; with `follow` until the run is closed and all items were sent. */
export type ReadItems = (afterSeq: number, follow: boolean) => AsyncIterable<readonly StoredItem[]>;

export interface ItemOutputOptions {
  /** Absolute; undefined for a stream. */
  readonly path: string | undefined;
  /** The stream to write to if there is no path, or it is not a regular file. */
  readonly openStream: () => Promise<Sink>;
  readonly newFormat: () => RowFormat;
  readonly read: ReadItems;
}

export class ItemOutput {
  readonly #options: ItemOutputOptions;
  #rows = 0;
  #seq = 0;
  #countByType = new Map<string, number>();

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
    if (this.#options.newFormat().canGrow) await closed;
    if (path === undefined) return this.#followStream();
    while (!(await this.#followFile(path))) this.#begin();
  }

  /** False if rows in the file were withdrawn. */
  async #followFile(path: string): Promise<boolean> {
    const partial = `${path}.partial-${process.pid}`;
    const sink = await FileSink.open(partial);
    try {
      await sink.cutTo(0);
      const format = await this.#learned();
      await this.#copy(sink, format, this.#options.read(0, false));
      await rename(partial, path).catch((thrown: unknown) => {
        throw unwritable(path, thrown);
      });
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

  async #learned(): Promise<RowFormat> {
    const { newFormat, read } = this.#options;
    const format = newFormat();
    if (format.canGrow) for await (const items of read(0, false)) format.learn(items);
    return format;
  }

  async #copy(sink: Sink, format: RowFormat, source: AsyncIterable<readonly StoredItem[]>): Promise<void> {
    for await (const read of source) {
      const items = read.filter(({ seq }) => seq > this.#seq);
      if (items.length === 0) continue;
      const header = this.#rows === 0 ? format.header() : '';
      await sink.append(Buffer.from(header + items.map((item) => format.row(item)).join('')));
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

function isWithdrawn(thrown: unknown): boolean {
  return thrown instanceof CatenaError && thrown.code === 'api.items_withdrawn';
}
