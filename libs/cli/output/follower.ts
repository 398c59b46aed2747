/**
 * A file follows the items of a run behind a stored offset: rows are appended, then the offset is saved. A process that
 * dies in between leaves rows behind the offset, so a file is cut back to its offset before it goes on. It is written anew
 * when it is not the file that was left, when rows were withdrawn that stand in it, and when its layout had to grow.
 */
import { failpoint } from '../../failpoints/failpoint.ts';
import type { ExportOffset, Store, StoredItem } from '../../store/port.ts';
import type { RowFormat } from './rows.ts';
import type { Sink } from './sink.ts';

export interface FollowerOptions {
  readonly store: Pick<Store, 'readItems' | 'hasWithdrawnItems' | 'findExport' | 'saveExport'>;
  readonly runId: string;
  readonly sink: Sink;
  /** Makes the format, from the layout that an earlier process left if it fits. */
  readonly format: (layout: string | undefined) => RowFormat;
  /** Only items of this type. */
  readonly type?: string | undefined;
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
}

/** What is saved as the layout of an export. */
interface SavedLayout {
  readonly rows: string;
  readonly type: string;
  readonly fingerprint: string;
}

const BATCH_ROWS = 1_000;
/** After a rewrite the next one waits this many times as long as it took: a layout that keeps growing must not eat the run. */
const REWRITE_PAUSE_FACTOR = 10;
const NOTHING = { seq: 0, bytes: 0, rows: 0 };

export class ItemFollower {
  readonly #options: FollowerOptions;
  #format: RowFormat;
  #at = NOTHING;
  /** The layout of the rows that stand in the file. */
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

  /** Takes up what an earlier process left, or begins an empty file. To be called once, before anything else. */
  async open(): Promise<void> {
    const { sink } = this.#options;
    const saved = sink.isFile ? await this.#findSaved() : undefined;
    if (saved === undefined) return this.#begin();
    this.#format = this.#options.format(saved.rowsLayout);
    this.#at = saved.offset;
    this.#layoutInFile = saved.rowsLayout;
    await sink.cutTo(this.#at.bytes);
  }

  /** Appends what was committed since. `isLast`: everything, however long a rewrite takes. */
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

  /** The rest, once the run has ended or was stopped; afterwards the file holds exactly the visible items. */
  async finish(): Promise<void> {
    const { store, runId, sink } = this.#options;
    if (this.#mustWait) await this.#rewrite();
    await this.poll(true);
    if (!sink.isFile || !(await store.hasWithdrawnItems(runId, this.#at.seq))) return;
    await this.#rewrite();
    await this.poll(true);
  }

  /** What cannot be written anew is written when the whole layout is known. */
  get #mustWait(): boolean {
    return !this.#options.sink.isFile && this.#format.canGrow;
  }

  /** Whether the rows in the file are of the layout that rows to come have. */
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

  /** An empty file. The offset goes first: should the process die before the cut, the next one cuts again. */
  async #begin(): Promise<void> {
    this.#at = NOTHING;
    await this.#save();
    await this.#options.sink.cutTo(0);
  }

  /** Learns the layout of everything there is, so that one rewrite is enough, then begins anew. */
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
