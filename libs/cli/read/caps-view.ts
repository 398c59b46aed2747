/** The caps of a run, and what it has used of them, for programs and for people. */
import type { CapUse } from '../../contracts/caps.ts';
import { countOf, formatCount } from '../terminal/format.ts';

/** The caps of a run in the JSON output; a cap that is null does not apply. */
export interface CapsView {
  readonly pages: { readonly used: number; readonly cap: number | null };
  readonly items: { readonly used: number; readonly cap: number | null };
  readonly bytes: { readonly used: number; readonly cap: number | null };
  readonly depth: { readonly cap: number | null };
  readonly reached: readonly string[];
  readonly left_out: number;
  readonly items_left_out: number;
}

export function capsView({ caps, pages, items, bytes, reached, leftOut, itemsLeftOut }: CapUse): CapsView {
  return {
    pages: { used: pages, cap: caps.pages ?? null },
    items: { used: items, cap: caps.items ?? null },
    bytes: { used: bytes, cap: caps.bytes ?? null },
    depth: { cap: caps.depth ?? null },
    reached,
    left_out: leftOut,
    items_left_out: itemsLeftOut,
  };
}

/** What was used of each cap, and what was left out. */
export function capsText({ depth, left_out, items_left_out, reached, ...counted }: CapsView): string {
  const used = (['pages', 'items', 'bytes'] as const).flatMap((cap) => {
    const { used, cap: most } = counted[cap];
    return most === null ? [] : [`${formatCount(used)} of ${formatCount(most)} ${cap}`];
  });
  const parts = [...used, ...(depth.cap === null ? [] : [`depth ${depth.cap}`])];
  const left = [
    ...(left_out === 0 ? [] : [`${countOf(left_out, 'hop or request', 'hops and requests')} left out`]),
    ...(items_left_out === 0 ? [] : [`${countOf(items_left_out, 'item')} left out`]),
  ];
  return [parts.join(', '), ...(reached.length === 0 ? [] : [`reached: ${reached.join(', ')}`]), ...left].join('; ');
}
