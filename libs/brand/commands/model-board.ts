/** The progress of each model's calls, counted from their rows. */

import stringWidth from 'string-width';
import type { RunLooker } from '../../cli/run/work.ts';
import { oneLine, padEnd } from '../../cli/terminal/format.ts';
import type { Paint } from '../../cli/terminal/io.ts';
import type { CallItem } from '../module/items.ts';

export interface ModelCount {
  readonly model: string;
  /** Planned calls. */
  readonly planned: number;
  readonly whole: number;
  readonly partial: number;
  readonly failed: number;
  /** Undefined if other processes execute the run. */
  readonly underWay: number | undefined;
}

/** A call that is under way has no row. */
type Tally = Record<Exclude<CallItem['status'], 'pending'>, number>;

/** Counts during a run: each update reads only new rows. */
export class ModelBoard {
  readonly #planned: ReadonlyMap<string, number>;
  readonly #tallies = new Map<string, Tally>();
  #underWay = new Map<string, number | undefined>();
  #seq = 0;

  /** `planned` are the calls of each model, in the order in which they are shown. */
  constructor(planned: ReadonlyMap<string, number>) {
    this.#planned = planned;
  }

  async look({ items, underWay }: RunLooker): Promise<void> {
    const rows = await items('call', this.#seq);
    for (const { seq, data } of rows) {
      const { model, status } = JSON.parse(data) as CallItem & { readonly status: keyof Tally };
      const tally = this.#tallies.get(model) ?? { whole: 0, partial: 0, failed: 0 };
      tally[status] += 1;
      this.#tallies.set(model, tally);
      this.#seq = Math.max(this.#seq, seq);
    }
    this.#underWay = new Map([...this.#planned.keys()].map((model) => [model, underWay(`model:${model}`)]));
  }

  counts(): ModelCount[] {
    return [...this.#planned].map(([model, planned]) => ({
      ...{ model, planned, underWay: this.#underWay.get(model) },
      ...(this.#tallies.get(model) ?? { whole: 0, partial: 0, failed: 0 }),
    }));
  }
}

const BAR_CHARS = 12;
const MAX_NAME_CHARS = 24;

/** A line per model, for a terminal of the given columns. */
export function boardLines(counts: readonly ModelCount[], paint: Paint, width: number): string[] {
  const nameWidth = Math.max(0, ...counts.map(({ model }) => stringWidth(oneLine(model, MAX_NAME_CHARS))));
  return counts.map((count) => {
    const name = padEnd(oneLine(count.model, MAX_NAME_CHARS), nameWidth);
    const line = `  ${name}  ${barOf(count)}  ${countText(count)}`;
    const fitted = oneLine(line, Math.max(1, width - 1));
    return count.failed > 0 ? paint('yellow', fitted) : fitted;
  });
}

/** `3 of 6: 2 whole, 1 cut off, 0 failed, 2 under way`. */
export function countText({ planned, whole, partial, failed, underWay }: ModelCount): string {
  const doing = underWay === undefined ? '' : `, ${underWay} under way`;
  return `${whole + partial + failed} of ${planned}: ${whole} whole, ${partial} cut off, ${failed} failed${doing}`;
}

/** A bar, filled by the share of ended calls; completely only if all have ended. */
function barOf({ planned, whole, partial, failed }: ModelCount): string {
  const ended = whole + partial + failed;
  const filled = planned === 0 ? BAR_CHARS : Math.min(BAR_CHARS, Math.floor((BAR_CHARS * ended) / planned));
  return '█'.repeat(filled) + '░'.repeat(BAR_CHARS - filled);
}
