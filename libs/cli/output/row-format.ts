import type { StoredItem } from '../../store/port.ts';

/** How items become lines of a file. */
export interface RowFormat {
  /** Whether rows to come may need a layout that rows already written do not fit. */
  readonly canGrow: boolean;
  /** What stands before the first row. */
  header(): string;
  /** Takes note of what these rows need: the layout may grow, and rows written before do not fit it any more. */
  learn(items: readonly StoredItem[]): void;
  /** A line, with its end. */
  row(item: StoredItem): string;
  /** The layout, to go on with in a later process; JSON. */
  layout(): string;
}
