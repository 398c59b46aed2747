/**
 * Writes the items of a run to a file: rows are appended, then the file's size is saved as its offset. If the process dies in
 * between, the file is longer than the offset, so it is cut back to the offset before more is appended. The file is rewritten
 * if somebody changed it, if rows in it were withdrawn, and if its layout must grow.
 */
import { failpoint } from '../../failpoints/failpoint.ts';
import type { ExportOffset, Store, StoredItem } from '../../store/port.ts';
import type { RowFormat } from './rows.ts';
import type { Sink } from './sink.ts';

export interface FollowerOptions {
  readonly store: Pick<Store, 'readItems' | 'hasWithdrawnItems' | 'findExport' | 'saveExport'>;
  readonly runId: string;
  readonly sink: Sink;
  /** Creates the format, from the layout that an earlier process saved, if it fits. */
  readonly format: (layout: string | undefined) => RowFormat;
  /** Only items of this type. */
  readonly type?: string | undefined;
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
}

/** The layout of an export, as it is saved. */
interface SavedLayout {
  readonly rows: string;
  readonly type: string;
  readonly fingerprint: string;
}

const BATCH_ROWS = 1_000;
/** After a rewrite the next one waits this many times as long as it took, so that a growing layout does not slow down the run. */
const REWRITE_PAUSE_FACTOR = 10;
const NOTHING = { seq: 0, bytes: 0, rows: 0 };

export class ItemFollower {
  readonly #options: FollowerOptions;
  #format: RowFormat;
  #at = NOTHING;
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

  /** Continues the file of an earlier process, or starts an empty one. Call it once, before anything else. */
  async open(): Promise<void> {
    const { sink } = this.#options;
    const saved = sink.isFile ? await this.#findSaved() : undefined;
    if (saved === undefined) return this.#begin();
    this.#format = this.#options.format(saved.rowsLayout);
    this.#at = saved.offset;
    this.#layoutInFile = saved.rowsLayout;
    await sink.cutTo(this.#at.bytes);
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
    const { store, runId, sink } = this.#options;
    if (this.#mustWait) await this.#rewrite();
    await this.poll(true);
    if (!sink.isFile || !(await store.hasWithdrawnItems(runId, this.#at.seq))) return;
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

  async #findSaved(): Promise<{ readonly offset: typeof NOTHING; readonly rowsLayout: string } | undefined> {
    const { store, runId, sink, type = '' } = this.#options;
    const saved = await store.findExport(runId, sink.name);
    if (saved === undefined || saved.rows === 0) return undefined;
    const layout = JSON.parse(saved.layout) as SavedLayout;
    const { seq, bytes, rows } = saved;
    if (layout.type !== type || this.#options.format(layout.rows).layout() !== layout.rows) return undefined;
    if ((await sink.fingerprint(bytes)) !== layout.fingerprint) return undefined;
    if (await store.hasWithdrawnItems(runId, seq)) return undefined;
    return { offset: { seq, bytes, rows }, rowsLayout: layout.rows };
  }

  /** Empties the file. The offset is saved first: if the process dies before the cut, the next process cuts again. */
  async #begin(): Promise<void> {
    this.#at = NOTHING;
    await this.#save();
    await this.#options.sink.cutTo(0);
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
    const header = this.#at.rows === 0 ? this.#format.header() : '';
    this.#layoutInFile = this.#format.layout();
    const bytes = Buffer.from(header + items.map((item) => this.#format.row(item)).join(''));
    await this.#options.sink.append(bytes);
    this.#at = {
      seq: items.at(-1)!.seq,
      bytes: this.#at.bytes + bytes.byteLength,
      rows: this.#at.rows + items.length,
    };
    failpoint('export.before_offset');
    await this.#save();
  }

  #read(afterSeq: number): Promise<readonly StoredItem[]> {
    const { store, runId, type } = this.#options;
    return store.readItems({ runId, afterSeq, limit: BATCH_ROWS, ...(type === undefined ? {} : { type }) });
  }

  async #save(): Promise<void> {
    const { store, runId, sink, type = '' } = this.#options;
    if (!sink.isFile) return;
    const fingerprint = (await sink.fingerprint(this.#at.bytes)) ?? '';
    const layout: SavedLayout = { rows: this.#format.layout(), type, fingerprint };
    const offset: ExportOffset = { ...this.#at, layout: JSON.stringify(layout) };
    await store.saveExport(runId, sink.name, offset);
  }
}
