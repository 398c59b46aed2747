import type { Store } from '../../../libs/store/port.ts';
import { RUN } from './world.ts';

/** Follows a run's items behind an offset, as files do; starts over when it is told that what it has was withdrawn. */
export class Follower {
  readonly rows: string[] = [];
  #seq = 0;
  /** Whether the last look made it start over. */
  startedOver = false;

  async look(store: Store, limit: number): Promise<void> {
    this.startedOver = this.#seq > 0 && (await store.hasWithdrawnItems(RUN, this.#seq));
    if (this.startedOver) {
      this.rows.length = 0;
      this.#seq = 0;
    }
    const page = await store.readItems({ runId: RUN, afterSeq: this.#seq, limit });
    for (const { seq, data } of page) {
      if (seq <= this.#seq) throw new Error(`row ${seq} came after row ${this.#seq}`);
      this.#seq = seq;
      this.rows.push(data);
    }
  }

  /** What a reader would see that began now and read as far. */
  async expected(store: Store): Promise<string[]> {
    const all = await store.readItems({ runId: RUN, afterSeq: 0, limit: 1_000_000 });
    return all.filter(({ seq }) => seq <= this.#seq).map(({ data }) => data);
  }
}
