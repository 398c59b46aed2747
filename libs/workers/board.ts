/**
 * What the main thread sees of a worker while the worker's own thread is busy: shared memory that the worker writes as it works.
 * So a worker that blocks, runs out of memory or ends still says which calls were open in it.
 *
 *     [0] beats          raised whenever the worker's event loop turns, and at each begin and end of a call
 *     [1] running        the slot whose call is on the stack, plus 1; 0 for none that is known
 *     [2 …] slots        the state of the call in each slot
 */

/** Calls that may be open in a worker at once. */
export const SLOTS = 64;

const BEATS = 0;
const RUNNING = 1;
const FIRST_SLOT = 2;

/** `posted`: sent, not begun. `recalled`: taken back before it began. */
export const SlotState = { free: 0, posted: 1, begun: 2, recalled: 3 } as const;

export class Board {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(memory = new SharedArrayBuffer((FIRST_SLOT + SLOTS) * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cells = new Int32Array(memory);
  }

  get beats(): number {
    return Atomics.load(this.#cells, BEATS);
  }

  beat(): void {
    Atomics.add(this.#cells, BEATS, 1);
  }

  /** The slot whose call is on the stack; undefined if none is, or if it cannot be told. */
  get running(): number | undefined {
    const marked = Atomics.load(this.#cells, RUNNING);
    return marked === 0 ? undefined : marked - 1;
  }

  /** Says whose code runs from now on; undefined: nobody's that is known. */
  mark(slot: number | undefined): void {
    Atomics.store(this.#cells, RUNNING, slot === undefined ? 0 : slot + 1);
    this.beat();
  }

  post(slot: number): void {
    Atomics.store(this.#cells, FIRST_SLOT + slot, SlotState.posted);
  }

  /** Whether the call may begin: it was not recalled. */
  begin(slot: number): boolean {
    return this.#change(slot, SlotState.posted, SlotState.begun);
  }

  /** Whether the call was taken back before it began. */
  recall(slot: number): boolean {
    return this.#change(slot, SlotState.posted, SlotState.recalled);
  }

  hasBegun(slot: number): boolean {
    return Atomics.load(this.#cells, FIRST_SLOT + slot) === SlotState.begun;
  }

  free(slot: number): void {
    Atomics.store(this.#cells, FIRST_SLOT + slot, SlotState.free);
  }

  #change(slot: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#cells, FIRST_SLOT + slot, from, to) === from;
  }
}
