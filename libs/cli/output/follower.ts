/**
 * Writes the items of a run to a file: rows are appended, then the file's size is saved as its offset. If the process dies in
 * between, the file is longer than the offset, so it is cut back to the offset before more is appended. The file is rewritten
 * if rows in it were withdrawn, and if its layout must grow.
 */
import { failpoint } from '../../failpoints/failpoint.ts';
import type { ExportOffset, Store, StoredItem } from '../../store/port.ts';
import { type Claim, columnsAbove, endLine, type NewFormat, type SavedLayout } from './own-file.ts';
import type { RowFormat } from './rows.ts';
import type { Sink } from './sink.ts';

export interface FollowerOptions {
  readonly store: Pick<Store, 'readItems' | 'hasWithdrawnItems' | 'saveExport'>;
  readonly runId: string;
  readonly sink: Sink;
  readonly format: NewFormat;
  /** Only items of this type. */
  readonly type?: string | undefined;
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
}

const BATCH_ROWS = 1_000;
/** After a rewrite the next one waits this many times as long as it took, so that a growing layout does not slow down the run. */
const REWRITE_PAUSE_FACTOR = 10;
const NOTHING = { seq: 0, rows: 0 };

export class ItemFollower {
  readonly #options: FollowerOptions;
  #format: RowFormat;
  #at = { ...NOTHING, bytes: 0 };
  /** Bytes before the first row, which are not ours. */
  #base = 0;
  #replaces: SavedLayout['before'];
  /** The layout of the rows in the file. */
  #layoutInFile = '';
  #nextRewriteAtMs = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#format = options.format(undefined);
  }

  /** Rows in the file. */
  get rows(): number {
    return this.#at.rows;
  }

  /** Continues the file of an earlier process, or begins it, as it was claimed. Call it once, before anything else. */
  async open(claim: Claim): Promise<void> {
    const { sink, format } = this.#options;
    if (claim.kind === 'begin') {
      this.#base = await endLine(sink, claim.base);
      this.#format = format(undefined, await columnsAbove({ sink, base: this.#base, format }));
      return this.#begin();
    }
    const { layout, ...offset } = claim.saved;
    const { base = 0, rows } = layout;
    this.#base = base;
    this.#format = format(rows, await columnsAbove({ sink, base, format }));
    if (this.#format.layout() !== rows || (await this.#hasWithdrawn(offset.seq))) return this.#begin();
    this.#at = offset;
    this.#layoutInFile = rows;
    await sink.cutTo(offset.bytes);
  }

  /** Appends the items that were committed since. `isLast`: all of them, however long a rewrite takes. */
  async poll(isLast = false): Promise<void> {
    if (this.#mustWait && !isLast) return;
    for (;;) {
      const items = await this.#read(this.#at.seq);
      if (items.length === 0) return;
      this.#format.learn(items);
      if (!this.#fits) {
        if (!isLast && this.#options.monotonicMs() < this.#nextRewriteAtMs) return;
        await this.#rewrite();
        continue;
      }
      await this.#append(items);
      if (items.length < BATCH_ROWS) return;
    }
  }

  /** Writes the rest after the run has ended or was stopped; then the file contains exactly the visible items. */
  async finish(): Promise<void> {
    const { sink } = this.#options;
    if (this.#mustWait) await this.#rewrite();
    await this.poll(true);
    if (!sink.isFile || !(await this.#hasWithdrawn(this.#at.seq))) return;
    await this.#rewrite();
    await this.poll(true);
  }

  /** A stream cannot be rewritten, so it is written when the whole layout is known. */
  get #mustWait(): boolean {
    return !this.#options.sink.isFile && this.#format.canGrow;
  }

  /** Whether the rows in the file have the layout of the rows to come. */
  get #fits(): boolean {
    return this.#at.rows === 0 || this.#format.layout() === this.#layoutInFile;
  }

  /**
   * Removes the rows. The offset is saved first: if the process dies before the cut, the next process cuts again, and knows the
   * rows by what is noted about them.
   */
  async #begin(): Promise<void> {
    const { sink } = this.#options;
    const bytes = await sink.size();
    this.#replaces = bytes > this.#base ? { bytes, fingerprint: (await sink.fingerprint(bytes)) ?? '' } : undefined;
    this.#at = { ...NOTHING, bytes: this.#base };
    await this.#save();
    await sink.cutTo(this.#base);
  }

  /** Reads the layout of all items, so that one rewrite is enough, then starts from the first item. */
  async #rewrite(): Promise<void> {
    const startedAtMs = this.#options.monotonicMs();
    for (let items = await this.#read(0); items.length > 0; items = await this.#read(items.at(-1)!.seq)) {
      this.#format.learn(items);
    }
    await this.#begin();
    for (let items = await this.#read(0); items.length > 0; items = await this.#read(this.#at.seq)) {
      this.#format.learn(items);
      if (!this.#fits) break;
      await this.#append(items);
    }
    const endedAtMs = this.#options.monotonicMs();
    this.#nextRewriteAtMs = endedAtMs + REWRITE_PAUSE_FACTOR * (endedAtMs - startedAtMs);
  }

  async #append(items: readonly StoredItem[]): Promise<void> {
    const layout = this.#format.layout();
    // So that rows are recognised by it, if the process dies before their offset is saved.
    if (layout !== this.#layoutInFile) await this.#save();
    this.#layoutInFile = layout;
    const header = this.#at.rows === 0 ? this.#format.header() : '';
    const bytes = Buffer.from(header + this.#format.rows(items));
    await this.#options.sink.append(bytes);
    this.#at = {
      seq: items.at(-1)!.seq,
      bytes: this.#at.bytes + bytes.byteLength,
      rows: this.#at.rows + items.length,
    };
    this.#replaces = undefined;
    failpoint('export.before_offset');
    await this.#save();
  }

  #read(afterSeq: number): Promise<readonly StoredItem[]> {
    const { store, runId, type } = this.#options;
    const withReplaced = this.#format.hasRevisions;
    const ofType = type === undefined ? {} : { type };
    return store.readItems({ runId, afterSeq, limit: BATCH_ROWS, withReplaced, ...ofType });
  }

  #hasWithdrawn(upToSeq: number): Promise<boolean> {
    const { store, runId } = this.#options;
    return store.hasWithdrawnItems(runId, upToSeq, this.#format.hasRevisions);
  }

  async #save(): Promise<void> {
    const { store, runId, sink, type = '' } = this.#options;
    if (!sink.isFile) return;
    const layout: SavedLayout = {
      rows: this.#format.layout(),
      type,
      fingerprint: (await sink.fingerprint(this.#at.bytes)) ?? '',
      base: this.#base,
      writtenAtMs: await sink.changedAtMs(),
      ...(this.#replaces === undefined ? {} : { before: this.#replaces }),
    };
    const offset: ExportOffset = { ...this.#at, layout: JSON.stringify(layout) };
    await store.saveExport(runId, sink.name, offset);
  }
}
